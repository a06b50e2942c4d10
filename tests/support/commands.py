"""Running neumo's commands in tests: as a process of its own, or in this one, which spares seconds of imports."""

import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from tempfile import TemporaryFile

import pytest
from tests.support.forked import start_neumo
from tests.support.permissions import OBEY

from neumo.cli.main import main

_SECONDS = 240


def run_neumo(*arguments: object, status: int = 0, obey_permissions: bool = False) -> str:
    """Run a whole command as a user does, if asked for as one without root's rights; return what it printed."""
    environment = {OBEY: "1"} if obey_permissions else {}
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        process = start_neumo(arguments, output, errors, **environment)
        try:
            returned = process.wait(_SECONDS)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        told, complained = output.read(), errors.read()
    assert returned == status, told + complained
    assert "Traceback" not in complained
    return told + complained


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
