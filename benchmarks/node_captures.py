"""Results for benchmarks of the node: a small Secondary Capture that names the object it was made of."""

from collections.abc import Sequence

from pydicom import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from neumo.core.reading import Reading


def capture(reading: Reading, header: Dataset) -> Sequence[Dataset]:
    """One grey pixel, and the source's SOP Instance UID in Derivation Description."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = header.StudyInstanceUID, generate_uid()
    made.Modality, made.ConversionType = "OT", "WSD"
    made.DerivationDescription = header.SOPInstanceUID
    made.SeriesDescription = reading.status.value
    made.Rows = made.Columns = made.SamplesPerPixel = 1
    made.PhotometricInterpretation, made.PixelRepresentation = "MONOCHROME2", 0
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.add_new("PixelData", "OW", b"\0\0")
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return [made]
