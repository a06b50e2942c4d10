"""The Python client against real servers."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.http_server import QuietHandler, serving_with
from tests.support.tiny_bundle import make_bundle
from tests.support.web_running import Running, add_people, running

from neumo.client import (
    AccessError,
    Client,
    DecidedMeanwhileError,
    Job,
    MissingError,
    RemoteImageError,
    ServerError,
    ServerUnavailableError,
)
from neumo.core.answer import Verdict
from neumo.core.decision import Conclusion
from neumo.core.errors import ConfigError, NeumoError, OutputError, UnreadableImageError
from neumo.core.findings import Finding
from neumo.datasets.phantoms.dataset import make_phantoms

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("client-phantoms") / "set"
    make_phantoms(folder, per_class=4, seed=21, size=64)
    return folder


@pytest.fixture(scope="module")
def films(phantoms: Path) -> list[Path]:
    return sorted((phantoms / "train").rglob("*.jpeg"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("client-bundle") / "tiny", phantoms)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("client-web") / "data", bundle, limits__files=3) as started:
        yield started


@pytest.fixture
def client(service: Running) -> Iterator[Client]:
    with Client(service.address) as opened:
        yield opened


def test_a_path_and_its_bytes_are_the_same_reading(client: Client, films: list[Path]) -> None:
    reading = client.read(films[0])
    assert (reading.file, reading.status) == (films[0].name, "read")
    assert sum(reading.probabilities.values()) == pytest.approx(1)
    assert reading.finding in reading.probabilities
    assert client.read(films[0].read_bytes()).id == reading.id
    assert client.reading(reading.id) == reading


def test_names_of_any_script_arrive(client: Client, films: list[Path]) -> None:
    assert client.read(films[1].read_bytes(), name="tórax 胸 50%.jpeg").file == "tórax 胸 50%.jpeg"


def test_more_files_than_a_request_takes_are_read_in_order(
    client: Client, films: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "letter.txt"
    text.write_text("no film")
    seen: list[Job] = []
    files = list(client.read_many([*films[:4], text], progress=seen.append))
    assert [file.index for file in files] == list(range(5))
    assert [file.name for file in files] == [*(film.name for film in films[:4]), "letter.txt"]
    assert [file.status for file in files[:4]] == ["read"] * 4
    assert files[4].status == "failed" and files[4].reading is None and files[4].reasons
    assert len({job.id for job in seen}) == 2 and seen[-1].ended


def test_files_that_cannot_be_opened_fail_in_their_places(
    client: Client, films: list[Path], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    odd = tmp_path / os.fsdecode(b"t\xf3rax.jpeg")
    shutil.copy(films[0], odd)
    paths = [tmp_path / "gone.png", films[0], tmp_path / "pipe.png", tmp_path, odd]
    files = list(client.read_many(paths))
    assert [(file.index, file.status) for file in files] == list(
        enumerate(["failed", "read", "failed", "failed", "read"])
    )
    assert files[4].name == "t_xf3rax.jpeg"
    assert [file.reasons[0].code for file in files if file.reasons] == ["unreadable_file"] * 3


def test_the_worklist_is_followed_over_pages(client: Client, films: list[Path]) -> None:
    for film in films[:4]:
        client.read(film)
    listed = list(client.readings(limit=1))
    assert len(listed) >= 4
    assert len({row.id for row in listed}) == len(listed)
    assert listed == list(client.readings())
    assert [row.id for row in client.readings(sort="time")] == sorted(row.id for row in listed)
    for verdict in Verdict:
        found = list(client.readings(verdict=verdict.value))
        assert [row.id for row in found] == [row.id for row in listed if row.verdict is verdict]
    whole = client.reading(next(row.id for row in listed if row.verdict is not None))
    assert whole.answer is not None and {"sensitivity", "specificity"} <= {
        e.metric for e in whole.answer.evidence
    }
    row = next(row for row in listed if row.id == whole.id)
    assert (row.verdict, row.etiology) == (whole.answer.verdict, whole.answer.etiology)
    assert not list(client.readings(until="2020-01-01"))
    with pytest.raises(ServerError, match="finding"):
        list(client.readings(finding="FLU"))


def test_pictures_and_files(client: Client, films: list[Path]) -> None:
    reading = client.read(films[0])
    assert client.image(reading.id, max_side=32).startswith(PNG)
    assert client.heatmap(reading.id, Finding.NORMAL).startswith(PNG)
    assert b"<html" in client.file(reading.id, "report.html", language="es")
    with pytest.raises(ServerError, match="DICOM") as raised:
        client.file(reading.id, "sr.dcm")
    assert raised.value.code == "not_dicom"


def test_a_reading_says_what_of_it_is_stored(client: Client, service: Running, films: list[Path]) -> None:
    reading = client.read(films[1].read_bytes() + b"to be deleted", name="film.jpeg")
    assert reading.pixels_kept and reading.files_kept
    failed = client.read(films[1].read_bytes()[:200], name="cut.jpeg")
    assert (failed.status, failed.pixels_kept, failed.files_kept) == ("failed", False, True)
    assert b"<html" in client.file(failed.id, "report.html")
    for file in (service.data / "kept").rglob("*.kept"):
        if str(reading.sha256).encode() in file.read_bytes():
            file.unlink()
    deleted = client.reading(reading.id)
    assert (deleted.pixels_kept, deleted.files_kept) == (False, False)
    with pytest.raises(MissingError) as raised:
        client.file(reading.id, "report.html")
    assert raised.value.code == "pixels_deleted"


def test_decisions_are_kept_and_never_overwritten(client: Client, films: list[Path]) -> None:
    reading = client.read(films[2])
    decided = client.decide(reading, Conclusion.OTHER_ABNORMAL, abnormality="hilar mass", note="hilar")
    assert decided.revision == reading.revision + 1
    assert client.decisions(reading.id)[-1].note == "hilar"
    with pytest.raises(DecidedMeanwhileError) as raised:
        client.decide(reading, Conclusion.NORMAL)
    assert raised.value.revision == decided.revision
    assert raised.value.decisions[-1].abnormality == "hilar mass"
    assert client.decide(decided, "AGREE").revision == decided.revision + 1


def test_an_export_is_written_whole_or_not_at_all(client: Client, films: list[Path], tmp_path: Path) -> None:
    reading = client.read(films[0])
    target = client.export(tmp_path / "out" / "readings.csv", ids=[reading.id])
    header, row = target.read_text().splitlines()
    assert header.startswith("id,") and row.startswith(f"{reading.id},")
    with pytest.raises(ServerError, match="422"):
        client.export(tmp_path / "none.csv", finding="FLU")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputError):
        client.export(blocked / "readings.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]


def test_what_cannot_be_read_says_why(client: Client, tmp_path: Path) -> None:
    with pytest.raises(RemoteImageError) as raised:
        client.read(b"no film", name="a.txt")
    assert raised.value.status == 422 and raised.value.members["reasons"]
    assert isinstance(raised.value, UnreadableImageError)
    with pytest.raises(UnreadableImageError, match=r"gone\.png"):
        client.read(tmp_path / "gone.png")
    with pytest.raises(MissingError):
        client.reading(2**31 - 1)
    with pytest.raises(MissingError):
        client.job("../readings")


def test_problems_are_told_in_the_language_asked_for(service: Running) -> None:
    with Client(service.address, language="es") as spanish, pytest.raises(MissingError) as raised:
        spanish.reading(2**31 - 1)
    assert str(raised.value) == f"GET /api/readings/{2**31 - 1}: 404: {raised.value.members['detail']}"


def test_a_job_that_takes_longer_than_asked_goes_on(client: Client, films: list[Path]) -> None:
    job = client.submit([films[5], films[6]])
    with pytest.raises(ServerUnavailableError, match=job.id):
        client.wait(job, timeout=0)
    assert client.wait(job).done == 2
    with pytest.raises(ServerError) as raised:
        client.cancel(job.id)
    assert raised.value.code == "finished"


def test_tokens_open_what_their_scopes_say(bundle: Path, films: list[Path], tmp_path: Path) -> None:
    from neumo.web.people.accounts import Scope, add_token, open_accounts

    add_people(tmp_path / "data", ana="reader")
    accounts = open_accounts(tmp_path / "data")
    token = add_token(accounts, "script", "ana", [Scope.READINGS_READ])
    accounts.dispose()
    with running(tmp_path / "data", bundle) as started:
        with Client(started.address) as nobody, pytest.raises(AccessError) as raised:
            nobody.reading(1)
        assert raised.value.code == "not_logged_in"
        with Client(started.address, token=token) as script:
            assert list(script.readings()) == []
            with pytest.raises(AccessError) as raised:
                script.read(films[0])
            assert raised.value.code == "not_allowed"
        assert token not in started.logged


@contextmanager
def answering(answers: list[tuple[int, dict[str, str]]]) -> Iterator[tuple[str, list[float]]]:
    """A server that gives these answers in turn, and keeps when it was asked."""
    asked: list[float] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            asked.append(time.monotonic())
            status, headers = answers[min(len(asked), len(answers)) - 1]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    with serving_with(Handler) as address:
        yield f"http://{address}", asked


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    with answering([(503, {"Retry-After": "1"}), (429, {"Retry-After": "0"}), (200, {})]) as (url, asked):
        with Client(url) as client:
            assert client.me() == {}
        assert len(asked) == 3
        assert asked[1] - asked[0] >= 1


@pytest.mark.parametrize("patience", [0.0, 1.2])
def test_patience_ends(patience: float) -> None:
    with answering([(503, {"Retry-After": "1"})]) as (url, asked):
        with Client(url, patience=patience) as client, pytest.raises(ServerUnavailableError, match="503"):
            client.me()
        assert len(asked) == (1 if patience == 0 else 2)


def test_a_token_never_follows_a_redirect_elsewhere() -> None:
    with (
        answering([(200, {})]) as (elsewhere, stolen),
        answering([(302, {"Location": f"{elsewhere}/api/me"})]) as (url, _),
        Client(url, token="secret") as client,
    ):
        with pytest.raises(ServerError, match="302"):
            client.me()
        assert not stolen


def test_nobody_there() -> None:
    with answering([(200, {})]) as (url, _):
        pass
    with Client(url) as client, pytest.raises(ServerUnavailableError, match="does not answer"):
        client.me()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://a", "http://", "http://a:x"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        Client(url)


def test_tokens_do_not_cross_a_network_in_clear() -> None:
    with pytest.raises(ConfigError, match="in clear"):
        Client("http://neumo.hospital.example", token="secret")
    Client("https://neumo.hospital.example", token="secret").close()


@pytest.mark.parametrize("kind", [AccessError, MissingError, RemoteImageError, ServerUnavailableError])
def test_every_error_is_of_the_family(kind: Callable[[str], Exception]) -> None:
    assert isinstance(kind("why"), NeumoError)
    assert str(kind("why")) == "why"


def test_the_client_imports_nothing_of_the_server() -> None:
    heavy = ["fastapi", "sqlalchemy", "pydantic", "onnxruntime", "neumo.web"]
    code = f"import sys, neumo.client; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_without_httpx_the_remedy_is_named() -> None:
    code = 'import sys; sys.modules["httpx"] = None; import neumo.client'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "neumo[client]"' in done.stderr.splitlines()[-1]
