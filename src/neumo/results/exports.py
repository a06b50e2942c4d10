"""Export of readings for hospital systems: DICOM objects and FHIR reports."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from neumo.core.errors import OutputError, ResultError
from neumo.core.faults import where_raised
from neumo.core.message import Message, joined
from neumo.core.reading import Reading, Status
from neumo.results.kinds import KINDS, Kind
from neumo.texts.language import Language, as_language


@dataclass(frozen=True, slots=True)
class Exports:
    """Target folders of the exports; None for those that are not wanted.

    Attributes
    ----------
    sr, sc, pdf, ko, seg, fhir : Path or None
    language : str
        "en" or "es".
    """

    sr: Path | None = None
    sc: Path | None = None
    fhir: Path | None = None
    pdf: Path | None = None
    ko: Path | None = None
    seg: Path | None = None
    language: Language = "en"

    @property
    def wanted(self) -> bool:
        """Whether any export was requested."""
        return bool(self.objects) or self.fhir is not None

    @property
    def objects(self) -> Mapping[Kind, Path]:
        """Folders of the requested DICOM objects, by their kind."""
        folders = {kind: getattr(self, kind) for kind in KINDS}
        return {kind: folder for kind, folder in folders.items() if folder is not None}


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
    from neumo.results.dicom.makers import require_makers

    require_makers(tuple(exports.objects))
    if exports.fhir is not None:
        from neumo.results.fhir import require_fhir
        from neumo.results.typefaces import typeface

        typeface()
        require_fhir()


def _makers(exports: Exports) -> Iterator[Callable[[Reading], object]]:
    """Yield what makes and writes each export that is wanted."""
    from neumo.results.dicom.files import write_result
    from neumo.results.dicom.makers import object_of
    from neumo.results.dicom.source import require_header
    from neumo.results.fhir import fhir_report, write_fhir

    fhir, language = exports.fhir, exports.language

    def write(kind: Kind, folder: Path, reading: Reading) -> None:
        made = object_of(kind, reading, require_header(reading.header, reading.file), language)
        if made is not None:
            write_result(made, folder)

    if fhir is not None:
        yield lambda reading: write_fhir(fhir_report(reading, reading.header, language=language), fhir)
    for kind, folder in exports.objects.items():
        yield partial(write, kind, folder)
