"""Running neumo's commands in tests: as a process of its own, or in this one, which spares seconds of imports."""

import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from tests.support.programs import without_override

from neumo.cli.main import main


def run_neumo(*arguments: object, status: int = 0, obey_permissions: bool = False) -> str:
    """Run a whole command as a user does, if asked for as one without root's rights; return what it printed."""
    command = [sys.executable, "-m", "neumo.cli.main", *map(str, arguments)]
    if obey_permissions:
        command = without_override(command)
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def call_neumo(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    """Run a command in this process; return what it printed."""
    ended = _status(*arguments)
    output = "".join(capsys.readouterr())
    assert ended == status, output
    return output


def call_neumo_once(*arguments: object) -> str:
    """Run a command in this process for a fixture of many tests, which capsys cannot serve; return what it printed."""
    with redirect_stdout(StringIO()) as printed, redirect_stderr(printed):
        ended = _status(*arguments)
    assert ended == 0, printed.getvalue()
    return printed.getvalue()


def _status(*arguments: object) -> int | str:
    before, sys.argv = sys.argv, ["neumo", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as left:
            main()
    finally:
        sys.argv = before
    return left.value.code or 0
