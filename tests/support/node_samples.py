"""Radiographs to send to a node, made of phantoms."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

PATIENT = "Doe^Jane"


def radiograph(film: Path | None = None, *, study: str | None = None, **elements: Any) -> Dataset:
    """A CR object of a phantom, or of a plain ramp, with identifiers of its own."""
    grey = (
        np.asarray(Image.open(film).convert("L")) if film else np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    )
    dataset = Dataset()
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.StudyInstanceUID = study or generate_uid()
    dataset.PatientName, dataset.PatientID, dataset.PatientAge = PATIENT, "4711", "003Y"
    dataset.PatientBirthDate, dataset.PatientSex, dataset.StudyDate, dataset.StudyTime = (
        "",
        "",
        "20240102",
        "120000",
    )
    dataset.ReferringPhysicianName = dataset.StudyID = dataset.AccessionNumber = ""
    dataset.SeriesNumber, dataset.InstanceNumber = "1", "1"
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "CR", "CHEST", "AP"
    dataset.Rows, dataset.Columns = grey.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    content = grey.tobytes()
    dataset.add_new("PixelData", "OW", content + b"\0" * (len(content) % 2))
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return with_meta(dataset)


def with_meta(dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> Dataset:
    """Give a data set the file meta information that sending and writing need."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def written(dataset: Dataset, file: Path) -> Path:
    dataset.save_as(file, enforce_file_format=True)
    return file
