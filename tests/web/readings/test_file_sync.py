"""File sync: files are renamed once they are on disk (fsync)."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.finished_files import finished_file

from neumo.records.reading_file import ReadingFiles, load_reading_file
from neumo.web.readings.file_sync import FileSync


@pytest.fixture
def files() -> Iterator[FileSync]:
    threads = FileSync()
    yield threads
    threads.close()


def test_files_get_their_names_whole_or_not_at_all(tmp_path: Path, files: FileSync) -> None:
    (first, facts), (second, _), (gone, _) = (finished_file(tmp_path, name) for name in "abc")
    gone.temporary.unlink()
    faults = files.publish([first, second, gone])
    assert faults[:2] == [None, None] and isinstance(faults[2], FileNotFoundError)
    assert load_reading_file(first.target) == facts and not gone.target.exists()
    assert [path.name for path in first.target.parent.iterdir()] == ["a.kept"]


def test_a_file_that_is_there_stays(tmp_path: Path, files: FileSync) -> None:
    (first, facts), (again, _) = finished_file(tmp_path, "a"), finished_file(tmp_path, "a")
    assert files.publish([first, again]) == [None, None]
    assert load_reading_file(first.target) == facts
    assert [path.name for path in first.target.parent.iterdir()] == ["a.kept"]


def test_a_file_is_synced_before_it_has_its_name(
    tmp_path: Path, files: FileSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, _), synced, lock = finished_file(tmp_path, "a"), [], threading.Lock()
    true = os.fsync

    def noted(handle: int) -> None:
        with lock:
            synced.append((Path(f"/proc/self/fd/{handle}").readlink(), one.target.exists()))
        true(handle)

    monkeypatch.setattr(os, "fsync", noted)
    files.publish([one])
    assert [path for path, named in synced if not named] == [one.temporary]
    assert {path for path, named in synced if named} == {one.target.parent, one.target.parent.parent}


def test_an_unfinished_file_is_deleted_at_the_next_start(tmp_path: Path, files: FileSync) -> None:
    (whole, facts), (half, _) = finished_file(tmp_path, "a"), finished_file(tmp_path, "b")
    files.publish([whole])
    ReadingFiles(tmp_path / "kept").delete_unfinished()
    assert load_reading_file(whole.target) == facts and not half.temporary.exists()
