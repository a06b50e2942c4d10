"""Makers of results for the nodes of tests; a node's reader imports them by name."""

import os
import time
from collections.abc import Sequence

import numpy as np
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid
from tests.support.node_samples import with_meta
from tests.support.reader_handlers import grow

from neumo.core.reading import Reading


def capture(reading: Reading, header: Dataset) -> Sequence[Dataset]:
    """The radiograph once more, as a Secondary Capture in the same study."""
    assert reading.pixels is not None
    dataset = Dataset()
    for keyword in (
        "StudyInstanceUID",
        "PatientName",
        "PatientID",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
    ):
        setattr(dataset, keyword, header.get(keyword, ""))
    dataset.SOPClassUID, dataset.SOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    dataset.SeriesInstanceUID, dataset.SeriesNumber, dataset.InstanceNumber = generate_uid(), "900", "1"
    dataset.Modality, dataset.ConversionType = "OT", "WSD"
    dataset.SeriesDescription = reading.answer.finding.value if reading.answer else str(reading.status)
    dataset.PatientBirthDate = dataset.PatientSex = dataset.ReferringPhysicianName = dataset.StudyID = ""
    dataset.DerivationDescription = header.SOPInstanceUID
    dataset.Rows, dataset.Columns = reading.pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.add_new("PixelData", "OW", np.ascontiguousarray(reading.pixels).tobytes())
    return [with_meta(dataset)]


def by_patient(reading: Reading, header: Dataset) -> Sequence[Dataset]:
    """Do what the patient's ID says: end the process, take all memory, sleep, fail, or make a capture."""
    match str(header.PatientID):
        case "crash":
            os.abort()
        case "hog":
            grow()
        case "hang":
            time.sleep(3600)
        case "fail":
            raise ValueError(f"of {header.PatientName}")
        case "slow":
            time.sleep(1)
    return capture(reading, header)
