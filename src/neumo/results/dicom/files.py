"""Writing DICOM results as files named by their SOP Instance UID."""

from pathlib import Path

from pydicom import Dataset

from neumo.core.files import replacing
from neumo.imaging.quiet import quiet


def write_result(result: Dataset, folder: Path) -> Path:
    """Write a result as a DICOM file (PS3.10) `UID.dcm` into a folder, whole or not at all.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    target = folder / f"{result.SOPInstanceUID}.dcm"
    with replacing(target) as temporary, quiet():
        result.save_as(temporary, enforce_file_format=True)
    return target
