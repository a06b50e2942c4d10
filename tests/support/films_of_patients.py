"""Radiographs that name their patient wherever a header can, for tests of de-identification."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import PrivateBlock
from pydicom.uid import UID
from tests.support.node_samples import radiograph

from neumo.deidentification.pseudonyms import Key

KEY = Key("5e" * 32)
OTHER_KEY = Key("a7" * 32)
SECRETS = (
    "Müller",
    "Änne",
    "山田",
    "太郎",
    "ヤマダ",
    "4711-X",
    "A-99-1",
    "Roe",
    "Hospital",
    "19500312",
    "Beispiel",
)
"""Identifiers that must not be in a de-identified file, nor in its name."""


def patients_film(**changes: Any) -> Dataset:
    """A radiograph whose header names the patient in plain, nested and private attributes; None leaves one out."""
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "Müller^Änne=山田^太郎=ヤマダ^タロウ",
        "PatientID": "4711-X",
        "PatientBirthDate": "19500312",
        "PatientSex": "F",
        "PatientAge": None,
        "OtherPatientIDsSequence": [item(PatientID="4711-X", IssuerOfPatientID="Beispiel")],
        "AccessionNumber": "A-99-1",
        "ReferringPhysicianName": "Roe^Richard",
        "InstitutionName": "Beispiel Hospital",
        "StudyDescription": "Thorax, Frau Müller",
        "SeriesDescription": "Müller lateral",
        "ImageComments": "Frau Müller, 山田太郎",
        "StudyDate": "20240102",
        "AcquisitionDate": "20240103",
        "AcquisitionTime": "001500",
        "Manufacturer": "ACME",
        "RequestAttributesSequence": [
            item(
                ScheduledProcedureStepDescription="for Müller",
                RequestedProcedureCodeSequence=[code("1", "Films of Müller")],
            )
        ],
        "ViewCodeSequence": [code("399348003", "antero-posterior", PatientName="Müller^Änne")],
        "SourceImageSequence": [
            item(
                ReferencedSOPClassUID=UID("1.2.840.10008.5.1.4.1.1.1"),
                ReferencedSOPInstanceUID="1.2.3.99.4711.1",
                ReferringPhysicianName="Roe^Richard",
            )
        ],
        **changes,
    }
    film = radiograph(**{keyword: value for keyword, value in values.items() if value is not None})
    for keyword in [keyword for keyword, value in values.items() if value is None and keyword in film]:
        delattr(film, keyword)
    block: PrivateBlock = film.private_block(0x0011, "Beispiel 1.0", create=True)
    block.add_new(0x01, "LO", "Müller^Änne")
    film.file_meta.SourceApplicationEntityTitle = "ROE_HOSPITAL"
    film.file_meta.PrivateInformationCreatorUID = UID("1.2.3.4711")
    film.file_meta.PrivateInformation = "Müller".encode()
    film.preamble = b"Beispiel Hospital".ljust(128, b"\0")
    return film


def item(**elements: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def code(value: str, meaning: str, **elements: Any) -> Dataset:
    return item(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning, **elements)


def pixels_of(dataset: Dataset) -> NDArray[Any]:
    return np.asarray(dataset.pixel_array)
