from pathlib import Path

import pytest

from neumo.core.errors import OutputError
from neumo.records.reading_file import ReadingFiles
from neumo.web.readings.own_files import new_file, prepare_folder


def test_only_what_is_known_to_be_left_by_a_server_is_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    prepare_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    ours, theirs = (
        new_file(folder),
        [folder / "thesis.docx", folder / ("0" * 32), folder / f"{'neumo-'}{'0' * 31}g"],
    )
    for file in (ours, *theirs):
        file.write_bytes(b"content")
    (folder / "holiday").mkdir()
    linked = new_file(folder)
    linked.symlink_to(theirs[0])
    prepare_folder(folder)
    assert sorted(folder.iterdir()) == sorted([*theirs, folder / "holiday", linked])
    assert all(file.read_bytes() == b"content" for file in theirs)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("")
    with pytest.raises(OutputError, match="choose another data folder"):
        prepare_folder(tmp_path / "uploads")


def test_of_reading_files_only_unfinished_ones_of_a_server_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    ours = tmp_path / "ab" / f".part-{'0' * 16}.kept"
    theirs = [tmp_path / "ab" / name for name in (".part-notes.kept", f".part-{'0' * 16}", "x.kept")]
    for file in (ours, *theirs):
        file.touch()
    ReadingFiles(tmp_path).delete_unfinished()
    assert sorted((tmp_path / "ab").iterdir()) == sorted(theirs)
