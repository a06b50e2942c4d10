"""Export of readings for hospital systems: DICOM Structured Reports, Secondary Captures, FHIR reports."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neumo.core.errors import ResultError
from neumo.core.reading import Reading, Status
from neumo.texts.language import Language, as_language


@dataclass(frozen=True, slots=True)
class Exports:
    """Target folders of the exports; None for those that are not wanted.

    Attributes
    ----------
    sr, sc, fhir : Path or None
    language : str
        "en" or "es".
    """

    sr: Path | None = None
    sc: Path | None = None
    fhir: Path | None = None
    language: Language = "en"

    @property
    def wanted(self) -> bool:
        """Whether anything was asked for."""
        return any(folder is not None for folder in (self.sr, self.sc, self.fhir))


def open_exports(exports: Exports) -> Callable[[Reading], str | None]:
    """Return a function that writes what was asked for of one reading, or says why it could not be made.

    Readings of DICOM files must keep their headers. A failed reading gives nothing, since it says nothing of a
    radiograph. What cannot be made of one reading does not keep the others from being made.

    Raises
    ------
    MissingExtraError
        The extra `dicom` is not installed.
    ConfigError
        The language is not known; not looked at where nothing is asked for.
    """
    if not exports.wanted:
        return lambda _reading: None
    as_language(exports.language)
    _require_packages(exports)

    def export(reading: Reading) -> str | None:
        if reading.status is Status.FAILED:
            return None
        try:
            _write(reading, exports)
        except ResultError as error:
            message = str(error)
            return message if message.startswith(reading.file) else f"{reading.file}: {message}"
        return None

    return export


def _require_packages(exports: Exports) -> None:
    """Raise MissingExtraError now rather than after the first radiograph was read."""
    from neumo.results import dicom  # noqa: F401 - says itself what is missing

    if exports.sc is not None or exports.fhir is not None:
        from neumo.results.dicom.banner import typeface

        typeface()
    if exports.fhir is not None:
        from neumo.results.fhir import require_fhir

        require_fhir()


def _write(reading: Reading, exports: Exports) -> None:
    from neumo.results.dicom import secondary_capture, structured_report
    from neumo.results.dicom.files import write_result
    from neumo.results.dicom.source import require_header
    from neumo.results.fhir import fhir_report, write_fhir

    if exports.fhir is not None:
        write_fhir(fhir_report(reading, reading.header, language=exports.language), exports.fhir)
    if exports.sr is not None:
        write_result(structured_report(reading, require_header(reading.header, reading.file)), exports.sr)
    if exports.sc is not None:
        capture = secondary_capture(
            reading, require_header(reading.header, reading.file), language=exports.language
        )
        write_result(capture, exports.sc)
