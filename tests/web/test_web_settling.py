"""Readings on their way onto the disk and the record, without a server around them."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from neumo.archive.audit_log import verify
from neumo.archive.recording import Recorded
from neumo.archive.store import open_archive
from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.core.reading import Reading, Status
from neumo.web import recorder as recorder_module
from neumo.web.kept import Kept, KeptReadings, kept, lay_out
from neumo.web.problems import Problem
from neumo.web.recorder import Finished, Recorder
from neumo.web.settling import LaidOut, Settling
from neumo.web.uploads import Upload


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Engine]:
    engine = open_archive(f"sqlite:///{tmp_path}/archive.db")
    yield engine
    engine.dispose()


@pytest.fixture
def settling() -> Iterator[Settling]:
    threads = Settling()
    yield threads
    threads.close()


def laid_out(folder: Path, name: str) -> tuple[LaidOut, Kept]:
    reading = Reading(f"{name}.png", name * 64, Status.REFUSED)
    target = folder / "kept" / (name * 2) / name
    temporary, facts = lay_out(target, reading, b"header")
    return LaidOut(temporary, target), facts


def finished(folder: Path, name: str, **named: Any) -> Finished:
    one, facts = laid_out(folder, name)
    upload = folder / f"upload-{name}"
    upload.write_bytes(b"bytes")
    given: dict[str, Any] = {"laid_out": one, "actor": "ana", "shown_to": "ana", **named}
    return Finished(facts, upload=Upload(upload, name, name * 64), **given)


def test_folders_get_their_names_whole_or_not_at_all(tmp_path: Path, settling: Settling) -> None:
    (first, facts), (second, _), (gone, _) = (laid_out(tmp_path, name) for name in "abc")
    for file in gone.temporary.iterdir():
        file.unlink()
    gone.temporary.rmdir()
    faults = settling.settle([first, second, gone])
    assert faults[:2] == [None, None] and isinstance(faults[2], FileNotFoundError)
    assert kept(first.folder) == facts and not gone.folder.exists()
    assert [path.name for path in first.folder.parent.iterdir()] == ["a"]


def test_a_folder_that_is_there_stays(tmp_path: Path, settling: Settling) -> None:
    (first, facts), (again, _) = laid_out(tmp_path, "a"), laid_out(tmp_path, "a")
    assert settling.settle([first, again]) == [None, None]
    assert kept(first.folder) == facts
    assert [path.name for path in first.folder.parent.iterdir()] == ["a"]


def test_all_that_a_folder_holds_is_synced_before_it_has_its_name(
    tmp_path: Path, settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    (one, _), synced, lock = laid_out(tmp_path, "a"), [], threading.Lock()
    true = os.fsync

    def noted(handle: int) -> None:
        with lock:
            synced.append((Path(f"/proc/self/fd/{handle}").readlink(), one.folder.is_dir()))
        true(handle)

    monkeypatch.setattr(os, "fsync", noted)
    settling.settle([one])
    inside = {one.temporary, *(one.temporary / name for name in ("reading.json", "header.dcm"))}
    assert {path for path, named in synced if not named} == inside
    assert {path for path, named in synced if named} == {one.folder.parent, one.folder.parent.parent}


def test_what_was_half_laid_out_goes_at_the_next_start(tmp_path: Path, settling: Settling) -> None:
    (whole, facts), (half, _) = laid_out(tmp_path, "a"), laid_out(tmp_path, "b")
    settling.settle([whole])
    KeptReadings(tmp_path / "kept").tidy()
    assert kept(whole.folder) == facts and not half.temporary.exists()


def together(recorder: Recorder, *given: Finished) -> list[Recorded | BaseException]:
    async def run() -> list[Recorded | BaseException]:
        return await asyncio.gather(*(recorder.record(one) for one in given), return_exceptions=True)

    try:
        return asyncio.run(run())
    finally:
        recorder.close()


def test_readings_that_come_together_share_a_transaction(tmp_path: Path, archive: Engine) -> None:
    commits: list[object] = []
    event.listen(archive, "commit", commits.append)
    outcomes = together(Recorder(archive, lambda: 1), *(finished(tmp_path, name) for name in "abcde"))
    assert [type(outcome) for outcome in outcomes] == [Recorded] * 5
    assert len(commits) == 1 and verify(archive).checkpoint.count == 10
    assert list(tmp_path.glob("upload-*")) == []


def test_one_that_cannot_be_kept_costs_the_others_nothing(tmp_path: Path, archive: Engine) -> None:
    bad, full = finished(tmp_path, "b", actor=" "), finished(tmp_path, "c")
    assert full.laid_out is not None
    for file in full.laid_out.temporary.iterdir():
        file.unlink()
    full.laid_out.temporary.rmdir()
    outcomes = together(
        Recorder(archive, lambda: 1), finished(tmp_path, "a"), bad, full, finished(tmp_path, "d")
    )
    assert [type(outcome) for outcome in outcomes] == [Recorded, ArchiveError, Problem, Recorded]
    assert verify(archive).faults == ()


def test_nothing_is_answered_before_it_is_on_record(
    tmp_path: Path, archive: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ArchiveUnavailableError("away")

    given = [finished(tmp_path, name) for name in "ab"]
    with monkeypatch.context() as patched:
        patched.setattr(recorder_module, "record_together", away)
        outcomes = together(Recorder(archive, lambda: 0), *given)
    assert [type(outcome) for outcome in outcomes] == [ArchiveUnavailableError] * 2
    again = [finished(tmp_path, name, laid_out=None) for name in "ab"]
    assert [type(o) for o in together(Recorder(archive, lambda: 0), *again)] == [Recorded] * 2
