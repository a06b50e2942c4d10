"""The file of a reading: what is read is what was written."""

import time
from pathlib import Path

import numpy as np
import pytest

from neumo.core.reading import Reading, Status
from neumo.web.readings.reading_file import (
    KeptReadings,
    kept,
    kept_header,
    kept_maps,
    kept_pixels,
    lay_out,
)


@pytest.mark.parametrize("with_maps", [True, False])
@pytest.mark.parametrize("header", [b"header\nof two lines", None])
def test_what_is_kept_is_what_was_read(tmp_path: Path, with_maps: bool, header: bytes | None) -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (30, 50), dtype=np.uint8)[::2]
    maps = random.normal(size=(3, 4, 5)).astype(np.float32) if with_maps else None
    reading = Reading("a.png", "a" * 64, Status.REFUSED, pixels=pixels, class_maps=maps)
    file, facts = lay_out(tmp_path / "aa" / "a.kept", reading, header)
    found = kept(file)
    assert found is not None and found.to_json() == facts.to_json()
    assert (found.size, found.maps, found.header) == (
        (50, 15),
        maps if maps is None else (3, 4, 5),
        len(header or b""),
    )
    assert np.array_equal(kept_pixels(file), pixels)  # type: ignore[arg-type]
    same = kept_maps(file)
    assert same is None if maps is None else np.array_equal(same, maps)  # type: ignore[arg-type]
    assert kept_header(file) == header
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept(tmp_path / "none") is None and kept_pixels(tmp_path / "none") is None


def test_what_an_earlier_version_kept_as_folders_goes_in_time(tmp_path: Path) -> None:
    old = tmp_path / "kept" / "aa" / ("a" * 64)
    old.mkdir(parents=True)
    (old / "pixels.npy").write_bytes(b"pixels")
    readings = KeptReadings(tmp_path / "kept")
    assert readings.clean(30) == 0 and old.exists()
    assert readings.clean(30, now=time.time() + 31 * 86_400) == 1 and not old.exists()
