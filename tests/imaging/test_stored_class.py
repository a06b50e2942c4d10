import io

import pytest
from pydicom import Dataset
from pydicom._uid_dict import UID_dictionary
from pydicom.filewriter import write_dataset
from pydicom.uid import ComputedRadiographyImageStorage
from tests.support.node_samples import with_meta

from neumo.imaging.dicom.stored_class import DICOMDIR, HEAD_BYTES, holds_no_image, stored_class

STORAGE = "1.2.840.10008.5.1.4.1.1."
OF_PIXELS = {"6.2", "30", "77.1.5.8", "81.1", "82.1", "501.3", "501.4", "501.5", "501.6"}
"""Storage classes that hold pixels although their names do not say so, and those of other uses than medicine."""


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        (uid, str(values[0]))
        for uid, values in UID_dictionary.items()
        if uid.startswith(STORAGE) and "Storage" in values[0] and uid.removeprefix(STORAGE) not in OF_PIXELS
    ],
)
def test_storage_classes_without_images_are_known(uid: str, name: str) -> None:
    assert holds_no_image(uid) == ("Image" not in name or "Imaging" in name)


def test_what_is_not_known_may_be_an_image() -> None:
    assert not any(map(holds_no_image, (None, "", "1.2.3", STORAGE, f"{STORAGE}880", "1.2.840.10008.1.3.10")))


def content(sop_class: str, *, meta: bool, implicit: bool) -> bytes:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.PatientName = sop_class, "1.2.3", "Doe"
    stream = io.BytesIO()
    if meta:
        with_meta(dataset).save_as(stream, enforce_file_format=True)
    else:
        from pydicom.filebase import DicomBytesIO

        bare = DicomBytesIO()
        bare.is_implicit_VR, bare.is_little_endian = implicit, True
        write_dataset(bare, dataset)
        stream.write(bare.getvalue())
    return stream.getvalue()


@pytest.mark.parametrize(("meta", "implicit"), [(True, False), (False, False), (False, True)])
@pytest.mark.parametrize("sop_class", [ComputedRadiographyImageStorage, DICOMDIR, f"{STORAGE}88.11"])
def test_the_class_is_read_from_the_head(sop_class: str, meta: bool, implicit: bool) -> None:
    whole = content(sop_class, meta=meta, implicit=implicit)
    assert stored_class(whole[:HEAD_BYTES]) == sop_class
    assert all(stored_class(whole[:cut]) in (None, sop_class) for cut in range(0, len(whole), 3))


@pytest.mark.parametrize(
    "head", [b"", b"x" * 200, b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\xff" * 800]
)
def test_no_class_where_none_is_stated(head: bytes) -> None:
    assert stored_class(head) is None
