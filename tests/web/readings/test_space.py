import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from neumo.web.config import Limits
from neumo.web.http.problems import Problem
from neumo.web.readings.archives import open_archive
from neumo.web.readings.space import SpaceReserve
from neumo.web.readings.uploaded_file import Upload


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    disk = SimpleNamespace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: disk)
    return disk


def test_requests_together_keep_to_the_floor(disk: SimpleNamespace, tmp_path: Path) -> None:
    space = SpaceReserve(tmp_path, floor=400)
    with space.reserved(350) as first:
        with pytest.raises(Problem), space.reserved(300):
            pass
        first.use(350)
        disk.free -= 350  # as it has been written
        with space.reserved(250), pytest.raises(Problem), space.reserved(1):
            pass
    with space.reserved(250):
        pass


def test_bytes_that_nobody_stated_are_counted_as_they_come(disk: SimpleNamespace, tmp_path: Path) -> None:
    space = SpaceReserve(tmp_path, floor=400)
    with space.reserved(0) as unstated, space.reserved(500):
        unstated.use(100)
        with pytest.raises(Problem):
            unstated.use(101)
    with space.reserved(0) as unstated:
        unstated.use(600)


def test_what_a_request_does_not_use_is_free_again(disk: SimpleNamespace, tmp_path: Path) -> None:
    space = SpaceReserve(tmp_path, floor=400)
    with pytest.raises(RuntimeError), space.reserved(600):
        raise RuntimeError("cut off")
    with space.reserved(600):
        pass


def test_members_of_archives_and_uploads_together_keep_to_the_floor(
    disk: SimpleNamespace, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a.png", bytes(300))
    space = SpaceReserve(tmp_path, floor=400)
    archive = open_archive(Upload(tmp_path / "a.zip", "a.zip", "", b""), Limits(), space)
    (member,) = archive.members
    before = set(tmp_path.iterdir())
    with space.reserved(301), pytest.raises(Problem) as refused:
        archive.unpack(member)
    assert refused.value.code == "disk_full" and set(tmp_path.iterdir()) == before
    with space.reserved(300):
        assert archive.unpack(member).path.read_bytes() == bytes(300)
    with space.reserved(600):
        archive.close()
