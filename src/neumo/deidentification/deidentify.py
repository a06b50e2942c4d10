"""De-identification of one data set (PS3.15 annex E)."""

import re
from collections.abc import Iterator
from typing import Any, Final

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataset import FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRBigEndian

import neumo
from neumo.deidentification.attributes import CLASSES, DATES, EMPTIED, FORMS, KEPT, PSEUDONYMS
from neumo.deidentification.identity import digits_of
from neumo.deidentification.numbers import clean_number
from neumo.deidentification.pixels import put_bare_pixels, put_bare_tables
from neumo.deidentification.pseudonyms import Key, anonymizer_for
from neumo.imaging.dicom.facts import read_facts

_METHODS: Final = (
    codes.DCM.BasicApplicationConfidentialityProfile,
    codes.DCM.RetainLongitudinalTemporalInformationModifiedDatesOption,
    codes.DCM.RetainPatientCharacteristicsOption,
)
_MAX_AGE = 90
"""Years; older patients are rare enough to be recognised by their age, so all of them get this one."""
_PIXEL_DATA: Final = 0x7FE00010
_UNICODE = "ISO_IR 192"
_YEARS = re.compile(r"(\d{3})Y")


def deidentify(dataset: Dataset, key: Key, *, burned_in: bool = False) -> Dataset:
    """Return a de-identified copy of a radiograph.

    Parameters
    ----------
    dataset : Dataset
        A radiograph with file meta information, as it was read.
    key : Key
        The same key gives the same patient the same pseudonyms, and the same object the same UIDs.
    burned_in : bool
        Whether text may stand in the pixels; the result then says so, and that the identity is not removed.

    Returns
    -------
    Dataset
        With file meta information of its own, in the same transfer syntax; run-length coded pixels are uncompressed.

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        A value cannot be parsed; the words may quote the patient.
    """
    patient_id = str(dataset.get("PatientID") or "").strip()
    kept = _kept(dataset, digits_of(dataset), big=dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian)
    kept.file_meta = _meta(dataset)
    if "PixelData" in dataset:
        put_bare_pixels(dataset, kept)
    _state_age(dataset, kept)
    if patient_id:
        kept.PatientID = patient_id
    anonymizer_for(patient_id, key).anonymize(kept)
    # One patient may be spelt in many ways, so the name follows from the identifier.
    kept.PatientName = kept.PatientID = kept.get("PatientID") or ""
    for keyword in EMPTIED:
        if keyword not in kept:
            setattr(kept, keyword, "")
    if kept.get("PresentationIntentType"):  # a DX object (PS3.3 section A.26), which must have it
        kept.AcquisitionContextSequence = []
    _state_method(kept, burned_in)
    return kept


def _kept(dataset: Dataset, digits: set[str], *, big: bool) -> Dataset:
    kept = Dataset()
    for tag in sorted(dataset.keys() & KEPT):
        if tag == _PIXEL_DATA:
            continue
        element = _clean(dataset[tag], digits, big=big)
        if element is not None:
            kept[tag] = element
    put_bare_tables(dataset, kept, big=big)
    for date, time in DATES.items():
        if time and time in kept and date not in kept:
            del kept[time]  # nothing would move it
    return kept


def _clean(element: DataElement, digits: set[str], *, big: bool) -> DataElement | None:
    """Return an element with the values that have their attribute's form; None where none is left."""
    expected = dictionary_VR(element.tag)
    if element.VR not in {expected, *expected.split(" or ")}:
        return None
    if element.VR == "SQ":
        items = [_kept(item, digits, big=big) for item in element.value]
        return DataElement(element.tag, "SQ", [item for item in items if len(item)])
    if element.is_empty:
        return None if element.keyword in PSEUDONYMS else DataElement(element.tag, element.VR, None)
    if element.VR in {"DS", "IS"}:
        return clean_number(element, digits)
    return _of_its_form(element)


def _of_its_form(element: DataElement) -> DataElement | None:
    form = FORMS.get(element.VR)
    if form is None:
        return DataElement(element.tag, element.VR, element.value)
    values = list(_values(element.value))
    known = element.keyword not in CLASSES or all(UID(value).name != value for value in values)
    # A value that is left out would move the others to another meaning.
    if not known or not all(form.fullmatch(value) for value in values):
        return None
    return DataElement(element.tag, element.VR, values if len(values) > 1 else values[0])


def _values(value: Any) -> Iterator[str]:
    yield from (str(one).strip() for one in (value if isinstance(value, MultiValue | list) else [value]))


def _state_age(dataset: Dataset, kept: Dataset) -> None:
    """State the age, which the date of birth no longer gives."""
    years = read_facts(dataset).patient_age
    stated = _YEARS.fullmatch(str(kept.get("PatientAge") or ""))
    if years is not None and years >= _MAX_AGE:
        kept.PatientAge = f"{_MAX_AGE:03d}Y"
    elif "PatientAge" not in kept and years is not None:
        kept.PatientAge = f"{int(years):03d}Y" if years >= 2 else f"{int(years * 12):03d}M"
    elif stated and int(stated[1]) >= _MAX_AGE:
        kept.PatientAge = f"{_MAX_AGE:03d}Y"


def _meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    return meta


def _state_method(kept: Dataset, burned_in: bool) -> None:
    """State the attributes that PS3.15 section E.1.1 asks for."""
    kept.SpecificCharacterSet = _UNICODE
    kept.PatientIdentityRemoved = "NO" if burned_in else "YES"
    if burned_in:
        kept.BurnedInAnnotation = "YES"
    kept.LongitudinalTemporalInformationModified = "MODIFIED"
    kept.DeidentificationMethod = ["DICOGNITO", f"neumo {neumo.__version__}: only listed attributes kept"]
    kept.DeidentificationMethodCodeSequence = [_item(code) for code in _METHODS]


def _item(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = (
        code.value,
        code.scheme_designator,
        code.meaning,
    )
    return item
