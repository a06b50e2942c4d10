"""Routes of the research view: runs, their comparison, and the bundle in use."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response

from neumo.bundle.folder import CARD
from neumo.core.message import Message
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Reader, Researcher
from neumo.web.readings.isolated_rendering import rendered
from neumo.web.readings.pictures import PNG
from neumo.web.readings.presenting import evidence_json
from neumo.web.research import drawing, metrics, run_images
from neumo.web.research import runs as research
from neumo.web.research.commissioned import commissioned
from neumo.web.research.model_card import damage_grid, section, sections, without_metadata
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["research"])
Name = Annotated[str, Query(max_length=100)]
Index = Annotated[int, Path(ge=0, le=10_000_000)]
Side = Annotated[int, Query(ge=16, le=drawing.MAX_SIDE)]
_MAX_COMPARED = 8
Resamples = Literal["200", "1000"]
_EVALUATING = threading.BoundedSemaphore(1)
"""One evaluation at a time: its intervals keep a core busy for seconds."""


@router.get("/api/runs")
def runs(request: Request, _person: Researcher) -> dict[str, Any]:
    """List the runs."""
    return {"runs": research.listed_runs(workbench_of(request).config.runs)}


@router.get("/api/runs/{name}")
def run(request: Request, _person: Researcher, name: str) -> dict[str, Any]:
    """Show one run."""
    return research.run_details(research.run_folder(workbench_of(request).config.runs, name))


@router.get("/api/runs/{name}/figures/{part}/{file}", response_class=Response)
def figure(request: Request, _person: Researcher, name: str, part: str, file: str) -> FileResponse:
    """Return a figure of an evaluation."""
    folder = research.run_folder(workbench_of(request).config.runs, name)
    path, media_type = research.figure(folder, part, file)
    # The figures are neumo's own, and carry their style inside.
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return FileResponse(path, media_type=media_type, headers={"Content-Security-Policy": policy})


@router.get("/api/runs/{name}/predictions")
def predictions(request: Request, _person: Researcher, name: str, part: Name = "test") -> dict[str, Any]:
    """Return a run's predictions by column."""
    folder = research.run_folder(workbench_of(request).config.runs, name)
    columns = metrics.run_predictions(folder, part)
    return {**columns, "images_here": run_images.images_here(folder, part)}


@router.get("/api/runs/{name}/images/{part}/{index}.png", response_class=Response, responses=PNG)
def image(
    request: Request, _person: Researcher, name: str, part: str, index: Index, max_side: Side = 256
) -> Response:
    """Draw the image in a row of a run's predictions."""
    workbench = workbench_of(request)
    folder = research.run_folder(workbench.config.runs, name)
    file = run_images.image_file(folder, part, index)
    target = rendered(workbench, {"do": "draw", "source": str(file), "side": str(max_side)})
    try:
        png = target.read_bytes()
    finally:
        target.unlink(missing_ok=True)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.get("/api/runs/{name}/thresholds")
def thresholds(request: Request, _person: Researcher, name: str, part: Name = "test") -> dict[str, Any]:
    """Return the metrics at each threshold."""
    folder = research.run_folder(workbench_of(request).config.runs, name)
    return metrics.thresholds(folder, part)


@router.get("/api/runs/{name}/subgroups")
def subgroups(
    request: Request,
    _person: Researcher,
    name: str,
    column: Name,
    part: Name = "test",
    threshold: Annotated[float, Query(ge=0, le=1)] = 0.5,
    resamples: Resamples = "1000",
) -> dict[str, Any]:
    """Evaluate each group of a column of the predictions, and the gaps between groups."""
    folder = research.run_folder(workbench_of(request).config.runs, name)
    with _evaluation_slot():
        return metrics.subgroups(folder, part, column, threshold, int(resamples))


@router.get("/api/compare")
def compare(
    request: Request,
    _person: Researcher,
    runs: Annotated[str, Query(max_length=1000)],
    part: Name = "test",
    resamples: Resamples = "1000",
) -> dict[str, Any]:
    """Compare runs, named with commas between, each with every one before it."""
    names = [name for name in runs.split(",") if name]
    if not 2 <= len(names) <= _MAX_COMPARED or len(set(names)) < len(names):
        message = Message("name 2 to {most} different runs, with commas between", most=_MAX_COMPARED)
        raise Problem(422, "invalid", errors=[{"field": "runs", "message": message}])
    folders = [research.run_folder(workbench_of(request).config.runs, name) for name in names]
    with _evaluation_slot():
        return metrics.comparison(folders, part, language_of(request), int(resamples))


@contextmanager
def _evaluation_slot() -> Iterator[None]:
    if not _EVALUATING.acquire(timeout=30):
        raise Problem(503, "busy", retry_after=10)
    try:
        yield
    finally:
        _EVALUATING.release()


@router.get("/api/bundle")
def bundle(request: Request, _person: Reader) -> dict[str, Any]:
    """Show the bundle in use: its card, what it is for, what damage does to it, where it was commissioned."""
    used, language = workbench_of(request).bundle, language_of(request)
    card = (used.path / CARD).read_text(encoding="utf-8")
    parts = sections(card)
    intended = section(parts, "Intended use")
    return {
        "name": used.config.name,
        "version": used.config.version,
        "digest": used.digest,
        "config": used.config.to_json(),
        "card": without_metadata(card),
        "sections": parts,
        "intended_use": None if intended is None else intended["text"],
        "evidence": [evidence_json(entry, language) for entry in used.evidence],
        "corruptions": damage_grid(used.evidence),
        "commissioned": commissioned(used),
    }
