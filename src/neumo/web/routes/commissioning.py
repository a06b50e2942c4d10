"""Routes of commissioning a bundle: plan, table, runs with live progress, acceptance, signature, files."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from neumo.bundle.criteria import Criteria, checked
from neumo.core.errors import ConfigError
from neumo.core.settings import parse_settings
from neumo.records.audit_log import now
from neumo.records.commissionings import note_commissioning
from neumo.texts.language import LANGUAGES, Language
from neumo.web.commissioning.commissioner import Order, invalid
from neumo.web.commissioning.folder import BUNDLE
from neumo.web.commissioning.signing import add_to_bundle
from neumo.web.commissioning.state import attempt_of, state_of
from neumo.web.http.downloads import SANDBOXED
from neumo.web.http.event_stream import EVENT_STREAM, KEEP_OPEN, QUIET_SECONDS, event, event_stream
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Administrator, is_still_authorized
from neumo.web.readings.isolated_rendering import FOLDER as RENDERED
from neumo.web.readings.own_files import new_file
from neumo.web.readings.uploads import receive_uploads
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(prefix="/api/commissioning", tags=["commissioning"])
MAX_TABLE_BYTES: Final = 8 * 2**20
_LOOK_SECONDS: Final = 0.5
"""Polling interval of a run's progress, in seconds."""
_PAPERS: Final = {
    "acceptance.json": "application/json",
    **{f"acceptance.{language}.html": "text/html; charset=utf-8" for language in LANGUAGES},
    **{f"acceptance.{language}.pdf": "application/pdf" for language in LANGUAGES},
}
_ZIP: Final = "bundle.zip"
_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {kind.partition(";")[0]: {} for kind in (*_PAPERS.values(), "application/zip")}}
}
_CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {}}}}
Share = Annotated[float, Field(gt=0, lt=1)]


class Expectation(BaseModel):
    """Assumptions of the sample size: prevalence, expected metrics, lower bounds to show (`neumo commission plan`)."""

    model_config = ConfigDict(extra="forbid")
    prevalence: float = 0.15
    sensitivity: float = 0.90
    specificity: float = 0.85
    least_sensitivity: float = 0.80
    least_specificity: float = 0.75
    images_per_patient: float = 1.0
    correlation: float = 0.5


class Wanted(BaseModel):
    """Parameters of a run, as for `neumo commission`; a criterion that is null is left out."""

    model_config = ConfigDict(extra="forbid")
    site: Annotated[str, Field(min_length=1, max_length=200)]
    criteria: dict[str, float | None] = Field(default_factory=lambda: asdict(Criteria()))
    target_sensitivity: Share = 0.9
    cost_ratio: Annotated[float, Field(gt=0)] | None = None
    resamples: Annotated[int, Field(ge=40, le=10_000)] = 1000


class Accepting(BaseModel):
    """Who accepts a run, as of `neumo commission accept`."""

    model_config = ConfigDict(extra="forbid")
    by: str
    role: str
    review_by: str | None = None
    despite: str = ""


class Signing(BaseModel):
    """A signature that the person's browser made with a key that stays there; both in base64."""

    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, Field(max_length=100)]
    signature: Annotated[str, Field(max_length=200)]


@router.get("")
def state(request: Request, _person: Administrator) -> dict[str, Any]:
    """Return the state of commissioning: folder of radiographs, table, last attempt, finished runs."""
    return state_of(workbench_of(request), language_of(request))


@router.post("/plan")
def plan(request: Request, _person: Administrator, expected: Expectation) -> dict[str, Any]:
    """Return how many radiographs of each label are needed."""
    answer = workbench_of(request).commissioner.ask("plan", values=expected.model_dump())
    return dict(answer["plan"][language_of(request)])


@router.get("/template", response_class=FileResponse, responses=_CSV)
def template(request: Request, _person: Administrator) -> FileResponse:
    """Return the table to fill in, with a line for each image of the folder."""
    workbench = workbench_of(request)
    target = new_file(workbench.config.data / RENDERED)
    images = str(workbench.commissioner.images())
    workbench.commissioner.ask("template", images=images, target=str(target))
    return _download(target, "local.csv", "text/csv; charset=utf-8", once=True)


@router.post("/table")
async def put_table(request: Request, person: Administrator) -> dict[str, Any]:
    """Take a table of labelled radiographs, in the place of the one before."""
    workbench = workbench_of(request)
    images = workbench.commissioner.images()
    uploads = await receive_uploads(
        request, workbench.config.data / "uploads", workbench.config.limits, workbench.space
    )
    try:
        if len(uploads) != 1:
            raise Problem(400, "bad_request")
        table, name = uploads[0].path, uploads[0].name
        found = await run_in_threadpool(
            workbench.commissioner.ask, "look", table=str(table), images=str(images), field=name
        )
        facts = {**found, **_given(name, "file", person.name), "written": None, "unready": None}
        await run_in_threadpool(workbench.commissioner.folder.put_table, table, facts)
    finally:
        for upload in uploads:
            upload.discard()
    return state_of(workbench, language_of(request))


