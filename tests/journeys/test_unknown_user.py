"""Containers give processes any user number, without an entry in the password database and without a home."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

NUMBER = 12345
_NOBODY = """
import os, pwd, runpy, sys
def unknown(_number):
    raise KeyError("getpwuid(): uid not found")
pwd.getpwuid = unknown
runpy.run_module("neumo.cli.main", run_name="__main__", alter_sys=True)
"""


def command(*arguments: object) -> list[str]:
    """Return a command that runs neumo as a user whom nobody knows; without root, as one that Python does not find."""
    words = [*map(str, arguments)]
    if os.geteuid() != 0:
        return [sys.executable, "-c", _NOBODY, *words]
    # The interpreter may lie in root's own folder, which the user must be able to pass through.
    rights = [f"--{kind}=-all,+dac_read_search" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "setpriv comes with util-linux"
    stranger = [setpriv, f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups", *rights]
    return [*stranger, sys.executable, "-m", "neumo.cli.main", *words]


def environment(**changed: str) -> dict[str, str]:
    unset = (
        "HOME",
        "XDG_DATA_HOME",
        "XDG_CACHE_HOME",
        "NEUMO_BUNDLE",
        "NEUMO_BUNDLES",
        "LOGNAME",
        "USER",
        "LNAME",
    )
    # A stranger could not write coverage's data files beside this clone.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in (*unset, "USERNAME") and not name.startswith("COV")
    }
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", **changed}


def run(*arguments: object, status: int = 0, **changed: str) -> str:
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=environment(**changed),
        cwd="/",
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def film(phantoms: Path) -> Path:
    return next((phantoms / "test").rglob("*.jpeg"))


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that the user may write."""
    folder = tmp_path_factory.mktemp("unknown")
    if os.geteuid() == 0:
        os.chown(folder, NUMBER, NUMBER)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_reads_and_records(film: Path, place: Path) -> None:
    output = run("read", film, "--json", "-", "--archive", f"sqlite:///{place / 'archive.db'}")
    assert '"status": ' in output
    with closing(sqlite3.connect(place / "archive.db")) as archive:
        assert archive.execute("SELECT DISTINCT actor FROM audit_log").fetchall() == [("unknown",)]


def test_an_unknown_bundle_is_an_error_and_no_crash(film: Path) -> None:
    assert "nothing: no such bundle folder" in run("read", film, "--bundle", "nothing", status=2)


def test_the_doctor_finds_nothing_wrong() -> None:
    assert {check["outcome"] for check in json.loads(run("doctor", "--json"))} <= {"fine", "warning"}


def test_a_server_asks_for_a_folder_and_runs_with_one(place: Path) -> None:
    serve = ("serve", "--no-browser", "--port", "0")
    assert "give --data, or set XDG_DATA_HOME" in run(*serve, status=2)
    process = subprocess.Popen(
        command(*serve, "--data", place / "data", "--set", "read.threads=1", "--set", "read.processes=1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
        cwd="/",
    )
    assert process.stdout is not None
    try:
        assert re.search(r"http://\S+/", process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only another user is kept out of a folder")
def test_a_home_of_somebody_else_is_named_in_the_error(film: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    run("read", film, HOME=str(home))
    assert f"{home}" in run("serve", "--no-browser", "--port", "0", HOME=str(home), status=2)
