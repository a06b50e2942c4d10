"""Opens a source of radiographs by its text: a folder, a list, or a DICOMweb search."""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from neumo.cluster.dicomweb_source import DicomwebSource
from neumo.cluster.folder_source import FolderSource
from neumo.cluster.list_source import ListSource
from neumo.cluster.locations import Source
from neumo.cluster.places import open_place

_DICOMWEB = "dicomweb+"


def open_source(text: str) -> Source:
    """Return the source that a text names.

    Parameters
    ----------
    text : str
        A folder's path or URL; a file that ends in .parquet or .csv, which lists locations; or
        "dicomweb+https://host/dicom-web?Modality=CR&StudyDate=20240101-".

    Raises
    ------
    ConfigError
        It names nothing that can be read.
    """
    if text.startswith(_DICOMWEB):
        return DicomwebSource(text.removeprefix(_DICOMWEB))
    path = urlsplit(text).path if "://" in text else text
    if PurePosixPath(path).suffix.lower() in {".parquet", ".csv"}:
        return ListSource(text)
    return FolderSource(open_place(text))
