import hashlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support.web_server import Behaviour, serving

from neumo.core.errors import DownloadError, OutputError
from neumo.datasets.download.resumable import download, resumable_bytes

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

CONTENT = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def direct_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def leave_part(url: str, target: Path, size: int) -> None:
    """Interrupt a download after at least `size` bytes, as a user does with Ctrl-C."""

    def interrupt(done: int, total: int | None) -> None:
        if done >= size:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(url, target, progress=interrupt)


def test_a_broken_connection_is_continued_where_it_broke(tmp_path: Path) -> None:
    server = Behaviour(CONTENT, break_after=[300_000, 200_000])
    reports: list[tuple[int, int | None]] = []
    with serving(server) as url:
        target = download(
            url,
            tmp_path / "new/file.zip",
            sha256=sha256(CONTENT).upper(),
            progress=lambda *seen: reports.append(seen),
            pause=0,
        )
    assert target.read_bytes() == CONTENT
    assert [request.get("Range") for request in server.seen] == [None, "bytes=300000-", "bytes=500000-"]
    assert server.seen[1]["If-Range"] == '"one"'
    assert reports[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert [p.name for p in target.parent.iterdir()] == ["file.zip"]


def test_a_server_without_ranges_starts_again(tmp_path: Path) -> None:
    server = Behaviour(CONTENT, ranges=False, break_after=[300_000])
    with serving(server) as url:
        assert download(url, tmp_path / "file", pause=0).read_bytes() == CONTENT
    assert len(server.seen) == 2


def test_a_server_that_names_no_version_is_not_continued(tmp_path: Path) -> None:
    for etag in ("", 'W/"weak"'):
        server = Behaviour(CONTENT, etag=etag, break_after=[300_000])
        with serving(server) as url:
            assert download(url, tmp_path / f"file{len(etag)}", pause=0).read_bytes() == CONTENT
        assert "Range" not in server.seen[1]


def test_an_interrupted_run_keeps_its_part_and_the_next_one_continues(tmp_path: Path) -> None:
    target, server = tmp_path / "file", Behaviour(CONTENT)
    with serving(server) as url:
        leave_part(url, target, 1)
        kept = resumable_bytes(url, target)
        assert 0 < kept < len(CONTENT)
        assert not target.exists()
        assert download(url, target).read_bytes() == CONTENT
    assert server.seen[1]["Range"] == f"bytes={kept}-"


def test_a_file_that_changed_on_the_server_is_fetched_from_the_start(tmp_path: Path) -> None:
    target, server = tmp_path / "file", Behaviour(CONTENT)
    with serving(server) as url:
        leave_part(url, target, 1)
        server.content, server.etag = CONTENT[::-1], '"two"'
        assert download(url, target).read_bytes() == CONTENT[::-1]
    assert server.seen[1]["If-Range"] == '"one"'


def test_a_part_of_another_address_is_not_continued(tmp_path: Path) -> None:
    target, server = tmp_path / "file", Behaviour(CONTENT)
    with serving(server) as url:
        leave_part(url, target, 1)
        download(url + "?version=2", target)
    assert "Range" not in server.seen[1]


def test_a_part_that_is_complete_already_is_taken(tmp_path: Path) -> None:
    target, server = tmp_path / "file", Behaviour(CONTENT)
    with serving(server) as url:
        leave_part(url, target, len(CONTENT))
        assert download(url, target, sha256=sha256(CONTENT)).read_bytes() == CONTENT
    assert len(server.seen) == 2


def test_a_part_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    target, server = tmp_path / "file", Behaviour(CONTENT)
    with serving(server) as url:
        leave_part(url, target, len(CONTENT))
        with (tmp_path / "file.part").open("ab") as stream:
            stream.write(b"more")
        assert download(url, target, pause=0).read_bytes() == CONTENT


def test_a_wrong_digest_leaves_neither_file_nor_part(tmp_path: Path) -> None:
    with (
        serving(Behaviour(CONTENT)) as url,
        pytest.raises(DownloadError, match=r"SHA-256 is .* expected 000"),
    ):
        download(url, tmp_path / "file", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_checked_and_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    nowhere = "http://127.0.0.1:9/file"
    assert download(nowhere, tmp_path / "file", sha256=sha256(CONTENT)).read_bytes() == CONTENT
    with pytest.raises(DownloadError, match="delete it"):
        download(nowhere, tmp_path / "file", sha256="1" * 64)
    assert (tmp_path / "file").exists()


def test_attempts_are_bounded_and_the_message_says_what_is_kept(tmp_path: Path) -> None:
    server = Behaviour(CONTENT, break_after=[300_000, 0, 0, 0])
    with (
        serving(server) as url,
        pytest.raises(DownloadError, match=r"3 times .*300,000 bytes are kept .*again"),
    ):
        download(url, tmp_path / "file", attempts=3, pause=0)
    assert len(server.seen) == 3
    assert (tmp_path / "file.part").stat().st_size == 300_000


def test_a_busy_server_is_asked_again_and_a_refusing_one_is_not(tmp_path: Path) -> None:
    server = Behaviour(CONTENT, statuses=[503, 429])
    with serving(server) as url:
        download(url, tmp_path / "busy", pause=0)
        assert len(server.seen) == 3
        server.statuses = [404]
        with pytest.raises(DownloadError, match=r"answered 404 .*--url"):
            download(url, tmp_path / "refused", pause=0)
    assert len(server.seen) == 4


def test_no_server_is_an_error_of_the_family(tmp_path: Path) -> None:
    with serving(Behaviour(CONTENT)) as url:
        pass
    with pytest.raises(DownloadError, match="failed 2 times"):
        download(url, tmp_path / "file", attempts=2, pause=0)


@pytest.mark.parametrize(
    "url", ["file:///etc/hosts", "ftp://127.0.0.1/x", "chest.zip", "http://", "http://a b/c"]
)
def test_only_web_addresses_are_taken(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="is no http or https address"):
        download(url, tmp_path / "file")


def test_a_redirect_is_followed_within_the_web_only(tmp_path: Path) -> None:
    with serving(Behaviour(CONTENT)) as there, serving(Behaviour(b"", redirect=there)) as here:
        assert download(here, tmp_path / "file").read_bytes() == CONTENT
    unsafe = Behaviour(b"", redirect="ftp://127.0.0.1/x")
    with serving(unsafe) as here, pytest.raises(DownloadError, match="not safe"):
        download(here, tmp_path / "other", pause=0)


def test_a_file_without_declared_length_is_fetched(tmp_path: Path) -> None:
    with serving(Behaviour(CONTENT, length=False)) as url:
        assert download(url, tmp_path / "file").read_bytes() == CONTENT


def test_too_little_space_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=1000)
    monkeypatch.setattr("neumo.datasets.download.partial_file.shutil.disk_usage", lambda folder: usage)
    with (
        serving(Behaviour(CONTENT)) as url,
        pytest.raises(OutputError, match="1,024,000 bytes are needed and 1,000"),
    ):
        download(url, tmp_path / "file")


@pytest.mark.skipif(resource is None, reason="needs limits on file sizes")
def test_a_full_disk_is_said_and_the_part_is_kept(tmp_path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from neumo.core.errors import OutputError
from neumo.datasets.download.resumable import download
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    download(URL, Path({str(tmp_path / "file")!r}))
except OutputError as error:
    print(error)
"""
    with serving(Behaviour(CONTENT)) as url:
        done = subprocess.run(
            [sys.executable, "-c", code.replace("URL", repr(url))],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "file.part: could not be written" in done.stdout, done.stderr
        assert resumable_bytes(url, tmp_path / "file") > 0
        assert download(url, tmp_path / "file").read_bytes() == CONTENT


def test_a_damaged_description_of_the_part_means_a_fresh_start(tmp_path: Path) -> None:
    target, server = tmp_path / "file", Behaviour(CONTENT)
    with serving(server) as url:
        leave_part(url, target, 1)
        state = tmp_path / "file.part.json"
        assert json.loads(state.read_text())["total"] == len(CONTENT)
        state.write_text('{"url": 3')
        assert download(url, target).read_bytes() == CONTENT
    assert "Range" not in server.seen[1]
