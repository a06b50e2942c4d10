"""The data folder: objects whole or not at all, private, and swept after a crash."""

import os
from pathlib import Path

import pytest

from neumo.core.errors import NodeError
from neumo.dicomnode.store.data_folder import DataFolder


def test_an_object_is_written_privately_and_under_a_new_name_each_time(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "node")
    first, second = (folder.write_object("1.2", [b"a", memoryview(b"b")]) for _ in range(2))
    assert first != second
    assert (folder.root / first).read_bytes() == (folder.root / second).read_bytes() == b"ab"
    assert (folder.root / first).stat().st_mode & 0o777 == 0o600
    assert folder.root.stat().st_mode & 0o777 == 0o700
    folder.delete_object(first)
    folder.delete_object(first)
    assert not (folder.root / first).exists() and (folder.root / second).exists()


def test_results_are_listed_in_order_and_deleted(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "node")
    results = folder.results_folder("ab" * 32)
    assert folder.result_files("ab" * 32) == []
    results.mkdir()
    for name in ("01.dcm", "00.dcm", "reading.json"):
        (results / name).touch()
    assert [file.name for file in folder.result_files("ab" * 32)] == ["00.dcm", "01.dcm"]
    folder.delete_results("ab" * 32)
    folder.delete_results("ab" * 32)
    assert not results.exists()


def test_the_sweep_removes_what_was_never_acknowledged(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "node")
    kept, lost = folder.write_object("1.2", [b"a"]), folder.write_object("1.2", [b"a"])
    (folder.objects / "00" / ".part-x").write_bytes(b"half")
    (folder.results / "00" / ".part-y").mkdir()
    assert folder.sweep(frozenset([kept])) == 3
    assert (folder.root / kept).exists() and not (folder.root / lost).exists()


def test_two_nodes_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "node")
    with folder.locked(), pytest.raises(NodeError, match="another node"), folder.locked():
        pass
    with folder.locked():
        pass


def test_free_space_is_that_of_the_file_system(tmp_path: Path) -> None:
    state = os.statvfs(tmp_path)
    assert 0 < DataFolder(tmp_path / "node").free_bytes() <= state.f_blocks * state.f_frsize


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NodeError, match=r"data: .* cannot be used"):
        DataFolder(tmp_path / "file" / "node")
