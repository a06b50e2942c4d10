"""A stored reading rendered as a file to download: JSON, HTML, PDF, DICOM, FHIR."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydicom import Dataset

from neumo.bundle.folder import Bundle
from neumo.core.errors import MissingExtraError, ResultError
from neumo.core.reading import Reading
from neumo.inference.posterior import prevalence_of, reading_at
from neumo.texts.language import Language, as_language
from neumo.web.readings.reading_file import load_dicom_header, load_reading

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "reading.json": "application/json",
    "receipt.json": "application/json",
    "report.html": "text/html; charset=utf-8",
    "report.pdf": "application/pdf",
    "sr.dcm": "application/dicom",
    "sc.dcm": "application/dicom",
    "fhir.json": "application/fhir+json",
}
"""Files that can be downloaded, and their media types."""

SHORT_NAMES: Final = {"json": "reading.json", "html": "report.html", "pdf": "report.pdf"}


def render(request: Mapping[str, str], target: Path, bundle: Bundle) -> dict[str, Any]:
    """Write a stored reading to `target` as one of `MEDIA_TYPES`.

    Parameters
    ----------
    request : mapping
        `file`, where it is stored; `name`, one of `MEDIA_TYPES`; `language`; and `prevalence` and `operating_point`
        where the result shall be for others than the reading's own.
    target : Path
    bundle : Bundle
        That made the reading, where one of these two is given.

    Returns
    -------
    dict
        {"status": "made"}, or {"problem": code, ...} where it cannot be made.
    """
    file, name, language = Path(request["file"]), request["name"], as_language(request["language"])
    reading = load_reading(file, pictures=True)
    if reading is None:
        return {"problem": "pixels_deleted"}
    asked = request.get("prevalence")
    reading = reading_at(
        reading,
        bundle,
        operating_point=request.get("operating_point"),
        prevalence=None if asked is None else prevalence_of(float(asked), bundle.config),
    )
    try:
        _WRITERS[name](reading, file, language, target)
    except ResultError:
        return {"problem": "not_dicom"}
    except MissingExtraError:
        return {"problem": "not_installed", "extra": "web" if name == "report.pdf" else "dicom"}
    return {"status": "made"}


def _write_json(reading: Reading, _file: Path, _language: Language, target: Path) -> None:
    _write_value(reading.to_json(), target)


def _write_receipt(reading: Reading, _file: Path, _language: Language, target: Path) -> None:
    _write_value(reading.receipt, target)


def _write_value(value: Any, target: Path) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    target.write_text(text + "\n", encoding="utf-8")


def _write_html(reading: Reading, _file: Path, language: Language, target: Path) -> None:
    from neumo.results.page import open_page

    with open_page(target, language) as add:
        add(reading)


def _write_pdf(reading: Reading, _file: Path, language: Language, target: Path) -> None:
    from neumo.results.pdf import write_pdf

    write_pdf(reading, target, language)


def _write_report(reading: Reading, file: Path, _language: Language, target: Path) -> None:
    from neumo.results.dicom import structured_report
    from neumo.results.dicom.source import require_header

    _save(structured_report(reading, require_header(_header(file), reading.file)), target)


def _write_capture(reading: Reading, file: Path, language: Language, target: Path) -> None:
    from neumo.results.dicom import secondary_capture
    from neumo.results.dicom.source import require_header

    header = require_header(_header(file), reading.file)
    _save(secondary_capture(reading, header, language=language), target)


def _write_fhir(reading: Reading, file: Path, language: Language, target: Path) -> None:
    from neumo.results.fhir import fhir_report

    _write_value(fhir_report(reading, _header(file), language=language), target)


def _header(file: Path) -> Dataset | None:
    from neumo.imaging.dicom.parse import parse

    header = load_dicom_header(file)
    return None if header is None else parse(header, file.name).dataset


def _save(result: Dataset, target: Path) -> None:
    from neumo.imaging.quiet import quiet

    with quiet():
        result.save_as(target, enforce_file_format=True)


_WRITERS: Final[Mapping[str, Callable[[Reading, Path, Language, Path], None]]] = {
    "reading.json": _write_json,
    "receipt.json": _write_receipt,
    "report.html": _write_html,
    "report.pdf": _write_pdf,
    "sr.dcm": _write_report,
    "sc.dcm": _write_capture,
    "fhir.json": _write_fhir,
}
