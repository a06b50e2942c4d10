"""A stored reading rendered as a file to download: JSON, HTML, PDF, DICOM, FHIR."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydicom import Dataset

from neumo.bundle.folder import Bundle
from neumo.core.decision import Decision
from neumo.core.errors import MissingExtraError, ResultError
from neumo.core.patient import PatientStudy
from neumo.core.reading import Reading, Status
from neumo.inference.posterior import prevalence_of, reading_at
from neumo.records.reading_file import load_dicom_header, load_reading, load_reading_file
from neumo.results.kinds import KINDS, Kind
from neumo.results.unnamed import may_name, unnamed
from neumo.texts.language import Language, as_language

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "reading.json": "application/json",
    "receipt.json": "application/json",
    "report.html": "text/html; charset=utf-8",
    "report.pdf": "application/pdf",
    "sr.dcm": "application/dicom",
    "sc.dcm": "application/dicom",
    "pdf.dcm": "application/dicom",
    "ko.dcm": "application/dicom",
    "seg.dcm": "application/dicom",
    "fhir.json": "application/fhir+json",
}
"""Files that can be downloaded, and their media types."""
NAMING_PATIENTS: Final = tuple(f"{kind}.dcm" for kind in KINDS)
"""Files that cannot be made without saying whose radiograph it is."""
_REPORTING: Final = ("sr.dcm", "pdf.dcm", "fhir.json")
"""Reports; of a failed reading they are made only once a person has decided, since they hold nothing else."""
SHORT_NAMES: Final = {"json": "reading.json", "html": "report.html", "pdf": "report.pdf"}


@dataclass(frozen=True, slots=True)
class _Stored:
    """A stored reading, and what its file says of patient and study where that may be told."""

    reading: Reading
    patient: PatientStudy | None = None
    encoded_header: bytes | None = None

    @property
    def header(self) -> Dataset | None:
        """Header of the DICOM file; None where there is none, or it may not be told."""
        from neumo.imaging.dicom.parse import parse

        content = self.encoded_header
        return None if content is None else parse(content, self.reading.file).dataset


def render(request: Mapping[str, Any], target: Path, bundle: Bundle) -> dict[str, Any]:
    """Write a stored reading to `target` as one of `MEDIA_TYPES`.

    Parameters
    ----------
    request : mapping
        `file`, where it is stored; `absent`, the problem where it is not; `name`, one of `MEDIA_TYPES`; `language`;
        `patients`, "shown" where it may say whose radiograph it is, never "hidden" for `NAMING_PATIENTS`; `decision`,
        the one that stands, as `Decision.to_json` makes it, or None; `prevalence` and `operating_point` where the
        result shall be for others than the reading's own.
    target : Path
    bundle : Bundle
        That made the reading, where one of these two is given.

    Returns
    -------
    dict
        {"status": "made"}, or {"problem": code, ...} where it cannot be made, or the reading gives none of its kind.
    """
    file, name, language = Path(request["file"]), request["name"], as_language(request["language"])
    stored = _load(file, request["patients"] == "shown")
    if stored is None:
        return {"problem": request["absent"]}
    asked, decision = request.get("prevalence"), request["decision"]
    reading = reading_at(
        stored.reading,
        bundle,
        operating_point=request.get("operating_point"),
        prevalence=None if asked is None else prevalence_of(float(asked), bundle.config),
    )
    decided = None if decision is None else Decision.from_json(decision)
    stored = replace(stored, reading=replace(reading, decision=decided))
    if decided is None and reading.status is Status.FAILED and name in _REPORTING:
        return {"problem": "undecided"}
    try:
        made = _WRITERS[name](stored, language, target)
    except ResultError:
        return {"problem": "not_dicom"}
    except MissingExtraError:
        return {"problem": "not_installed", "extra": "web" if name == "report.pdf" else "dicom"}
    return {"problem": "no_object"} if made is False else {"status": "made"}


def _load(file: Path, patients: bool) -> _Stored | None:
    found, reading = load_reading_file(file), load_reading(file, pictures=True)
    if found is None or reading is None:
        return None
    if patients:
        return _Stored(reading, found.patient, load_dicom_header(file))
    stated = found.patient or found.header or None
    return _Stored(unnamed(reading) if may_name(stated, reading.status) else reading)


def _write_json(stored: _Stored, _language: Language, target: Path) -> None:
    _write_value(stored.reading.to_json(), target)


def _write_receipt(stored: _Stored, _language: Language, target: Path) -> None:
    _write_value(stored.reading.receipt, target)


def _write_value(value: Any, target: Path) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    target.write_text(text + "\n", encoding="utf-8")


def _write_html(stored: _Stored, language: Language, target: Path) -> None:
    from neumo.results.page import open_page

    with open_page(target, language) as add:
        add(stored.reading, stored.patient)


def _write_pdf(stored: _Stored, language: Language, target: Path) -> None:
    from neumo.results.pdf import write_pdf

    write_pdf(stored.reading, target, language, stored.patient)


def _write_object(kind: Kind, stored: _Stored, language: Language, target: Path) -> bool:
    """Write a DICOM object; False where the reading gives none of its kind, as no picture of what cannot be read."""
    if kind == "sc" and stored.reading.status is Status.FAILED:
        return False
    from neumo.imaging.quiet import quiet
    from neumo.results.dicom.makers import object_of
    from neumo.results.dicom.source import require_header

    header = require_header(stored.header, stored.reading.file)
    made = object_of(kind, stored.reading, header, language)
    if made is not None:
        with quiet():
            made.save_as(target, enforce_file_format=True)
    return made is not None


def _write_fhir(stored: _Stored, language: Language, target: Path) -> None:
    from neumo.results.fhir import fhir_report

    _write_value(fhir_report(stored.reading, stored.header, language=language), target)


_WRITERS: Final[Mapping[str, Callable[[_Stored, Language, Path], bool | None]]] = {
    "reading.json": _write_json,
    "receipt.json": _write_receipt,
    "report.html": _write_html,
    "report.pdf": _write_pdf,
    **{f"{kind}.dcm": partial(_write_object, kind) for kind in KINDS},
    "fhir.json": _write_fhir,
}
