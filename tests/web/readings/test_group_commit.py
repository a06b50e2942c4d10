"""Group commit: readings are recorded in batches, without a server around them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.support.finished_files import finished_file

from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.records.audit_log import verify
from neumo.records.database import open_archive
from neumo.records.store import Recorded
from neumo.web.http.problems import Problem
from neumo.web.readings import group_commit
from neumo.web.readings.group_commit import FinishedReading, GroupCommit
from neumo.web.readings.uploaded_file import Upload


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Engine]:
    engine = open_archive(f"sqlite:///{tmp_path}/archive.db")
    yield engine
    engine.dispose()


def finished(folder: Path, name: str, **named: Any) -> FinishedReading:
    file, facts = finished_file(folder, name)
    upload = folder / f"upload-{name}"
    upload.write_bytes(b"bytes")
    given: dict[str, Any] = {"file": file, "actor": "ana", "shown_to": "ana", **named}
    return FinishedReading(facts, upload=Upload(upload, name, name * 64, b"bytes"), **given)


def together(commits: GroupCommit, *given: FinishedReading) -> list[Recorded | BaseException]:
    async def run() -> list[Recorded | BaseException]:
        return await asyncio.gather(*(commits.record(one) for one in given), return_exceptions=True)

    try:
        return asyncio.run(run())
    finally:
        commits.close()


def test_readings_that_come_together_share_a_transaction(tmp_path: Path, archive: Engine) -> None:
    commits: list[object] = []
    event.listen(archive, "commit", commits.append)
    outcomes = together(GroupCommit(archive, lambda: 1), *(finished(tmp_path, name) for name in "abcde"))
    assert [type(outcome) for outcome in outcomes] == [Recorded] * 5
    assert len(commits) == 1 and verify(archive).checkpoint.count == 10
    assert list(tmp_path.glob("upload-*")) == []


def test_one_that_cannot_be_kept_costs_the_others_nothing(tmp_path: Path, archive: Engine) -> None:
    bad, full = finished(tmp_path, "b", actor=" "), finished(tmp_path, "c")
    assert full.file is not None
    full.file.temporary.unlink()
    outcomes = together(
        GroupCommit(archive, lambda: 1), finished(tmp_path, "a"), bad, full, finished(tmp_path, "d")
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
        patched.setattr(group_commit, "record_all", away)
        outcomes = together(GroupCommit(archive, lambda: 0), *given)
    assert [type(outcome) for outcome in outcomes] == [ArchiveUnavailableError] * 2
    again = [finished(tmp_path, name, file=None) for name in "ab"]
    assert [type(o) for o in together(GroupCommit(archive, lambda: 0), *again)] == [Recorded] * 2
