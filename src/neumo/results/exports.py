"""Export of readings for hospital systems: DICOM objects and FHIR reports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from neumo.core.errors import OutputError, ResultError
from neumo.core.faults import where_raised
from neumo.core.message import Message, joined
from neumo.core.reading import Reading, Status
from neumo.texts.language import Language, as_language


@dataclass(frozen=True, slots=True)
class Exports:
    """Target folders of the exports; None for those that are not wanted.

    Attributes
    ----------
    sr, sc, pdf, ko, fhir : Path or None
    language : str
        "en" or "es".
    """

    sr: Path | None = None
    sc: Path | None = None
    fhir: Path | None = None
    pdf: Path | None = None
    ko: Path | None = None
    language: Language = "en"

    @property
    def wanted(self) -> bool:
        """Whether any export was requested."""
        return self.objects or self.fhir is not None

    @property
    def objects(self) -> bool:
        """Whether a requested export is a DICOM object."""
        return any(folder is not None for folder in (self.sr, self.sc, self.pdf, self.ko))


@dataclass(frozen=True, slots=True)
class Exported:
    """Failures and omissions of the exports of one reading.

    Attributes
    ----------
    failure : str or None
        Why one could not be made.
    left_out : str or None
        Which attributes of the radiograph no DICOM result holds, since their values are invalid.
    """

    failure: str | None = None
    left_out: str | None = None


def open_exports(exports: Exports) -> Callable[[Reading], Exported]:
    """Return a function that writes what was asked for of one reading, or says why it could not be made.

    Readings of DICOM files must keep their headers. A failed reading gives nothing, since it says nothing of a
    radiograph. What cannot be made of one reading keeps neither others of it nor those of other readings from being
    made; what cannot be written (OutputError) ends the batch, since it would be so again.

    Raises
    ------
    MissingExtraError
        The extra `dicom` is not installed.
    ConfigError
        The language is not known; not looked at where nothing is asked for.
    """
    if not exports.wanted:
        return lambda _reading: Exported()
    as_language(exports.language)
    _require_packages(exports)

    def export(reading: Reading) -> Exported:
        if reading.status is Status.FAILED:
            return Exported()
        failures = [_failure_of(reading, make) for make in _makers(exports)]
        told = dict.fromkeys(failure for failure in failures if failure is not None)
        return Exported(joined("; ", told) or None, _left_out(reading, exports))

    return export


def _failure_of(reading: Reading, make: Callable[[Reading], object]) -> str | None:
    try:
        make(reading)
    except (OutputError, MemoryError):
        raise
    except ResultError as error:
        said = error.message
        return (
            said
            if said.startswith(reading.file)
            else Message("{file}: {fault}", file=reading.file, fault=said)
        )
    except Exception as error:  # one header that nobody foresaw must not end a batch
        return Message(
            "{file}: a result cannot be made ({kind} at {place})",
            file=reading.file,
            kind=type(error).__name__,
            place=where_raised(error),
        )
    return None


def _left_out(reading: Reading, exports: Exports) -> str | None:
    if reading.header is None or not exports.objects:
        return None
    from neumo.results.dicom.source import left_out_of

    keywords = left_out_of(reading.header)
    if not keywords:
        return None
    return Message(
        "{file}: the results are without {keywords}, whose values in the header are invalid",
        file=reading.file,
        keywords=", ".join(keywords),
    )


def _require_packages(exports: Exports) -> None:
    """Raise MissingExtraError now rather than after the first radiograph was read."""
    from neumo.results import dicom  # noqa: F401 - says itself what is missing

    if exports.sc is not None or exports.fhir is not None:
        from neumo.results.dicom.banner import typeface

        typeface()
    if exports.pdf is not None:
        from neumo.results.pdf import require_pdf

        require_pdf()
    if exports.fhir is not None:
        from neumo.results.fhir import require_fhir

        require_fhir()


def _makers(exports: Exports) -> Iterator[Callable[[Reading], object]]:
    """Yield what makes and writes each export that is wanted."""
    from neumo.results.dicom import encapsulated_pdf, key_object, secondary_capture, structured_report
    from neumo.results.dicom.files import write_result
    from neumo.results.dicom.source import require_header
    from neumo.results.fhir import fhir_report, write_fhir

    fhir, language = exports.fhir, exports.language

    def write(make: Callable[..., Any], folder: Path, reading: Reading) -> None:
        write_result(make(reading, require_header(reading.header, reading.file), language=language), folder)

    if fhir is not None:
        yield lambda reading: write_fhir(fhir_report(reading, reading.header, language=language), fhir)
    for folder, make in (
        (exports.sr, structured_report),
        (exports.sc, secondary_capture),
        (exports.pdf, encapsulated_pdf),
    ):
        if folder is not None:
            yield partial(write, make, folder)
    if exports.ko is not None:
        mark = partial(write, key_object, exports.ko)
        yield lambda reading: mark(reading) if reading.flagged else None
