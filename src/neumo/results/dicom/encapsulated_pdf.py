"""A reading's report of one page or two as Encapsulated PDF (PS3.3 section A.45.1)."""

from typing import Final

from highdicom.sr import CodedConcept
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage

from neumo.core.reading import Reading
from neumo.imaging.dicom.patient import read_patient
from neumo.imaging.quiet import quiet
from neumo.results.dicom.codes import IMAGING_STUDY
from neumo.results.dicom.instance import (
    finish,
    is_verified,
    require_reportable,
    series_of,
    set_equipment,
    settle,
)
from neumo.results.dicom.source import moment_of, patient_and_study, reference_of
from neumo.results.origin import origin_of
from neumo.results.pdf import pdf_of
from neumo.texts.language import DEFAULT, Language

_SERIES_NUMBER: Final = 9003
_TITLE: Final = "neumo: AI reading of a chest radiograph"


def encapsulated_pdf(reading: Reading, source: Dataset, /, *, language: Language = DEFAULT) -> Dataset:
    """Put the PDF report of a reading into a DICOM object, filed with the radiograph's study.

    The same reading of the same radiograph always gives the same data set, SOP Instance UID included.

    Parameters
    ----------
    reading : Reading
        Read, refused, or failed and decided on; with its receipt; with pixels where the report shall show them.
    source : Dataset
        Header of the radiograph.
    language : str
        Of the report.

    Returns
    -------
    Dataset
        With file meta information, in Explicit VR Little Endian.

    Raises
    ------
    ResultError
        The reading failed and nobody decided, it has no receipt, or the header lacks a UID.
    MissingExtraError
        ReportLab is not installed.
    """
    require_reportable(reading)
    origin, reference, verified = origin_of(reading), reference_of(source), is_verified(reading.decision)
    content = pdf_of(reading, language, read_patient(source))
    with quiet():
        document = Dataset()
        document.SOPClassUID = EncapsulatedPDFStorage
        document.Modality, document.ConversionType = "DOC", "SYN"
        document.SeriesInstanceUID = series_of(verified, reference.study, origin, "DOC")
        document.SeriesNumber, document.InstanceNumber = _SERIES_NUMBER, 1
        set_equipment(document, verified, origin)
        document.AcquisitionDateTime = "".join(moment_of(source))
        document.BurnedInAnnotation = "YES"
        document.VerificationFlag = "VERIFIED" if verified else "UNVERIFIED"
        document.DocumentTitle = _TITLE
        document.ConceptNameCodeSequence = [CodedConcept.from_code(IMAGING_STUDY)]
        document.SourceInstanceSequence = [_referenced(reference.sop_class, reference.instance)]
        document.MIMETypeOfEncapsulatedDocument = "application/pdf"
        document.EncapsulatedDocumentLength = len(content)
        document.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
        document.file_meta = FileMetaDataset()
        document.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
        settle(document)
        finish(document, source, patient_and_study(source))
    return document


def _referenced(sop_class: str, instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return item
