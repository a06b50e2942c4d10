"""Request handlers of the commissioning child process: plain values in and out.

The process is a `neumo.core.child_process.ChildProcess` whose opener is `open_commissioner`; whoever asks it needs none
of the libraries of the extra `site`, and each request loads only its own.
"""

import json
import os
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from neumo.core.child import Handler
from neumo.core.errors import NeumoError
from neumo.core.progress import Progress
from neumo.results.paper import Section
from neumo.texts.language import LANGUAGES

_NICENESS: Final = 10
_BETWEEN: Final = 0.2
"""Least seconds between two writes of the progress file."""
Request = Mapping[str, Any]


def open_commissioner(_settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    """Return an empty greeting and the request handler: "do" names one of `_WORK`, the rest are its parameters.

    What `NeumoError` tells is answered as "fault", the plain form of its message.
    """
    warnings.simplefilter("ignore")
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # whoever reads radiographs goes first

    def handle(request: Request, _payload: bytes) -> tuple[Mapping[str, Any], bytes]:
        try:
            return _WORK[request["do"]](request), b""
        except NeumoError as error:
            return {"fault": error.message.to_json()}, b""

    return {}, handle


def _plan(request: Request) -> Mapping[str, Any]:
    from neumo.commissioning.plan import make_plan
    from neumo.commissioning.plan_words import plan_section

    plan = make_plan(**request["values"])
    return {"plan": {language: _plain(plan_section(plan, language)) for language in LANGUAGES}}


def _template(request: Request) -> Mapping[str, Any]:
    from neumo.commissioning.template import COLUMNS, listed_paths, write_table

    folder = Path(request["images"])
    paths = listed_paths(folder, folder)
    write_table(Path(request["target"]), [[path, *[""] * (len(COLUMNS) - 1)] for path in paths])
    return {"images": len(paths)}


def _look(request: Request) -> Mapping[str, Any]:
    from neumo.commissioning.local_images import listed_local

    rows = listed_local(Path(request["table"]), Path(request["images"]))
    counted = Counter(row.label.value for row in rows)
    return {"labels": dict(counted), "images": len(rows), "patients": len({row.patient for row in rows})}


def _decided(request: Request) -> Mapping[str, Any]:
    """Write a table of radiographs that people decided on before the answer was shown, of one bundle's answers."""
    from neumo.commissioning.review.double_reading import double_reading
    from neumo.commissioning.review.local_table import write_local_table
    from neumo.commissioning.review.population import population_of
    from neumo.records.database import open_archive

    engine, images = open_archive(request["archive"]), Path(request["images"])
    try:
        decided = [each for each in population_of(engine, request["bundle"]).decided if each.blinded]
        opinions = double_reading(engine, request["bundle"]).opinions
    finally:
        engine.dispose()
    written = asdict(write_local_table(Path(request["table"]), decided, images, opinions, beside=images))
    try:
        return {"written": written, **_look(request)}
    except NeumoError as error:  # as where patients have to be filled in
        return {"written": written, "unready": error.message.without_subject().to_json()}


def _commission(request: Request) -> Mapping[str, Any]:
    from neumo.bundle.criteria import Criteria
    from neumo.bundle.folder import load_bundle
    from neumo.commissioning.commission import Progresses, commission
    from neumo.commissioning.record_page import write_record
    from neumo.commissioning.settings import Wishes

    out, note = Path(request["out"]), _noting(Path(request["progress"]))
    made = commission(
        load_bundle(request["bundle"], trusted=request["trusted_keys"]),
        Path(request["table"]),
        out,
        site=request["site"],
        criteria=Criteria(**request["criteria"]),
        wishes=Wishes(request["target_sensitivity"], request["cost_ratio"]),
        command=request["command"],
        images=Path(request["images"]),
        readings=Path(request["readings"]),
        threads=request["threads"],
        resamples=request["resamples"],
        progresses=Progresses(note("reading"), note("setting"), note("heat_maps")),
    )
    write_record(made.record, out)
    return {"met": made.met, "sections": _in_every_language(made.record, None)}


def _accept(request: Request) -> Mapping[str, Any]:
    from neumo.bundle.site import ACCEPTANCE
    from neumo.commissioning.acceptance import accept_site

    folder = Path(request["folder"])
    names = ("by", "role", "review_by", "despite")
    accepted = accept_site(folder, **{name: request[name] for name in names})
    assert accepted.site is not None, "written by accept_site"
    record = json.loads((folder / ACCEPTANCE).read_text(encoding="utf-8"))
    acceptance = accepted.site.acceptance
    assert acceptance is not None, "written by accept_site"
    return {
        "digest": accepted.digest,
        "acceptance": asdict(acceptance),
        "sections": _in_every_language(record, acceptance),
    }


_WORK: Final[Mapping[str, Callable[[Request], Mapping[str, Any]]]] = {
    "plan": _plan,
    "template": _template,
    "look": _look,
    "decided": _decided,
    "commission": _commission,
    "accept": _accept,
}


def _in_every_language(record: Mapping[str, Any], acceptance: Any) -> dict[str, list[dict[str, Any]]]:
    from neumo.commissioning.record_page import sections

    return {
        language: [_plain(part) for part in sections(record, language, acceptance)] for language in LANGUAGES
    }


def _plain(section: Section) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(section)))  # lists for tuples
    return plain


def _noting(target: Path) -> Callable[[str], Progress]:
    """Return a factory of progress callbacks, which write step, done and total to a file that the server polls."""
    last = 0.0

    def note(step: str) -> Progress:
        def noted(done: int, total: int) -> None:
            nonlocal last
            if done < total and time.monotonic() - last < _BETWEEN:
                return
            last = time.monotonic()
            written = target.with_suffix(".new")
            written.write_text(json.dumps({"step": step, "done": done, "total": total}), encoding="utf-8")
            written.replace(target)

        return noted

    return note
