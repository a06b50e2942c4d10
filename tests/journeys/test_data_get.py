"""Getting the public data set as a user does: whole commands against a real server on the loopback."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from tests.support.web_server import Behaviour, serving

from neumo.core.errors import DatasetError, DownloadError
from neumo.core.findings import Finding
from neumo.datasets.kermany import KERMANY_COUNTS, get_kermany
from neumo.datasets.layout import open_dataset

NAMES = {
    "train/NORMAL": ["NORMAL"],
    "train/PNEUMONIA": ["BACTERIA", "VIRUS"],
    "test/NORMAL": ["NORMAL"],
    "test/PNEUMONIA": ["BACTERIA", "VIRUS"],
}


def authors_archive(counts: dict[str, int]) -> bytes:
    """An archive with the authors' folders and file names around one grey square."""
    square = io.BytesIO()
    Image.new("L", (8, 8), 90).save(square, "JPEG")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__MACOSX/chest_xray/._train", b"litter")
        for folder, count in counts.items():
            for number in range(count):
                kind = NAMES[folder][number % len(NAMES[folder])]
                archive.writestr(f"chest_xray/{folder}/{kind}-{1000 + number}-0001.jpeg", square.getvalue())
    return packed.getvalue()


SMALL = authors_archive(dict.fromkeys(KERMANY_COUNTS, 4))


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "neumo.cli.main", "data", "get", *map(str, arguments)]


def neumo(*arguments: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(autouse=True)
def direct_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_the_whole_data_set_passes_its_count_and_can_be_read(tmp_path: Path) -> None:
    server = Behaviour(authors_archive(dict(KERMANY_COUNTS)), break_after=[700_000])
    with serving(server) as url:
        get_kermany(tmp_path / "chest_xray", url=url, pause=0)
    assert server.seen[1]["Range"] == "bytes=700000-"
    manifest = open_dataset(tmp_path / "chest_xray")
    assert len(manifest) == 5856
    assert not manifest.synthetic
    assert manifest.counts("test")[Finding.NORMAL] == 234
    assert [p.name for p in tmp_path.iterdir()] == ["chest_xray"]
    assert {p.name for p in (tmp_path / "chest_xray").iterdir()} == {"train", "test", "ATTRIBUTION.txt"}


def test_a_user_gets_an_archive_and_its_attribution(tmp_path: Path) -> None:
    digest = hashlib.sha256(SMALL).hexdigest()
    with serving(Behaviour(SMALL)) as url:
        done = neumo("kermany", tmp_path / "set", "--url", url, "--sha256", digest, "--no-verify-count")
    assert done.returncode == 0, done.stderr
    for word in ("Kermany", "10.17632/rscbjbr9sj.3", "CC BY 4.0"):
        assert word in done.stdout
        assert word in (tmp_path / "set/ATTRIBUTION.txt").read_text()
    assert sum(open_dataset(tmp_path / "set").counts("train").values()) == 8


def test_another_number_of_images_is_refused_and_can_then_be_accepted_without_fetching_again(
    tmp_path: Path,
) -> None:
    server = Behaviour(SMALL)
    with serving(server) as url:
        refused = neumo("kermany", tmp_path / "set", "--url", url)
        assert refused.returncode == 2
        assert "train/NORMAL has 4 instead of 1,349" in " ".join(refused.stderr.split())
        assert [p.name for p in tmp_path.iterdir()] == ["ChestXRay2017.zip"]
        accepted = neumo("kermany", tmp_path / "set", "--url", url, "--no-verify-count")
    assert accepted.returncode == 0, accepted.stderr
    assert len(server.seen) == 1
    assert (tmp_path / "ChestXRay2017.zip").exists()


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_keeps_what_was_fetched_and_the_same_command_continues(tmp_path: Path) -> None:
    server = Behaviour(SMALL, hold_after=4000)
    with serving(server) as url:
        arguments = ("kermany", tmp_path / "set", "--url", url, "--no-verify-count")
        with subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True) as running:
            part = tmp_path / "ChestXRay2017.zip.part"
            until = time.monotonic() + 60
            while not (part.exists() and part.stat().st_size == 4000):
                assert time.monotonic() < until
                time.sleep(0.02)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=60)
        server.release.set()
        assert running.returncode == 130
        assert "4,000 bytes are kept" in said
        assert "Traceback" not in said
        server.hold_after = 0
        assert neumo(*arguments).returncode == 0
    assert server.seen[-1]["Range"] == "bytes=4000-"


def test_faults_end_with_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used/mine.txt").write_text("x")
    with serving(Behaviour(b"<html>no archive</html>", statuses=[404])) as url:
        missing = neumo("kermany", tmp_path / "set", "--url", url)
        no_archive = neumo("kermany", tmp_path / "set", "--url", url)
        used = neumo("kermany", tmp_path / "used", "--url", url)
        local = neumo("kermany", tmp_path / "elsewhere/set", "--url", "file:///etc/hosts")
    for done, words in (
        (missing, "answered 404"),
        (no_archive, "is not a zip archive"),
        (used, "not empty"),
        (local, "no http or https address"),
    ):
        assert done.returncode == 2
        assert words in " ".join(done.stderr.split())
    assert not (tmp_path / "set").exists()
    unknown = neumo("imagenet", tmp_path / "set")
    assert unknown.returncode == 2
    assert "kermany" in unknown.stderr


def test_an_archive_of_other_things_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("OCT2017/train/CNV/a.jpeg", b"x")
    with serving(Behaviour(packed.getvalue())) as url, pytest.raises(DownloadError, match="another archive"):
        get_kermany(tmp_path / "set", url=url)
    assert not (tmp_path / "set").exists()
    with pytest.raises(DatasetError, match="not a folder"):
        get_kermany(tmp_path / "ChestXRay2017.zip", url="http://127.0.0.1:9/x")
