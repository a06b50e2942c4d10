"""Routes of one reading: image, heat map, posterior at another prevalence, file downloads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from numpy.typing import NDArray

from neumo.core.answer import outcomes_of
from neumo.core.labels import Outcome, outcome_of
from neumo.core.message import Message
from neumo.core.reading import Reading, Status
from neumo.explain.heatmap import map_of
from neumo.inference.posterior import reading_at
from neumo.records.reading_file import load_class_maps, load_pixels, load_reading_file
from neumo.records.restatements import SCREEN
from neumo.records.stored_reading import StoredReading, stored_reading
from neumo.texts.language import Language
from neumo.web.http.downloads import SANDBOXED
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Person, Reader
from neumo.web.readings.blinding import is_withheld, serve
from neumo.web.readings.chosen import Chosen
from neumo.web.readings.isolated_rendering import absent, render_request, rendered
from neumo.web.readings.pictures import PGM, PGM_TYPE, PNG, heat_png, radiograph_pgm, radiograph_png
from neumo.web.readings.presenting import posterior_json
from neumo.web.readings.rendering import MEDIA_TYPES, NAMING_PATIENTS, SHORT_NAMES
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["readings"])
_CHUNK = 2**18
Level = Annotated[float, Query(ge=-1000, le=1000, allow_inf_nan=False)]
Width = Annotated[float, Query(gt=0, le=2000, allow_inf_nan=False)]
Side = Annotated[int, Query(ge=16, le=8192)]


@router.get("/api/readings/{identifier}/image.png", response_class=Response, responses=PNG)
def image(
    request: Request,
    _person: Reader,
    identifier: int,
    window_center: Level | None = None,
    window_width: Width | None = None,
    invert: bool = False,
    max_side: Side | None = None,
) -> Response:
    """Draw the radiograph; it does not reveal the answer, so it is never withheld."""
    workbench = workbench_of(request)
    if (window_center is None) != (window_width is None):
        message = Message("give both window_center and window_width, or neither")
        raise Problem(422, "invalid", errors=[{"field": "window_width", "message": message}])
    pixels = _pixels(workbench, identifier)
    window = None if window_center is None or window_width is None else (window_center, window_width)
    return _picture(radiograph_png(pixels, window=window, invert=invert, max_side=max_side))


@router.get("/api/readings/{identifier}/image.pgm", response_class=Response, responses=PGM)
def grey_levels(request: Request, _person: Reader, identifier: int, max_side: Side | None = None) -> Response:
    """Return the radiograph's grey levels as they are, for a viewer that applies the window itself."""
    pixels = _pixels(workbench_of(request), identifier)
    return Response(radiograph_pgm(pixels, max_side=max_side), media_type=PGM_TYPE)


@router.get("/api/readings/{identifier}/heatmap.png", response_class=Response, responses=PNG)
def heat_map(
    request: Request,
    person: Reader,
    identifier: int,
    finding: Outcome | None = None,
    max_side: Side = 1024,
) -> Response:
    """Draw the heat map of a finding."""
    workbench = workbench_of(request)
    reading = _shown(workbench, identifier, person)
    file_ = _place(workbench, reading)
    wanted = finding or reading.body["finding"]
    shares = reading.body["probabilities"]
    if reading.body["status"] != Status.READ or wanted is None or wanted not in outcomes_of(shares):
        raise Problem(409, "no_answer")
    found, maps = load_reading_file(file_), load_class_maps(file_)
    if found is None or found.size is None or maps is None:
        raise Problem(410, "pixels_deleted")
    return _picture(
        heat_png(map_of(maps, outcome_of(wanted)), found.size, found.reading.field_of_view, max_side)
    )


@router.get("/api/readings/{identifier}/posterior")
def posterior(
    request: Request,
    person: Reader,
    identifier: int,
    chosen: Chosen,
) -> dict[str, Any]:
    """Return the posterior at another prevalence and operating point; left out, those of the reading."""
    workbench = workbench_of(request)
    reading = _shown(workbench, identifier, person)
    options = chosen.options(workbench, reading)
    chosen.note(workbench, reading, SCREEN, person)
    changed = reading_at(Reading.from_json(reading.body), workbench.bundle, **options)
    assert changed.answer is not None
    return posterior_json(changed.answer, language_of(request))


@router.get("/api/readings/{identifier}/files/{name}", response_class=StreamingResponse)
def file(
    request: Request,
    person: Reader,
    identifier: int,
    name: str,
    chosen: Chosen,
    lang: Language | None = None,
) -> Response:
    """Download a reading as a file, at another prevalence or operating point where one is given."""
    workbench = workbench_of(request)
    wanted = SHORT_NAMES.get(name, name)
    if wanted not in MEDIA_TYPES:
        raise Problem(404, "not_found")
    reading = _shown(workbench, identifier, person)
    if wanted in NAMING_PATIENTS and not person.sees_patients:
        raise Problem(403, "patients_hidden")
    asked = render_request(
        workbench, reading, wanted, lang or language_of(request), patients=person.sees_patients
    )
    asked |= chosen.rendering(workbench, reading, wanted, person)
    target = rendered(workbench, asked)
    headers = {
        "Content-Disposition": f'attachment; filename="neumo-{reading.id}-{wanted}"',
        **SANDBOXED,
        "Content-Length": str(target.stat().st_size),
    }
    return StreamingResponse(_stream_and_delete(target), media_type=MEDIA_TYPES[wanted], headers=headers)


def _stream_and_delete(target: Path) -> Iterator[bytes]:
    try:
        with target.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    finally:
        target.unlink(missing_ok=True)


def _shown(workbench: Workbench, identifier: int, person: Person) -> StoredReading:
    """Return a reading whose answer is served to a person. Raises Problem where it is withheld or purged."""
    reading = stored_reading(workbench.archive, identifier)
    if is_withheld(reading, person):
        raise Problem(409, "withheld")
    if reading.purged:
        raise Problem(410, "purged")
    return serve(workbench.archive, [reading], person)[0]


def _pixels(workbench: Workbench, identifier: int) -> NDArray[np.uint8]:
    reading = stored_reading(workbench.archive, identifier)
    if reading.status == Status.FAILED and not reading.purged:
        raise Problem(409, "no_pixels")
    pixels = load_pixels(_place(workbench, reading))
    if pixels is None:
        raise Problem(410, "pixels_deleted")
    return pixels


def _place(workbench: Workbench, reading: StoredReading) -> Path:
    place = workbench.reading_files.path_of(reading.body)
    if place is None:
        raise Problem(410, absent(reading))
    return place


def _picture(png: bytes) -> Response:
    return Response(png, media_type="image/png")