@router.post("/table/decisions")
def table_of_decisions(request: Request, person: Administrator) -> dict[str, Any]:
    """Make the table of what people decided before the answer was shown, in the place of the one before."""
    workbench = workbench_of(request)
    images, target = workbench.commissioner.images(), new_file(workbench.config.data / "uploads")
    try:
        found = workbench.commissioner.ask(
            "decided",
            archive=workbench.config.archive_url,
            bundle=workbench.bundle.digest,
            images=str(images),
            table=str(target),
        )
        nothing = {"labels": {}, "images": found["written"]["rows"], "patients": None, "unready": None}
        facts = {**nothing, **found, **_given("decisions.csv", "decisions", person.name)}
        workbench.commissioner.folder.put_table(target, facts)
    finally:
        target.unlink(missing_ok=True)
    return state_of(workbench, language_of(request))


@router.get("/table", response_class=FileResponse, responses=_CSV)
def table(request: Request, _person: Administrator) -> FileResponse:
    """Return the table."""
    folder = workbench_of(request).commissioner.folder
    if not folder.table.is_file():
        raise Problem(404, "not_found")
    return _download(folder.table, "local.csv", "text/csv; charset=utf-8")


@router.post("/runs", status_code=202)
def begin(request: Request, person: Administrator, wanted: Wanted) -> dict[str, Any]:
    """Start a commissioning run in the background; its progress is the `attempt` of the state."""
    workbench = workbench_of(request)
    try:
        checked(parse_settings(Criteria, wanted.criteria, "criteria"), "criteria")
    except ConfigError as error:
        raise invalid("criteria", error.message.without_subject()) from error
    order = Order(**wanted.model_dump())
    run = workbench.commissioner.begin(order, person.name)
    _note(workbench, person.name, "commission", run, order.site, workbench.commissioner.base.digest)
    return state_of(workbench, language_of(request))


@router.delete("/runs")
def cancel(request: Request, person: Administrator) -> dict[str, Any]:
    """Cancel the run that goes on; what it has read is kept for the next."""
    workbench = workbench_of(request)
    attempt = workbench.commissioner.cancel()
    _note(workbench, person.name, "cancel", attempt["id"], attempt["site"])
    return state_of(workbench, language_of(request))


@router.get("/events", response_class=StreamingResponse, responses=EVENT_STREAM)
async def events(request: Request, _person: Administrator) -> StreamingResponse:
    """Stream how far the last attempt is, until it has ended."""
    return event_stream(_events(request, workbench_of(request), language_of(request)))


@router.post("/runs/{run}/acceptance")
def accept(request: Request, person: Administrator, run: str, accepting: Accepting) -> dict[str, Any]:
    """Accept a finished run: its site bundle is written, and its record with who accepted it."""
    workbench = workbench_of(request)
    folder = workbench.commissioner.folder
    facts = folder.facts(run)
    answer = workbench.commissioner.ask("accept", folder=str(folder.run(run)), **accepting.model_dump())
    folder.note_run(run, {**facts, **answer})
    _note(workbench, person.name, "accept", run, facts["site"], answer["digest"])
    return state_of(workbench, language_of(request))


@router.post("/runs/{run}/signature")
def sign(request: Request, person: Administrator, run: str, signing: Signing) -> dict[str, Any]:
    """Put a signature on an accepted site bundle, checked against it."""
    workbench = workbench_of(request)
    folder = workbench.commissioner.folder
    facts = folder.facts(run)
    if facts["digest"] is None:
        raise Problem(409, "not_accepted")
    add_to_bundle(folder.run(run) / BUNDLE, facts["digest"], signing.key, signing.signature)
    _note(workbench, person.name, "sign", run, facts["site"], facts["digest"])
    return state_of(workbench, language_of(request))


@router.get("/runs/{run}/files/{name}", response_class=FileResponse, responses=_FILES)
def file(request: Request, _person: Administrator, run: str, name: str) -> Response:
    """Download the acceptance record, or the accepted site bundle as a ZIP archive."""
    workbench = workbench_of(request)
    folder = workbench.commissioner.folder
    place = folder.run(run)
    if name in _PAPERS:
        return _download(place / name, name, _PAPERS[name])
    if name != _ZIP:
        raise Problem(404, "not_found")
    if folder.facts(run)["digest"] is None:
        raise Problem(409, "not_accepted")
    target = new_file(workbench.config.data / RENDERED)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for part in sorted((place / BUNDLE).iterdir()):
            archive.write(part, f"{run}/{part.name}")
    return _download(target, f"bundle-{run}.zip", "application/zip", once=True)


async def _events(request: Request, workbench: Workbench, language: Language) -> AsyncIterator[str]:
    """Yield the last attempt as it changes, to its end or until the person has logged out or lost the permission."""
    last, quiet = None, 0.0
    while True:
        found = await run_in_threadpool(attempt_of, workbench, language)
        if found != last:
            last, quiet = found, 0.0
            yield event("attempt", {"attempt": found})
        if found is None or found["status"] != "running":
            yield event("end", {})
            return
        await asyncio.sleep(_LOOK_SECONDS)
        quiet += _LOOK_SECONDS
        if quiet >= QUIET_SECONDS:
            quiet = 0.0
            yield KEEP_OPEN
        if not await is_still_authorized(request):
            return


def _given(name: str, origin: str, person: str) -> dict[str, str]:
    return {"name": name, "from": origin, "by": person, "at": now()}


def _note(workbench: Workbench, person: str, step: Any, run: str, site: str, sha256: str = "") -> None:
    note_commissioning(workbench.archive, person=person, step=step, run=run, site=site, sha256=sha256)


def _download(file: Path, name: str, media_type: str, *, once: bool = False) -> FileResponse:
    task = BackgroundTask(file.unlink, missing_ok=True) if once else None
    return FileResponse(file, media_type=media_type, filename=name, headers=SANDBOXED, background=task)
