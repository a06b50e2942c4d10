"""Readings on their way onto the disk and the record, without a server around them."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, event

from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.core.reading import Reading, Status
from neumo.records.audit_log import verify
from neumo.records.group_recording import Recorded
from neumo.records.store import open_archive
from neumo.web.http.problems import Problem
from neumo.web.readings import recorder as recorder_module
from neumo.web.readings.group_commit import LaidOut, Settling
from neumo.web.readings.reading_file import (
    SUFFIX,
    Kept,
    KeptReadings,
    kept,
    kept_header,
    kept_maps,
    kept_pixels,
    lay_out,
)
from neumo.web.readings.recorder import Finished, Recorder
from neumo.web.readings.uploads import Upload


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
    target = folder / "kept" / (name * 2) / f"{name}{SUFFIX}"
    temporary, facts = lay_out(target, reading, b"header")
    return LaidOut(temporary, target), facts


def finished(folder: Path, name: str, **named: Any) -> Finished:
    one, facts = laid_out(folder, name)
    upload = folder / f"upload-{name}"
    upload.write_bytes(b"bytes")
    given: dict[str, Any] = {"laid_out": one, "actor": "ana", "shown_to": "ana", **named}
    return Finished(facts, upload=Upload(upload, name, name * 64), **given)


def test_files_get_their_names_whole_or_not_at_all(tmp_path: Path, settling: Settling) -> None:
    (first, facts), (second, _), (gone, _) = (laid_out(tmp_path, name) for name in "abc")
    gone.temporary.unlink()
    faults = settling.settle([first, second, gone])
    assert faults[:2] == [None, None] and isinstance(faults[2], FileNotFoundError)
    assert kept(first.file) == facts and not gone.file.exists()
    assert [path.name for path in first.file.parent.iterdir()] == ["a.kept"]


def test_a_file_that_is_there_stays(tmp_path: Path, settling: Settling) -> None:
    (first, facts), (again, _) = laid_out(tmp_path, "a"), laid_out(tmp_path, "a")
    assert settling.settle([first, again]) == [None, None]
    assert kept(first.file) == facts
    assert [path.name for path in first.file.parent.iterdir()] == ["a.kept"]


def test_a_file_is_synced_before_it_has_its_name(
    tmp_path: Path, settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    (one, _), synced, lock = laid_out(tmp_path, "a"), [], threading.Lock()
    true = os.fsync

    def noted(handle: int) -> None:
        with lock:
            synced.append((Path(f"/proc/self/fd/{handle}").readlink(), one.file.exists()))
        true(handle)

    monkeypatch.setattr(os, "fsync", noted)
    settling.settle([one])
    assert [path for path, named in synced if not named] == [one.temporary]
    assert {path for path, named in synced if named} == {one.file.parent, one.file.parent.parent}


@pytest.mark.parametrize("with_maps", [True, False])
@pytest.mark.parametrize("header", [b"header\nof two lines", None])
def test_what_is_kept_is_what_was_read(tmp_path: Path, with_maps: bool, header: bytes | None) -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (30, 50), dtype=np.uint8)[::2]
    maps = random.normal(size=(3, 4, 5)).astype(np.float32) if with_maps else None
    reading = Reading("a.png", "a" * 64, Status.REFUSED, pixels=pixels, class_maps=maps)
    file, facts = lay_out(tmp_path / "aa" / "a.kept", reading, header)
    found = kept(file)
    assert found is not None and found.to_json() == facts.to_json()
    assert (found.size, found.maps, found.header) == (
        (50, 15),
        maps if maps is None else (3, 4, 5),
        len(header or b""),
    )
    assert np.array_equal(kept_pixels(file), pixels)  # type: ignore[arg-type]
    same = kept_maps(file)
    assert same is None if maps is None else np.array_equal(same, maps)  # type: ignore[arg-type]
    assert kept_header(file) == header
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept(tmp_path / "none") is None and kept_pixels(tmp_path / "none") is None


def test_what_an_earlier_version_kept_as_folders_goes_in_time(tmp_path: Path) -> None:
    old = tmp_path / "kept" / "aa" / ("a" * 64)
    old.mkdir(parents=True)
    (old / "pixels.npy").write_bytes(b"pixels")
    readings = KeptReadings(tmp_path / "kept")
    assert readings.clean(30) == 0 and old.exists()
    assert readings.clean(30, now=time.time() + 31 * 86_400) == 1 and not old.exists()


def test_what_was_half_laid_out_goes_at_the_next_start(tmp_path: Path, settling: Settling) -> None:
    (whole, facts), (half, _) = laid_out(tmp_path, "a"), laid_out(tmp_path, "b")
    settling.settle([whole])
    KeptReadings(tmp_path / "kept").tidy()
    assert kept(whole.file) == facts and not half.temporary.exists()


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
    full.laid_out.temporary.unlink()
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
