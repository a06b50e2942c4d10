import json
from pathlib import Path

import pytest

from neumo.core.errors import OutputError
from neumo.core.files import replacing, require_writable, write_json, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    write_text(target, "before")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["result.txt"]


def test_a_full_disk_is_an_output_error_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    with pytest.raises(OutputError, match="free space"), replacing(target) as temporary:
        temporary.write_text("some")
        with Path("/dev/full").open("w") as full:
            full.write("x" * 100_000)
    assert list(tmp_path.iterdir()) == []


def test_json_refuses_nan_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []
    write_json(tmp_path / "deep" / "a.json", {"x": "é"})
    assert json.loads((tmp_path / "deep" / "a.json").read_text(encoding="utf-8")) == {"x": "é"}


def test_an_unwritable_folder_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        write_text(tmp_path / "file" / "below.txt", "x")


def test_what_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    require_writable(None, tmp_path / "new" / "folder" / "report.html")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        require_writable(tmp_path / "file" / "report.html")
    with pytest.raises(OutputError, match="name a file"):
        require_writable(tmp_path)
