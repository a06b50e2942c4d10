"""Folders that cannot be written to, wherever neumo writes: told by name and reason, and nothing is left half made."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import TINY
from tests.support.commands import call_neumo
from tests.support.films_of_patients import patients_film
from tests.support.node_peers import echoes, send
from tests.support.node_running import node
from tests.support.node_samples import radiograph, written
from tests.support.permissions import OBEY, obeying_permissions, read_only
from tests.support.web_running import running

from neumo.core.errors import NodeError

OUTPUTS = [
    "read FILM --json OUT",
    "read FILM --csv OUT",
    "read FILM --html OUT",
    "read FILM --summary OUT",
    "read FILM --heatmaps OUT",
    "read FILM --sr OUT",
    "read FILM --sc OUT",
    "read FILM --fhir OUT",
    "read FILM --pdf OUT",
    "read FILM --archive sqlite:///OUT",
    "read FILM --archive sqlite:///ELSEWHERE --archive-key OUT",
    "deidentify FILM --out OUT",
    "deidentify FILM --out ELSEWHERE --summary OUT",
    "data check SET --no-shortcuts --html OUT",
    "data check SET --no-shortcuts --json OUT",
    "data merge SET --out OUT",
    "data phantom OUT",
    "sample OUT",
    "bundle keygen OUT --name clinic",
    "bundle export-monai BUNDLE OUT",
    "archive init --database sqlite:///OUT",
    "papers BUNDLE --out OUT",
    "commission plan --prevalence 0.5 --template OUT",
    "train EXPERIMENT --data SET --out OUT",
    "evaluate BUNDLE --data SET --out OUT",
    "read-archive SET --out OUT",
    "serve --no-browser --port 0 --data OUT",
    "user add ana --data OUT",
]
"""Commands that write to OUT, a place in a folder that is read-only."""


@pytest.fixture(scope="module")
def words(
    tmp_path_factory: pytest.TempPathFactory, phantoms: Path, bundle_folder: Path, films: list[Path]
) -> dict[str, str]:
    """Values of the words in capitals in the commands."""
    folder = tmp_path_factory.mktemp("given")
    (folder / "tiny.yaml").write_text(TINY)
    film = written(patients_film(PatientAge="003Y"), folder / "film.dcm")
    given = {"FILM": film, "SET": phantoms, "BUNDLE": bundle_folder, "EXPERIMENT": folder / "tiny.yaml"}
    return {name: str(path) for name, path in given.items()}


@pytest.fixture(autouse=True)
def bundle_of_the_tests(bundle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUMO_BUNDLE", str(bundle_folder))


def _arguments(command: str, words: dict[str, str]) -> Iterator[str]:
    for word in command.split():
        for name, value in words.items():
            word = word.replace(name, value)  # noqa: PLW2901 - one after the other
        yield word


@pytest.mark.parametrize("command", OUTPUTS)
def test_an_output_in_a_read_only_folder(
    command: str, words: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    with read_only(closed):
        given = {**words, "OUT": str(closed / "out"), "ELSEWHERE": str(tmp_path / "elsewhere")}
        with obeying_permissions():
            told = call_neumo(capsys, *_arguments(command, given), status=2)
    line = " ".join(told.splitlines()[-1:])
    assert line.startswith("error: ") and str(closed / "out") in line and "Traceback" not in told
    assert any(
        why in line for why in ("Permission denied", "is not writable", "cannot be written", "cannot be made")
    )
    assert "100%" not in told and "/60" not in told, "told before the work"
    assert not list(closed.iterdir())


@pytest.mark.parametrize(
    "command", ["read FILM --json -", "data check SET --no-shortcuts", "bundle verify BUNDLE"]
)
def test_reading_writes_to_no_home(
    command: str, words: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("NEUMO_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    with read_only(tmp_path), obeying_permissions():
        call_neumo(capsys, *_arguments(command, words))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        ("train EXPERIMENT --data SET --out ELSEWHERE", "NEUMO_CACHE"),
        ("bundle install BUNDLE", "NEUMO_BUNDLES"),
    ],
)
def test_what_needs_a_home_names_the_variable_for_another_place(
    command: str,
    variable: str,
    words: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.delenv("NEUMO_CACHE")
    monkeypatch.setenv("HOME", str(home))
    with read_only(home), obeying_permissions():
        given = {**words, "ELSEWHERE": str(tmp_path / "elsewhere")}
        told = call_neumo(capsys, *_arguments(command, given), status=2)
    assert "could not be written (Permission denied)" in told and f"or set {variable}" in " ".join(
        told.split()
    )
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    "command", ["read FILM --json -", "read FILM --sr ELSEWHERE", "deidentify FILM --out ELSEWHERE"]
)
def test_reading_writes_no_temporary_file(
    command: str,
    words: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(closed))
    with read_only(closed), obeying_permissions():
        call_neumo(capsys, *_arguments(command, {**words, "ELSEWHERE": str(tmp_path / "out")}))
    assert not list(closed.iterdir())


def test_a_temporary_folder_that_is_needed_is_named(
    words: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(closed))
    with read_only(closed), obeying_permissions():
        command = "read FILM --html ELSEWHERE"
        told = call_neumo(
            capsys, *_arguments(command, {**words, "ELSEWHERE": str(tmp_path / "page.html")}), status=2
        )
    assert (
        f"Permission denied in {closed}" in " ".join(told.split()) and not (tmp_path / "page.html").exists()
    )


def test_the_node_acknowledges_nothing_that_it_cannot_keep(settings: dict[str, Any], tmp_path: Path) -> None:
    film = radiograph()
    with obeying_permissions(), node(settings) as running_node:
        with read_only(Path(settings["data"])):
            assert send(running_node.port, film) == [0xA700]
            assert echoes(running_node.port)
        assert send(running_node.port, film) == [0]
    closed = tmp_path / "closed"
    closed.mkdir()
    with (
        read_only(closed),
        obeying_permissions(),
        pytest.raises(NodeError, match=r"data: .*Permission denied"),
        node({**settings, "data": str(closed / "node")}),
    ):
        pass


def test_the_workbench_keeps_nothing_half_and_goes_on(
    web_bundle: Path, radiographs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OBEY, "1")
    data, film = tmp_path / "data", radiographs[0]
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": film.name}
    with running(data, web_bundle, read__processes=1) as server:
        with read_only(data):
            before = sorted(data.rglob("*"))
            answer = httpx.post(
                f"{server.address}api/readings", content=film.read_bytes(), headers=headers, timeout=60
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "server_fault")
            assert httpx.get(f"{server.address}static/app.js", timeout=30).status_code == 200
            assert [path for path in sorted(data.rglob("*")) if path not in before] == []
        answer = httpx.post(
            f"{server.address}api/readings", content=film.read_bytes(), headers=headers, timeout=60
        )
        assert answer.status_code == 201


def test_folders_can_be_made_read_only_for_root(tmp_path: Path) -> None:
    with read_only(tmp_path), obeying_permissions(), pytest.raises(PermissionError):
        (tmp_path / "file").touch()
    (tmp_path / "file").touch()
    assert os.access(tmp_path, os.W_OK)
