"""A server's own faults in background jobs: waited out, then "send again", and never held against a file."""

import asyncio
import errno
import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from neumo.core.errors import ArchiveUnavailableError, ChildStartError
from neumo.imaging.dicom.stored_class import HEAD_BYTES
from neumo.web.config import Limits
from neumo.web.http.problems import Problem
from neumo.web.readings import jobs as module
from neumo.web.readings.archives import Archive
from neumo.web.readings.intake import UploadResult
from neumo.web.readings.jobs import Job, Jobs
from neumo.web.readings.parts import parts_of
from neumo.web.readings.space import SpaceReserve
from neumo.web.readings.uploaded_file import Upload

FAULTS: dict[str, tuple[Callable[[], Exception], str]] = {
    "no space": (lambda: OSError(errno.ENOSPC, "no space left"), "disk_full"),
    "quota": (lambda: OSError(errno.EDQUOT, "quota"), "disk_full"),
    "full, as the reader says": (lambda: Problem(507, "disk_full"), "disk_full"),
    "broken disk": (lambda: OSError(errno.EIO, "input/output error"), "server_fault"),
    "descriptors": (lambda: OSError(errno.EMFILE, "too many open files"), "server_fault"),
    "memory": (MemoryError, "server_fault"),
    "a thread that does not start": (lambda: RuntimeError("can't start new thread"), "server_fault"),
    "no reader": (lambda: ChildStartError("no process can be started"), "server_fault"),
    "database": (lambda: ArchiveUnavailableError("away"), "archive_unavailable"),
}


class FaultyIntake:
    """Reads each file after so many attempts in vain."""

    def __init__(self, fault: Callable[[], Exception], times: int) -> None:
        self._fault, self._times = fault, times
        self.asked: Counter[str] = Counter()

    async def read(self, upload: Upload, _actor: str, **_options: Any) -> UploadResult:
        self.asked[upload.name] += 1
        assert upload.path.exists(), "what is tried again is still there"
        if self.asked[upload.name] <= self._times:
            raise self._fault()
        return UploadResult("read")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)


def archive_of(names: list[str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"\xff\xd8\xff" + name.encode() * 100)
    return buffer.getvalue()


def uploaded(folder: Path, name: str, content: bytes) -> Upload:
    path = folder / f"upload-{name}"
    path.write_bytes(content)
    return Upload(path, name, hashlib.sha256(content).hexdigest(), content[:HEAD_BYTES])


def run(intake: Any, folder: Path, act: Callable[[Jobs, Job], None] = lambda *_: None) -> Job:
    """Return a job of a file and an archive of two, once it has ended."""
    uploads = [uploaded(folder, "a.png", b"x"), uploaded(folder, "b.zip", archive_of(["c.png", "d.png"]))]
    pool: Any = SimpleNamespace(give_back=lambda _places: None, cancel=lambda _future: None)

    async def ended() -> Job:
        jobs = Jobs(intake, pool)
        job = jobs.begin(parts_of(uploads, Limits(), SpaceReserve(folder, 0)), [1, 2], "ada")
        async with asyncio.timeout(30):
            await asyncio.sleep(0.01)
            act(jobs, job)
            while job.ended is None:
                await asyncio.sleep(0.01)
        return job

    job = asyncio.run(ended())
    assert list(folder.iterdir()) == [], "nothing is left of what was uploaded"
    return job


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_that_passes_is_waited_out(kind: str, tmp_path: Path) -> None:
    intake = FaultyIntake(FAULTS[kind][0], times=3)
    job = run(intake, tmp_path)
    assert {(file.name, file.status) for file in job.files} == {
        ("a.png", "read"),
        ("c.png", "read"),
        ("d.png", "read"),
    }
    assert set(intake.asked.values()) == {4}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_that_stays_is_said_to_be_the_servers(kind: str, tmp_path: Path) -> None:
    fault, code = FAULTS[kind]
    job = run(FaultyIntake(fault, times=1000), tmp_path)
    assert [(file.status, file.reasons[0].code) for file in job.files] == [("failed", code)] * 3


@pytest.mark.parametrize(("times", "outcome"), [(2, "read"), (1000, "disk_full")])
def test_members_of_an_archive_wait_for_space_and_are_never_called_damaged(
    times: int, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    written = Archive.unpack

    def unpack(archive: Any, member: Any) -> Upload:
        asked[member.name] += 1
        if asked[member.name] <= times:
            raise Problem(507, "disk_full")
        return written(archive, member)

    monkeypatch.setattr(Archive, "unpack", unpack)
    job = run(FaultyIntake(MemoryError, times=0), tmp_path)
    members = [file for file in job.files if file.upload == 1]
    assert [file.reasons[0].code if file.reasons else file.status for file in members] == [outcome] * 2


def test_a_job_that_waits_can_be_cancelled_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 3600.0)
    monkeypatch.setattr(module, "_MAX_PAUSE", 3600.0)
    intake = FaultyIntake(lambda: OSError(errno.ENOSPC, "full"), times=1000)
    job = run(intake, tmp_path, lambda jobs, job: jobs.cancel(job))
    assert {(file.status, file.reasons[0].code) for file in job.files} == {("cancelled", "cancelled")}
