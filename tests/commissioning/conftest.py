"""A site of phantoms: a tiny bundle, and a table of images that it has not seen."""

from pathlib import Path

import pytest
from tests.support.commands import call_neumo_once
from tests.support.local_tables import rows_of_phantoms, write_rows
from tests.support.tiny_bundle import make_bundle


@pytest.fixture(scope="session")
def site_bundle_base(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("base") / "tiny", phantoms)


@pytest.fixture(scope="session")
def local_rows(phantoms: Path) -> list[dict[str, str]]:
    """60 phantoms, each of a patient of its own, half of them seen by each of two devices."""
    return [
        {**row, "sex": "FM"[number % 2], "view": "AP", "device": f"unit {number % 2}"}
        for number, row in enumerate(rows_of_phantoms(phantoms))
    ]


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, site_bundle_base: Path, local_rows: list[dict[str, str]]
) -> Path:
    """A site's folder, commissioned with criteria that any answer keeps."""
    folder = tmp_path_factory.mktemp("site")
    table = write_rows(folder / "local.csv", local_rows)
    easy = folder / "easy.yaml"
    easy.write_text(
        "{sensitivity: .01, specificity: null, auroc_normal_vs_pneumonia: .01, coverage_normal: .01, "
        "coverage_pneumonia: .01, calibration_error_pneumonia: .99, refused: .99}"
    )
    command = ["commission", table, "--out", folder / "out", "--bundle", site_bundle_base]
    call_neumo_once(
        *command, "--name", "Hospital São João", "--criteria", easy, "--resamples", 40, "--threads", 1
    )
    return folder / "out"
