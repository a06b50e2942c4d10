from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.drift_reference import DRIFT_REFERENCE
from neumo.bundle.folder import Bundle, load_bundle, write_sums
from neumo.core.errors import BundleError
from neumo.monitoring.reference import bundle_reference


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)


def _carried(folder: Path, **arrays: NDArray[Any]) -> Bundle:
    np.savez(folder / DRIFT_REFERENCE, allow_pickle=True, **arrays)
    write_sums(folder)
    return load_bundle(folder)


ROW = np.linspace(0, 1, 600, dtype=np.float32)


def test_what_a_bundle_carries_is_read(folder: Path) -> None:
    (folder / DRIFT_REFERENCE).unlink(missing_ok=True)
    write_sums(folder)
    assert bundle_reference(load_bundle(folder)) is None
    found = bundle_reference(_carried(folder, distance=3 * ROW, pneumonia=ROW))
    assert found is not None and found.distance[-1] == 3 and found.pneumonia.dtype == np.float64
    assert found.refused is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"distance": ROW},
        {"distance": ROW, "pneumonia": ROW[::-1]},
        {"distance": ROW.astype(np.float64), "pneumonia": ROW},
        {"distance": ROW.reshape(2, -1), "pneumonia": ROW},
        {"distance": ROW, "pneumonia": np.append(ROW, np.float32(np.nan))},
        {"distance": np.array([None, "x"], dtype=object), "pneumonia": ROW},
    ],
)
def test_anything_else_is_refused_by_name(folder: Path, arrays: dict[str, NDArray[Any]]) -> None:
    with pytest.raises(BundleError, match=r"reference\.npz.*--reference-until"):
        bundle_reference(_carried(folder, **arrays))


def test_a_file_that_is_no_archive_is_refused(folder: Path) -> None:
    (folder / DRIFT_REFERENCE).write_bytes(b"PK\x03\x04 cut off")
    bundle = cast(Bundle, type("Carrier", (), {"path": folder})())
    with pytest.raises(BundleError, match="two arrays"):
        bundle_reference(bundle)
