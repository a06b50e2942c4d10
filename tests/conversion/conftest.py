"""A table of phantoms, and networks of others that were fitted to them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import call_neumo_once
from tests.support.foreign_networks import foreign_network
from tests.support.local_tables import Rows, rows_of_phantoms, write_rows


@pytest.fixture(scope="session")
def labelled(phantoms: Path) -> Rows:
    """60 phantoms, each of a patient of its own."""
    return rows_of_phantoms(phantoms)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory, labelled: Rows) -> Path:
    return write_rows(tmp_path_factory.mktemp("labels") / "films.csv", labelled)


@pytest.fixture(scope="session")
def imported(
    tmp_path_factory: pytest.TempPathFactory, phantoms: Path, table: Path
) -> Callable[..., tuple[Path, str]]:
    """Return a function that makes a network and imports it; the bundle and what was printed."""

    def make(*options: object, **network: Any) -> tuple[Path, str]:
        folder = tmp_path_factory.mktemp("import")
        model = foreign_network(phantoms, folder / "model.onnx", **network)
        command = ["bundle", "import", model, "--labels", table, "--out", folder / "bundle"]
        printed = call_neumo_once(*command, "--resamples", 40, "--threads", 1, *options)
        return folder / "bundle", printed

    return make
