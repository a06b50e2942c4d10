"""Small DICOM files for tests, written by pydicom, and their JPEG streams by Pillow and GDCM."""

import io
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from PIL import Image
from pydicom import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

PATIENT = "Doe^Jane"
STUDY = "1.2.3.4"


def dataset_of(stored: np.ndarray, *, bits: int | None = None, **elements: Any) -> Dataset:
    """A CR image whose pixel data are `stored`, of shape (rows, columns) or (rows, columns, 3)."""
    dataset = Dataset()
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID, dataset.StudyInstanceUID = (
        "1.2.3.4.1.1",
        "1.2.3.4.1",
        STUDY,
    )
    dataset.PatientName, dataset.PatientID, dataset.Modality = PATIENT, "4711", "CR"
    dataset.Rows, dataset.Columns = stored.shape[:2]
    dataset.SamplesPerPixel = 1 if stored.ndim == 2 else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if stored.ndim == 2 else "RGB"
    if stored.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = stored.itemsize * 8
    dataset.BitsStored = bits or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(np.issubdtype(stored.dtype, np.signedinteger))
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def lut(first: int, bits: int, entries: list[int] | bytes) -> Dataset:
    item = Dataset()
    count = len(entries) // 2 if isinstance(entries, bytes) else len(entries)
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [count, first, bits])
    item.add_new("LUTData", "OW" if isinstance(entries, bytes) else "US", entries)
    return item


def written(dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The data set as a DICOM file of that transfer syntax; its pixel data must already be of it."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dataset.save_as(
        buffer,
        enforce_file_format=True,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    return buffer.getvalue()


def dicom_file(
    stored: np.ndarray, syntax: UID = ExplicitVRLittleEndian, *, bits: int | None = None, **elements: Any
) -> bytes:
    """An uncompressed DICOM file."""
    dataset = dataset_of(stored, bits=bits, **elements)
    little = stored.astype(stored.dtype.newbyteorder(">" if syntax == ExplicitVRBigEndian else "<"))
    content = little.tobytes()
    dataset.add_new(
        "PixelData",
        "OB" if stored.itemsize == 1 and syntax != ImplicitVRLittleEndian else "OW",
        content + b"\0" * (len(content) % 2),
    )
    return written(dataset, syntax)


def compressed(stored: np.ndarray, syntax: UID, *, bits: int | None = None, **elements: Any) -> bytes:
    """A file compressed by pydicom's encoders (RLE, JPEG-LS, JPEG 2000)."""
    dataset = dataset_of(stored, bits=bits)
    dataset.add_new("PixelData", "OW" if stored.itemsize == 2 else "OB", stored.tobytes())
    written(dataset)
    plugin = "pydicom" if syntax == RLELossless else ""  # GDCM, tried first, ends the process on some images
    dataset.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return written(dataset, syntax)


def encapsulated(
    stream: bytes, like: np.ndarray, syntax: UID, *, bits: int | None = None, **elements: Any
) -> bytes:
    """A file around a compressed stream made elsewhere."""
    dataset = dataset_of(like, bits=bits, **elements)
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].is_undefined_length = True
    return written(dataset, syntax)


def jpeg_baseline(grey: np.ndarray, **elements: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=95)
    return encapsulated(buffer.getvalue(), grey, JPEGBaseline8Bit, **elements)


def by_gdcm(content: bytes, target: int, folder: Path) -> bytes:
    """An uncompressed file, compressed by GDCM (the only encoder of JPEG Lossless at hand)."""
    source, result = folder / "gdcm-in.dcm", folder / "gdcm-out.dcm"
    source.write_bytes(content)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(target))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(result))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return result.read_bytes()
