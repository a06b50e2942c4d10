"""`neumo data check` as a user runs it: real folders, its status and what it wrote."""

import json
import shutil
from pathlib import Path
from typing import Protocol

import pytest
from tests.support.commands import call_neumo, run_neumo

from neumo.datasets.layout import open_dataset


class Check(Protocol):
    """The command in this process: its arguments and the status it must end with, to what it prints."""

    def __call__(self, *arguments: object, status: int) -> str: ...


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    return lambda *arguments, status: call_neumo(capsys, "data", "check", *arguments, status=status)


@pytest.fixture
def folder(phantoms: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(phantoms, tmp_path / "set"))


def images(folder: Path, part: str) -> list[Path]:
    found = sorted(path for path in (folder / part).rglob("*") if path.suffix in {".png", ".jpg", ".jpeg"})
    assert found
    return found


def test_a_clean_set_passes_and_is_called_synthetic(folder: Path, tmp_path: Path) -> None:
    output = run_neumo("data", "check", folder, "--json", tmp_path / "a.json", "--html", tmp_path / "a.html")
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["schema_version"] == 1
    assert found["synthetic"] is True
    assert found["severities"]["leak"] == 0
    assert found["images"] == found["readable"] == sum(stratum["images"] for stratum in found["strata"])
    assert [control["view"] for control in found["shortcuts"]["controls"]] == ["border", "intensity", "size"]
    assert "synthetic" in output
    assert (tmp_path / "a.html").stat().st_size > 5000


def test_a_test_image_copied_into_train_ends_with_status_1(
    folder: Path, tmp_path: Path, check: Check
) -> None:
    leaked, seen = images(folder, "test")[0], images(folder, "train")[0]
    shutil.copy(leaked, seen.parent / f"copied{leaked.suffix}")
    output = check(folder, "--no-shortcuts", "--lang", "es", "--json", tmp_path / "a.json", status=1)
    assert "Fuga de datos (1): hay pacientes" in " ".join(output.split())
    found = json.loads((tmp_path / "a.json").read_text())
    (leak,) = [issue for issue in found["issues"] if issue["severity"] == "leak"]
    assert leak["kind"] == "picture-across-splits"
    assert leaked.relative_to(folder).as_posix() in leak["images"]


def test_a_broken_image_is_counted_and_fails_under_strict_alone(folder: Path, check: Check) -> None:
    images(folder, "train")[0].write_bytes(b"\xff\xd8 not a radiograph")
    output = check(folder, "--no-shortcuts", status=0)
    assert "unreadable" in output
    check(folder, "--no-shortcuts", "--strict", status=1)


def test_a_patient_on_both_sides_of_a_csv_split_ends_with_status_1(folder: Path, check: Check) -> None:
    entries = open_dataset(folder).entries
    lines = ["path,finding,patient,split", *(f"{e.path},{e.finding},{e.patient},{e.split}" for e in entries)]
    part = {line.split(",")[3]: number for number, line in enumerate(lines)}
    for name in ("train", "test"):
        path, finding, _, split = lines[part[name]].split(",")
        lines[part[name]] = f"{path},{finding},ana,{split}"
    (folder / "set.csv").write_text("\n".join(lines))
    output = check(folder / "set.csv", "--no-shortcuts", status=1)
    assert "Leak (1): patients or pictures" in " ".join(output.split())


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_that_is_no_data_set_ends_with_status_2(tmp_path: Path, name: str, check: Check) -> None:
    (tmp_path / "empty").mkdir()
    output = check(tmp_path / name, status=2)
    assert "error:" in output
    assert name in output
