"""Commands of neumo as processes that need not import anything: forked from one program that has imported it before.

They are real processes with streams, signals and an end of their own. Importing costs a second of processor time and
more, and a server is started for nearly every file of tests.
"""

import atexit
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from neumo.core.frames import receive_frame, send_frame

_LIMITS = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CORE)
_ROOT = Path(__file__).parents[2]


class Forked:
    """A command at work, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, server: "_ForkServer", pid: int, words: Sequence[str]) -> None:
        self._server, self._words = server, words
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its status; None while it runs."""
        self._server.hear(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its status when it has ended. Raises TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0 and self.poll() is None:
                raise subprocess.TimeoutExpired(self._words, timeout or 0)
            self._server.hear(left)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


Process = Forked | subprocess.Popen[bytes]
"""A command of a test: forked, or started as a program."""


class _ForkServer:
    """The program that forks, until this process ends."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair()
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fork_server"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )
        theirs.close()
        self._lock = threading.RLock()
        self._running: dict[int, Forked] = {}
        atexit.register(self._end)

    def fork(self, words: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]) -> Forked:
        """Start a command that inherits what a child of this process would."""
        umask = os.umask(0)
        os.umask(umask)
        order = {
            "words": list(words),
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "umask": umask,
            "limits": [(kind, resource.getrlimit(kind)) for kind in _LIMITS],
        }
        with self._lock:
            socket.send_fds(self._link, [b"f"], list(streams))
            send_frame(self._link, order)
            while True:
                told, _ = receive_frame(self._link)
                if "pid" in told:
                    self._running[told["pid"]] = forked = Forked(self, told["pid"], words)
                    return forked
                self._ended(told)

    def hear(self, seconds: float | None) -> None:
        """Wait until a command has ended, at the most so long; None waits for ever."""
        if not self._told(None if seconds is None else max(seconds, 0)):
            return
        with self._lock:
            if self._told(0):  # no other thread heard it
                self._ended(receive_frame(self._link)[0])

    def _told(self, seconds: float | None) -> bool:
        return bool(select.select([self._link], [], [], seconds)[0])

    def _ended(self, told: Mapping[str, int]) -> None:
        self._running.pop(told["ended"]).returncode = told["status"]

    def _end(self) -> None:
        self._link.close()
        self._program.wait(20)


@cache
def _fork_server() -> _ForkServer:
    return _ForkServer()


def start_neumo(words: Sequence[object], stdout: IO[str], stderr: IO[str], **environment: str) -> Process:
    """Start `neumo` with these words and an empty input; its output goes to the files, which stay open here."""
    whole, said = {**os.environ, **environment}, [*map(str, words)]
    path = filter(None, whole.get("PYTHONPATH", "").split(os.pathsep))
    with Path(os.devnull).open() as nothing:
        if any((Path(folder) / "sitecustomize.py").is_file() for folder in path):
            # It changes the interpreter before anything is imported.
            command = [sys.executable, "-m", "neumo.cli.main", *said]
            return subprocess.Popen(command, stdin=nothing, stdout=stdout, stderr=stderr, env=whole)
        streams = [nothing.fileno(), stdout.fileno(), stderr.fileno()]
        return _fork_server().fork(said, whole, streams)


def pipe() -> tuple[IO[str], IO[str]]:
    """Return both ends of a pipe: to read from here, and to give to a command and close then."""
    reading, writing = os.pipe()
    return os.fdopen(reading), os.fdopen(writing, "w")
