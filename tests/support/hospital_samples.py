"""Readings with receipts, and radiographs' headers as files hold them, for tests of results for a hospital."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from tests.support import reading_samples
from tests.support.programs import dciodvfy

from neumo.core.answer import Answer
from neumo.core.findings import FINDINGS
from neumo.core.reading import Notice, Reading, Status
from neumo.results.dicom.uids import CODING_SCHEME

DIGEST = "0f" * 32
RECEIPT: dict[str, Any] = {
    "bundle": {"name": "tiny", "version": "1", "digest": DIGEST},
    "options": {"operating_point": "balanced", "coverage": 0.9},
    "software": {"neumo": "0.1.0"},
}
ANSWER = replace(
    reading_samples.ANSWER,
    probabilities=dict(zip(FINDINGS, (0.2, 0.30004, 0.49996), strict=True)),
    prevalence=dict(zip(FINDINGS, (0.9, 0.06, 0.04), strict=True)),
    prevalence_given=True,
)
AGE = reading_samples.AGE
NO_CHEST = Notice("blank", "This is no chest.")


def reading(answer: Answer | None = ANSWER, **changes: Any) -> Reading:
    """A reading of a film of 90 x 80 pixels; a refusal without an answer."""
    rows, columns = np.indices((90, 80))
    values: dict[str, Any] = {
        "file": "film.dcm",
        "sha256": "ab" * 32,
        "status": Status.REFUSED if answer is None else Status.READ,
        "answer": answer,
        "warnings": () if answer is None else (AGE,),
        "reasons": (NO_CHEST,) if answer is None else (),
        "class_map": None if answer is None else np.array([[0.1, 0.9], [-0.5, 0.3]], dtype=np.float32),
        "pixels": ((rows + columns) % 256).astype(np.uint8),
        "receipt": RECEIPT,
    }
    return Reading(**{**values, **changes})


def header(**elements: Any) -> Dataset:
    """A header as complete as a good modality writes it; None leaves an element out."""
    dataset = Dataset()
    values: dict[str, Any] = {
        "SOPClassUID": ComputedRadiographyImageStorage,
        "SOPInstanceUID": "1.2.3.4.1.1",
        "SeriesInstanceUID": "1.2.3.4.1",
        "StudyInstanceUID": "1.2.3.4",
        "Modality": "CR",
        "PatientName": "Doe^Jane",
        "PatientID": "4711",
        "PatientBirthDate": "20200101",
        "PatientSex": "F",
        "PatientAge": "004Y",
        "StudyDate": "20240229",
        "StudyTime": "235959",
        "AccessionNumber": "A-1",
        "StudyID": "S1",
        "ReferringPhysicianName": "Roe^Richard",
        "StudyDescription": "Thorax PA",
        "AcquisitionDate": "20240301",
        "AcquisitionTime": "000102.5",
        "BodyPartExamined": "CHEST",
        "PatientOrientation": ["L", "F"],
        "Rows": 90,
        "Columns": 80,
        "ImagerPixelSpacing": [0.2, 0.1],
        **elements,
    }
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


def write_file(dataset: Dataset, target: Path, *, implicit: bool = False) -> Path:
    """Write a header as a DICOM file, so that tests read what files hold."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    dataset.save_as(target, enforce_file_format=True)
    return target


_KINDS = {"Comprehensive3DSR", "SCImage", "EncapsulatedPDF", "KeyObjectSelectionDocument", "Segmentation"}
_WITH_REASON = tuple(
    re.compile(pattern)
    for pattern in (
        # Said of any coding scheme of one's own, which PS3.16 section 8.2 allows.
        r"Warning - Unrecognized defined term <(99NEUMO|"
        + re.escape(CODING_SCHEME)
        + r")> for value 1 of .*",
        # Where no finding says that it is a chest, whether the part is paired is unknown.
        r"Warning - is only permitted to be empty when actually unknown.* - attribute <Laterality>",
        # Values of the radiograph are taken over as they stand there, or as they are missing there.
        r"Warning - Missing attribute or value that would be needed to build DICOMDIR - .*",
        r"Warning - Value dubious for this VR - \(0x0008,0x0090\) PN Referring Physician's Name .*",
    )
)


def errors_of(file: Path) -> list[str]:
    """Errors and warnings that dciodvfy has of a DICOM file, or a skip where it is not installed."""
    program = dciodvfy()
    done = subprocess.run([program, str(file)], capture_output=True, text=True, timeout=60, check=False)
    said = {line.strip() for line in (done.stdout + done.stderr).splitlines()} - {""}
    assert said & _KINDS, said
    return sorted(line for line in said - _KINDS if not any(p.fullmatch(line) for p in _WITH_REASON))
