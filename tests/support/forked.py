"""Commands of neumo, and the children that they ask, as processes that need not import anything.

They are forked from one program that has imported it before, and are real processes with streams, signals and an end of
their own. Importing costs half a second of processor time and more, and a server with a reader is started for nearly
every file of tests.
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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, cast

from tests.support.permissions import OBEY

from neumo.core import child_process
from neumo.core.frames import receive_frame, send_frame

COMMAND, CHILD = "neumo.cli.main", "neumo.core.child"
"""Programs that are forked: their modules have `main`."""
_LIMITS = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CORE)
_ROOT = Path(__file__).parents[2]
_PROGRAM = child_process._program


class Forked:
    """A process at work, with the methods of `subprocess.Popen` that tests and `ChildProcess` use."""

    def __init__(self, link: socket.socket, pid: int, words: Sequence[str]) -> None:
        self._link, self._words = link.detach(), words
        self._lock = threading.Lock()
        self.pid = pid
        self.returncode: int | None = None

    def __del__(self) -> None:
        os.close(self._link)

    def poll(self) -> int | None:
        """Return its status; None while it runs."""
        self._hear(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its status when it has ended. Raises TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0 and self.poll() is None:
                raise subprocess.TimeoutExpired(self._words, timeout or 0)
            self._hear(left)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended, and word of it is on its way
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _hear(self, seconds: float | None) -> None:
        """Wait for its end, at the most so long; None waits for ever."""
        if not self._told(None if seconds is None else max(seconds, 0)):
            return
        with self._lock:
            if self.returncode is None and self._told(0):  # no other thread heard it
                with socket.socket(fileno=os.dup(self._link)) as link:
                    self.returncode = receive_frame(link)[0]["ended"]

    def _told(self, seconds: float | None) -> bool:
        return self.returncode is None and bool(select.select([self._link], [], [], seconds)[0])


Process = Forked | subprocess.Popen[bytes]
"""A command of a test: forked, or started as a program."""


class ForkServer:
    """This process's way to the program that forks; a process forked from it has the same.

    Parameters
    ----------
    orders : socket
        Takes one end of a socket for each process that is wanted; the order itself comes through that.
    """

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders

    def fork(
        self, program: str, words: Sequence[str], environment: Mapping[str, str], files: Sequence[int]
    ) -> Forked:
        """Start a program that inherits what a child of this process would: files are its first descriptors."""
        umask = os.umask(0)
        os.umask(umask)
        order = {
            "program": program,
            "words": list(words),
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "umask": umask,
            "limits": [(kind, resource.getrlimit(kind)) for kind in _LIMITS],
            "forks_children": child_process._program is _forked_child and OBEY not in environment,
            "parent": os.getpid(),
        }
        link, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._orders, [b"o"], [theirs.fileno()])
        socket.send_fds(link, [b"f"], list(files))
        send_frame(link, order)
        return Forked(link, receive_frame(link)[0]["pid"], words)


@cache
def _own_fork_server() -> ForkServer:
    """Start the program that forks until this process ends."""
    orders, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    numbers = orders.fileno(), theirs.fileno()
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.support.fork_server", *map(str, numbers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        pass_fds=numbers,
    )
    theirs.close()

    def end() -> None:
        orders.close()
        program.communicate(timeout=20)

    atexit.register(end)
    return ForkServer(orders)


_inherited: list[ForkServer] = []


def fork_children_through(server: ForkServer) -> None:
    """Have this process, which was forked, start its children from the program that it was forked from."""
    _inherited.append(server)
    child_process._program = _forked_child


@contextmanager
def children_started(*, forked: bool) -> Iterator[None]:
    """Start readers and decoders of this process and of its commands by forking, or as installed ones, in the block."""
    before = child_process._program
    child_process._program = _forked_child if forked else _PROGRAM
    try:
        yield
    finally:
        child_process._program = before


def name_of_child(parent: int) -> str:
    """Return the name (at most 15 characters) of a forked child, which is no child of its parent to the system."""
    return f"of {parent}"


def start_neumo(words: Sequence[object], stdout: IO[str], stderr: IO[str], **environment: str) -> Process:
    """Start `neumo` with these words and an empty input; its output goes to the files, which stay open here."""
    whole, said = {**os.environ, **environment}, [*map(str, words)]
    with Path(os.devnull).open() as nothing:
        if _changes_the_interpreter(whole):
            command = [sys.executable, "-m", COMMAND, *said]
            return subprocess.Popen(command, stdin=nothing, stdout=stdout, stderr=stderr, env=whole)
        return _own_fork_server().fork(
            COMMAND, said, whole, [nothing.fileno(), stdout.fileno(), stderr.fileno()]
        )


def _forked_child(link: socket.socket, watched: int) -> "subprocess.Popen[bytes]":
    """In place of `child_process._program`."""
    if _changes_the_interpreter(os.environ):
        return _PROGRAM(link, watched)
    server = _inherited[0] if _inherited else _own_fork_server()
    with Path(os.devnull).open("r+b", 0) as nowhere:
        files = [link.fileno(), nowhere.fileno(), nowhere.fileno(), watched]
        return cast("subprocess.Popen[bytes]", server.fork(CHILD, ["3"], os.environ, files))


def _changes_the_interpreter(environment: Mapping[str, str]) -> bool:
    """Whether a program does something before it imports anything."""
    path = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    return any((Path(folder) / "sitecustomize.py").is_file() for folder in path)


def pipe() -> tuple[IO[str], IO[str]]:
    """Return both ends of a pipe: to read from here, and to give to a command and close then."""
    reading, writing = os.pipe()
    return os.fdopen(reading), os.fdopen(writing, "w")
