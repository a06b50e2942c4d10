"""Odd names, narrow consoles, full disks and readers who leave: no traceback, and nothing that was read is lost."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.commands import call_neumo, run_neumo
from tests.support.tiny_bundle import make_bundle

NAMES = (b"1.jpeg", b"t\xf3rax.jpeg", b"\xe8\x82\xba.jpeg", b"line\nbreak \x1b[31m.jpeg", b"zz.jpeg")
"""File names: in Latin-1, in Chinese, with control characters, among plain ones."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)


@pytest.fixture
def films(phantoms: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for name, film in zip(NAMES, sorted((phantoms / "test").rglob("*.jpeg")), strict=False):
        shutil.copy(film, folder / os.fsdecode(name))
    return folder


def rows(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as stream:
        return [row["file"] for row in csv.DictReader(stream)]


def lines(file: Path) -> list[str]:
    return [json.loads(line)["file"] for line in file.read_text(encoding="utf-8").splitlines()]


def piped(
    *arguments: object, encoding: str = "utf-8", stdout: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "neumo", *map(str, arguments)],
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "400"},
    )


def test_names_of_any_bytes_reach_every_result_and_are_resumed(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = {name: tmp_path / f"out.{name}" for name in ("json", "csv", "html")}
    arguments = (
        "read", films, "--bundle", bundle, "--json", out["json"], "--csv", out["csv"], "--html", out["html"],
        "--heatmaps", tmp_path / "maps", "--fhir", tmp_path / "fhir", "--archive", f"sqlite:///{tmp_path / 'a.sqlite'}",
    )  # fmt: skip
    call_neumo(capsys, *arguments)
    assert {Path(file).name.encode() for file in lines(out["json"])} == {
        *NAMES[2:], NAMES[0], b"t\\xf3rax.jpeg",
    }  # fmt: skip
    assert rows(out["csv"]) == lines(out["json"]) and len(list((tmp_path / "fhir").iterdir())) == len(NAMES)
    assert "t\\xf3rax.jpeg" in out["html"].read_text(encoding="utf-8")
    whole, first = out["json"].read_bytes(), out["json"].read_bytes().splitlines(keepends=True)[:2]
    out["json"].write_bytes(b"".join(first))
    call_neumo(capsys, *arguments, "--resume")
    assert len(lines(out["json"])) == len(NAMES) and lines(out["json"]) == rows(out["csv"])
    assert [json.loads(line)["sha256"] for line in whole.splitlines()] == [
        json.loads(line)["sha256"] for line in out["json"].read_bytes().splitlines()
    ]
    assert "nothing left to read" in call_neumo(capsys, *arguments, "--resume")


def test_a_console_without_the_letters(bundle: Path, films: Path) -> None:
    for encoding in ("cp1252", "ascii"):
        done = piped("read", films, "--bundle", bundle, "--lang", "es", encoding=encoding)
        assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
        assert b"\\u80ba.jpeg" in done.stdout and b"\x1b[31m" not in done.stdout
    done = piped("read", films, "--bundle", bundle, "--json", "-", encoding="cp1252")
    files = [json.loads(line)["file"] for line in done.stdout.decode("ascii").splitlines()]
    assert len(files) == len(NAMES) and any(file.endswith("肺.jpeg") for file in files)


@pytest.mark.parametrize(
    "arguments",
    [
        ("read", "FILMS", "--bundle", "BUNDLE"),
        ("read", "FILMS", "--bundle", "BUNDLE", "--json", "-"),
        ("bundle", "info", "BUNDLE"),
        ("deidentify", "FILMS", "--out", "OUT", "--help"),
        ("--version",),
    ],
)
def test_a_full_standard_output_is_told(arguments: tuple[str, ...], bundle: Path, films: Path) -> None:
    places = {"FILMS": films, "BUNDLE": bundle}
    with Path("/dev/full").open("wb") as full:
        done = piped(*(places.get(word, word) for word in arguments), stdout=full.fileno())
    told = done.stderr.decode()
    assert done.returncode == 2 and "could not be written (No space left on device)" in told, told
    assert "Traceback" not in told and "Exception ignored" not in told


def test_standard_streams_that_are_closed(bundle: Path, films: Path, tmp_path: Path) -> None:
    """What cannot be printed is told; no file of the command gets the number of a closed stream."""

    def closed(which: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "neumo", *map(str, arguments)]
        return subprocess.run(
            ["sh", "-c", f'exec "$@" {which}', "sh", *command],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    told = closed(">&-", "--version")
    assert told.returncode == 2
    assert told.stderr == "error: standard output: could not be written (Bad file descriptor)\n"
    quiet = closed("<&- >&- 2>&-", "read", films, "--bundle", bundle, "--csv", tmp_path / "r.csv")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert len(rows(tmp_path / "r.csv")) == len(NAMES)


def test_a_full_standard_error_keeps_nobody_from_reading(bundle: Path, films: Path, tmp_path: Path) -> None:
    (films / "broken.png").write_text("no image")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "neumo", "read", str(films), "--bundle", str(bundle),
             "--csv", str(tmp_path / "r.csv"), "--sr", str(tmp_path / "sr")],
            stderr=full, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 1 and len(rows(tmp_path / "r.csv")) == len(NAMES) + 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_closes_standard_output_early_ends_only_that(
    unbuffered: str, bundle: Path, films: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "neumo", "read", str(films), "--bundle", str(bundle), "--json", "-"]
    for more, status in (["--csv", str(tmp_path / "r.csv")], 0), ([], 1):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as closed:
            done = subprocess.run(
                [*command, *more],
                stdout=closed,
                stderr=subprocess.PIPE,
                timeout=120,
                check=False,
                text=True,
                env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            )
        assert done.returncode == status and "Traceback" not in done.stderr, done.stderr
        assert "Exception ignored" not in done.stderr
    assert len(rows(tmp_path / "r.csv")) == len(NAMES)


def test_files_are_written_although_nobody_reads_standard_output(phantoms: Path, tmp_path: Path) -> None:
    commands = (
        ("data", "check", phantoms, "--no-shortcuts", "--json", tmp_path / "check.json"),
        ("monitor", "--archive", f"sqlite:///{tmp_path / 'a.db'}", "--json", tmp_path / "monitor.json"),
    )
    run_neumo("archive", "init", "--database", f"sqlite:///{tmp_path / 'a.db'}")
    for command in commands:
        with Path("/dev/full").open("wb") as full:
            done = piped(*command, stdout=full.fileno())
        assert done.returncode == 2 and b"Traceback" not in done.stderr, done.stderr
    assert json.loads((tmp_path / "check.json").read_text())["images"] == 60
    assert (tmp_path / "monitor.json").is_file()


def test_an_output_that_fails_takes_no_other_with_it_and_is_made_by_resuming(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "r.jsonl"
    arguments = ("read", films, "--bundle", bundle, "--json", target)
    for output in ("--csv", "--html"):
        told = call_neumo(capsys, *arguments, output, "/dev/full", status=2)
        assert "could not be written (No space left on device)" in " ".join(told.split())
        assert len(lines(target)) == len(NAMES)
    told = call_neumo(capsys, *arguments, "--csv", tmp_path / "r.csv", "--resume")
    assert "nothing left to read" in told and rows(tmp_path / "r.csv") == lines(target)
    for only in ("--csv", "--json"):
        told = call_neumo(capsys, "read", films, "--bundle", bundle, only, "/dev/full", status=2)
        assert "could not be written" in told
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("output", ["--json", "--csv", "--html", "--summary"])
def test_no_result_replaces_a_radiograph(
    output: str, bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, other = films / "1.jpeg", tmp_path / "new.jsonl"
    content = film.read_bytes()
    more = () if output == "--json" else ("--json", other)
    told = call_neumo(capsys, "read", films, "--bundle", bundle, output, film, *more, status=2)
    assert "1.jpeg: holds something else than results, and is not replaced" in " ".join(told.split())
    assert film.read_bytes() == content and not other.exists()


def test_results_are_written_through_to_a_device(bundle: Path, films: Path) -> None:
    output = run_neumo("read", films / "1.jpeg", "--bundle", bundle, "--html", "/dev/stdout")
    assert output.startswith("<!") and output.rstrip().endswith("</html>")
    assert Path("/dev/stdout").is_symlink()
