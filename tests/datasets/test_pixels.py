import os
from pathlib import Path

import numpy as np
import pytest

from neumo.core.errors import DatasetError, OutputError
from neumo.core.user_folders import cache_folder
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.imaging import fit_square, open_radiograph


@pytest.fixture
def manifest(phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    monkeypatch.setenv("NEUMO_CACHE", str(tmp_path / "cache"))
    return open_dataset(phantoms)


def test_the_store_holds_every_image_as_decoded_and_fitted(manifest: Manifest) -> None:
    store = decoded_pixels(manifest, 48)
    assert store.array.shape == (len(manifest), 48, 48)
    for position in (0, 17, len(manifest) - 1):
        alone = fit_square(open_radiograph(manifest.file(manifest.entries[position])).pixels, 48)
        np.testing.assert_array_equal(store.array[position], alone)
    with pytest.raises(ValueError, match="read-only"):
        store.array[0, 0, 0] = 1


def test_another_field_of_view_is_another_store(manifest: Manifest) -> None:
    whole, central = decoded_pixels(manifest, 48), decoded_pixels(manifest, 48, field_of_view=0.875)
    assert whole.file != central.file
    alone = fit_square(open_radiograph(manifest.file(manifest.entries[5])).pixels, 48, 0.875)
    np.testing.assert_array_equal(central.array[5], alone)
    assert not np.array_equal(whole.array[5], central.array[5])


def test_a_second_opening_decodes_nothing(manifest: Manifest) -> None:
    calls: list[tuple[int, int]] = []
    decoded_pixels(manifest, 32, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (len(manifest), len(manifest))
    calls.clear()
    decoded_pixels(manifest, 32, progress=lambda done, total: calls.append((done, total)))
    assert calls == []


def test_a_half_copied_cache_is_made_again(manifest: Manifest) -> None:
    file = decoded_pixels(manifest, 32).file
    expected = file.read_bytes()
    os.truncate(file, 1000)
    assert decoded_pixels(manifest, 32).array.tobytes() == expected


def test_an_undecodable_image_is_named_and_nothing_is_left(
    manifest: Manifest, phantoms: Path, tmp_path: Path
) -> None:
    broken = Manifest(manifest.root, manifest.entries)
    target = tmp_path / "copy"
    for entry in broken.entries:
        (target / entry.path).parent.mkdir(parents=True, exist_ok=True)
        (target / entry.path).write_bytes(broken.file(entry).read_bytes())
    bad = target / broken.entries[5].path
    bad.write_bytes(bad.read_bytes()[:300])
    with pytest.raises(DatasetError, match=f"1 of {len(broken)} images cannot be decoded[\\s\\S]*{bad.name}"):
        decoded_pixels(open_dataset(target), 32)
    assert not list(cache_folder().rglob("*.u8"))


def test_an_unwritable_cache_is_an_output_error(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEUMO_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="could not be written"):
        decoded_pixels(manifest, 32)
