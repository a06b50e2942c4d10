"""Attributes that a DICOM result copies from the header of its radiograph: patient, study, references."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import BaseTag, Tag

from neumo.core.errors import ResultError, UnreadableImageError
from neumo.imaging.dicom.uids import is_uid
from neumo.imaging.open import ImageFile
from neumo.imaging.quiet import quiet
from neumo.results.dicom.copying import Copied, copied_elements
from neumo.results.dicom.values import real_date

PATIENT_AND_STUDY: Final = (
    # Patient (PS3.3 section C.7.1.1)
    "PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "TypeOfPatientID",
    "PatientBirthDate", "PatientBirthTime", "PatientSex", "OtherPatientIDsSequence", "OtherPatientNames",
    "EthnicGroup", "PatientComments", "PatientIdentityRemoved", "DeidentificationMethod",
    "DeidentificationMethodCodeSequence", "QualityControlSubject",
    # Clinical Trial Subject and Study (C.7.1.3, C.7.2.3)
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID",
    "ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID",
    "ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription",
    # General Study (C.7.2.1)
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "ConsultingPhysicianName", "StudyID",
    "AccessionNumber", "IssuerOfAccessionNumberSequence", "StudyDescription", "PhysiciansOfRecord",
    "NameOfPhysiciansReadingStudy", "RequestingService", "ProcedureCodeSequence", "ReferencedStudySequence",
    # Patient Study (C.7.2.2)
    "AdmittingDiagnosesDescription", "PatientAge", "PatientSize", "PatientWeight", "MedicalAlerts", "Allergies",
    "Occupation", "AdmissionID", "IssuerOfAdmissionIDSequence", "ServiceEpisodeID", "PatientSexNeutered",
    "PregnancyStatus", "AdditionalPatientHistory",
    # SOP Common (C.12.1), without which dates and texts mean something else
    "TimezoneOffsetFromUTC",
)  # fmt: skip
"""Attributes that a result has as the radiograph has them."""

_TYPE_2: Final = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "ReferringPhysicianName", "StudyID", "AccessionNumber",
)  # fmt: skip
"""Attributes that are there even where they are empty."""
_MOMENTS: Final = (
    ("AcquisitionDateTime", None),
    ("ContentDate", "ContentTime"),
    ("AcquisitionDate", "AcquisitionTime"),
    ("SeriesDate", "SeriesTime"),
    ("StudyDate", "StudyTime"),
)
_TIME = re.compile(r"([01]\d|2[0-3])[0-5]\d[0-5]\d")
_LOSSY: Final = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
_DIRECTION = re.compile(r"[LRAPHF]{1,3}")
UNKNOWN_MOMENT: Final = ("19000101", "000000")
_UNICODE: Final = ("ISO_IR 192", "GB18030", "GBK")
_LATIN: Final = ("ISO_IR 100", "ISO 2022 IR 100")


@dataclass(frozen=True, slots=True)
class Reference:
    """UIDs of the radiograph: study, series, instance, SOP class."""

    study: str
    series: str
    instance: str
    sop_class: str


def read_header(file: Path | str) -> Dataset:
    """Read a DICOM file's header, as `Reading.header` holds it where a reader keeps it.

    Raises
    ------
    ResultError
        It is no DICOM file, so it states neither patient nor study; or its header cannot be parsed.
    """
    try:
        parsed = ImageFile(file).parsed
    except UnreadableImageError as error:
        raise ResultError("{error}; nothing can be filed with its study", error=error) from error
    return require_header(None if parsed is None else parsed.dataset, file)


def require_header(header: Dataset | None, file: Path | str) -> Dataset:
    """Return a header that results can be made of. Raises ResultError where there is none, as of no DICOM file."""
    if header is None:
        raise ResultError(
            "{file}: only DICOM files state a patient and a study, so neither a Structured "
            "Report nor a Secondary Capture can be made; ask for --fhir, --json or --html",
            file=file,
        )
    return header


def reference_of(source: Dataset) -> Reference:
    """Return the UIDs of a radiograph.

    Raises
    ------
    ResultError
        One of its UIDs is missing or no UID; the message names the attribute.
    """
    return Reference(
        study=_uid(source, "StudyInstanceUID"),
        series=_uid(source, "SeriesInstanceUID"),
        instance=_uid(source, "SOPInstanceUID"),
        sop_class=_uid(source, "SOPClassUID"),
    )


def patient_and_study(source: Dataset) -> Copied:
    """Copy patient and study of a radiograph, with their character set.

    Values are copied byte for byte where they are valid; `neumo.results.dicom.copying` says what becomes of others.
    """
    return copied_elements(source, PATIENT_AND_STUDY)


def take_patient_and_study(copied: Copied, target: Dataset) -> None:
    """Replace the patient and the study of `target` by what was copied of the radiograph."""
    for keyword in ("SpecificCharacterSet", *PATIENT_AND_STUDY):
        if keyword in copied.elements:
            target[_tag(keyword)] = copied.elements[keyword]
        elif keyword in _TYPE_2:
            setattr(target, keyword, None)
        else:
            target.pop(_tag(keyword), None)
    # pydicom writes bytes that it has not decoded as they are only where it believes to have read them so.
    target.set_original_encoding(False, True, target._character_set)


def left_out_of(source: Dataset) -> tuple[str, ...]:
    """Return the keywords of attributes that results would copy, and leave out since their values are invalid."""
    return patient_and_study(source).left_out


def moment_of(source: Dataset) -> tuple[str, str]:
    """Return date (YYYYMMDD) and time (HHMMSS) of the radiograph; `UNKNOWN_MOMENT` where it states none.

    Results bear it instead of the moment in which they were made, so that making them again changes nothing.
    """
    for date_keyword, time_keyword in _MOMENTS:
        stated = text_of(source, date_keyword)
        date = real_date(stated[:8])
        if date is None:
            continue
        time = (stated[8:14] if time_keyword is None else text_of(source, time_keyword)[:6]) or ""
        return date, time if _TIME.fullmatch(time) else UNKNOWN_MOMENT[1]
    return UNKNOWN_MOMENT


def orientation_of(source: Dataset) -> list[str]:
    """Return the directions of rows and columns (Patient Orientation); empty where the header states no two."""
    directions = re.findall(r"[A-Z]+", text_of(source, "PatientOrientation"))
    return directions if len(directions) == 2 and all(_DIRECTION.fullmatch(d) for d in directions) else []


def text_of(source: Dataset, keyword: str) -> str:
    """Return a value as text; empty where there is none, or none that can be decoded."""
    try:
        with quiet():
            value = source.get(keyword)
    except Exception:  # whatever a broken value makes the decoder raise: it states nothing
        return ""
    return "" if value is None else str(value).strip()


def writable(text: str, source: Dataset) -> str:
    """Return a text in the radiograph's character set, which the copied patient name prescribes.

    Accents are dropped where the set has none; other letters become question marks.
    """
    sets = source.get("SpecificCharacterSet") or ""
    first = sets if isinstance(sets, str) else next(iter(sets), "")
    if first in _UNICODE:
        return text
    if first in _LATIN:
        return text.encode("latin-1", errors="replace").decode("latin-1")
    plain = unicodedata.normalize("NFKD", text)
    return (
        "".join(c for c in plain if not unicodedata.combining(c)).encode("ascii", errors="replace").decode()
    )


def copy_element(source: Dataset, target: Dataset, keyword: str) -> bool:
    """Copy one element; leave it out, and return False, where it is absent or what it should be is not certain."""
    element = copied_elements(source, (keyword,)).elements.get(keyword)
    if element is None:
        return False
    target[_tag(keyword)] = element
    return True


def declare_lossy(source: Dataset, target: Dataset) -> None:
    """State of an image that the radiograph which it was made from was compressed with loss (PS3.3 C.7.6.1.1.5)."""
    if text_of(source, "LossyImageCompression") == "01":
        for keyword in _LOSSY:
            copy_element(source, target, keyword)


def _uid(source: Dataset, keyword: str) -> str:
    value = text_of(source, keyword)
    if not is_uid(value):
        raise ResultError(
            "{keyword}: the radiograph's header has none that is a UID, so a result could not be "
            "filed with its study",
            keyword=keyword,
        )
    return value


def _tag(keyword: str) -> BaseTag:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return Tag(tag)
