"""A Key Object Selection (PS3.3 section A.35.4, TID 2010) that marks a radiograph whose verdict is pneumonia."""

from typing import Final

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from neumo.core.errors import ResultError
from neumo.core.reading import Reading
from neumo.imaging.quiet import quiet
from neumo.results.dicom.instance import (
    MANUFACTURER,
    UNNAMED_INSTANCE,
    disclaimer,
    finish,
    is_verified,
    require_reportable,
    series_of,
    set_equipment,
    settle,
)
from neumo.results.dicom.report_context import evidence_of, observer_of
from neumo.results.dicom.source import patient_and_study, reference_of, writable
from neumo.results.origin import origin_of
from neumo.results.sentences import verdict_text
from neumo.texts.language import DEFAULT, Language

_SERIES_NUMBER: Final = 9004
_OF_INTEREST: Final = Code("113000", "DCM", "Of Interest")


def key_object(reading: Reading, source: Dataset, /, *, language: Language = DEFAULT) -> Dataset:
    """Mark a radiograph whose verdict is pneumonia.

    The same reading of the same radiograph always gives the same data set, SOP Instance UID included.

    Parameters
    ----------
    reading : Reading
        With its receipt.
    source : Dataset
        Header of the radiograph.
    language : str
        Of the description.

    Raises
    ------
    ResultError
        The verdict is another one, the reading has no receipt, or the header lacks a UID.
    """
    require_reportable(reading)
    if reading.answer is None or not reading.flagged:
        raise ResultError("{file}: its verdict is not pneumonia, so it is not marked", file=reading.file)
    origin, reference, verified = origin_of(reading), reference_of(source), is_verified(reading.decision)
    evidence = evidence_of(reference)
    said = f"{verdict_text(reading.answer, language)}. {disclaimer(verified, language)}"
    with quiet():
        document = KeyObjectSelectionDocument(
            evidence=[evidence],
            content=KeyObjectSelection(
                document_title=_OF_INTEREST,
                referenced_objects=[evidence],
                observer_device_context=observer_of(origin),
                description=writable(said, source),
            ),
            series_instance_uid=series_of(verified, reference.study, origin, "KO"),
            series_number=_SERIES_NUMBER,
            sop_instance_uid=UNNAMED_INSTANCE,
            instance_number=1,
            manufacturer=MANUFACTURER,
            transfer_syntax_uid=ExplicitVRLittleEndian,
        )
        set_equipment(document, verified, origin)
        settle(document)
        finish(document, source, patient_and_study(source))
    return document
