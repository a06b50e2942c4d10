"""The format of reading files, and their retention."""

import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from tests.support.hospital_samples import header as header_of
from tests.support.node_samples import with_meta

from neumo.core.reading import Reading, Status
from neumo.imaging.dicom.parse import parse
from neumo.records.reading_file import (
    ReadingFiles,
    load_class_maps,
    load_dicom_header,
    load_pixels,
    load_reading_file,
    write_reading_file,
)


@pytest.mark.parametrize("with_maps", [True, False])
@pytest.mark.parametrize("header", [with_meta(header_of()), None])
def test_what_is_kept_is_what_was_read(tmp_path: Path, with_maps: bool, header: Dataset | None) -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (30, 50), dtype=np.uint8)[::2]
    maps = random.normal(size=(3, 4, 5)).astype(np.float32) if with_maps else None
    reading = Reading("a.png", "a" * 64, Status.REFUSED, pixels=pixels, class_maps=maps, header=header)
    file, facts = write_reading_file(tmp_path / "aa" / "a.kept", reading)
    found = load_reading_file(file)
    assert found is not None and found.to_json() == facts.to_json()
    assert (found.size, found.maps) == ((50, 15), maps if maps is None else (3, 4, 5))
    assert np.array_equal(load_pixels(file), pixels)  # type: ignore[arg-type]
    same = load_class_maps(file)
    assert same is None if maps is None else np.array_equal(same, maps)  # type: ignore[arg-type]
    content = load_dicom_header(file)
    assert len(content or b"") == found.header
    if header is None:
        assert content is None and found.patient is None
    else:
        assert content is not None and parse(content, "a").dataset.PatientName == header.PatientName
        assert found.patient is not None and found.patient.name == str(header.PatientName)
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_reading_file(tmp_path / "none") is None and load_pixels(tmp_path / "none") is None


def test_files_are_deleted_after_their_retention(tmp_path: Path) -> None:
    old = tmp_path / "kept" / "aa" / "a.kept"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"pixels")
    files = ReadingFiles(tmp_path / "kept")
    assert files.delete_expired(30) == 0 and old.exists()
    assert files.delete_expired(30, now=time.time() + 31 * 86_400) == 1 and not old.exists()
