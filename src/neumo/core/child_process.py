"""A Python process of its own that answers requests: killed over time and memory, gone with its parent.

What may crash, hang or take all memory (decoders, and whatever reads a stranger's file) runs in one. The child's side
is `neumo.core.child`.
"""

import atexit
import errno
import mmap
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from neumo.core.errors import ChildError, ChildStartError
from neumo.core.faults import is_out_of_memory
from neumo.core.frames import EXIT_OUT_OF_MEMORY, receive_frame, send_frame
from neumo.core.message import Message

_START_SECONDS: Final = 120.0
"""For a child to import and load what it needs, on a slow and busy machine."""
_REAP_SECONDS: Final = 10.0
"""For a killed child to be gone; only one that waits for a broken disk takes longer."""
_KILL: Final = 9
"""Number of the signal with which nothing ends itself."""
_PAGE: Final = mmap.PAGESIZE


@dataclass(frozen=True, slots=True)
class _Running:
    """A child, the socket to it, and the end of the pipe whose closing kills it."""

    process: "subprocess.Popen[bytes]"
    link: socket.socket
    lifeline: int

    def close(self) -> None:
        """Close this process's ends."""
        self.link.close()
        os.close(self.lifeline)


class ChildProcess:
    """A child that can crash, hang, be stopped or be killed without harm; one thread at a time may ask it.

    Parameters
    ----------
    opener : str
        "module:function" of what runs in the child: from settings to what the child says of itself once it is ready
        (plain values), and the function that answers requests (see `neumo.core.child.Handler`).
    settings : mapping of plain values
    seconds : float
        For one request, after which the child is killed.
    memory_bytes : int or None
        What the child may take beyond what it has once it is ready, after which it is killed (on Linux).
    """

    def __init__(
        self, opener: str, settings: Mapping[str, Any], *, seconds: float, memory_bytes: int | None
    ) -> None:
        self._beginning = {"opener": opener, "settings": settings, "memory_bytes": memory_bytes}
        self._seconds, self._memory_bytes = seconds, memory_bytes
        self._running: _Running | None = None
        self._lock = threading.Lock()
        self._stale, self._max_resident = False, 0
        self._why: str | None = None
        self.ready: Mapping[str, Any] = {}
        """Description that the child gave of itself when it was last started."""
        _living.add(self)

    @property
    def pid(self) -> int | None:
        """Number of the process; None where there is none."""
        running = self._running
        return None if running is None else running.process.pid

    def start(self) -> None:
        """Start the child. Raises ChildStartError with the child's own reason where it has one."""
        try:
            running = _spawn()
        except OSError as error:
            raise ChildStartError(
                "no process can be started ({reason})", reason=error.strerror or error
            ) from error
        with self._lock:
            self._running, self._stale = running, False
        try:
            answer, _ = self._exchange(self._beginning, b"", _START_SECONDS)
        except OSError as error:
            self.end()
            raise ChildStartError("the process ended or hung while it started; try neumo doctor") from error
        if "fault" in answer:
            self.end()
            raise ChildStartError(Message.from_json(answer["fault"]))
        self.ready = answer["ready"]
        self._max_resident = _resident_bytes(running.process.pid) + (self._memory_bytes or 0)

    def ask(self, request: Mapping[str, Any], payload: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Ask the child, which is started anew where it is gone.

        Returns
        -------
        dict
            The answer; where it raised something, "error" (the exception's name), "errno", "own" (the code of a
            fault of this machine, see `own_fault`, or None) and "where".
        bytes
            What came with the answer.

        Raises
        ------
        ChildError
            The child died, was killed, took too long or too much memory over this request.
        ChildStartError
            It does not start.
        """
        running = self._running
        if running is not None and (self._stale or running.process.poll() is not None):
            self.end()
        if self._running is None and self._why is None:
            self.start()
        if self._why is not None:  # perhaps while it started, when there was no process to kill yet
            raise ChildError(self._why, "was killed")
        try:
            return self._exchange(request, payload, self._seconds)
        except OSError as error:
            raise self._error(error) from error

    def kill(self, why: str = "cancelled") -> None:
        """Kill the child from another thread; whoever asks it gets a ChildError, until `allow` is called."""
        with self._lock:
            self._why, self._stale = why, True
            if self._running is not None:
                self._running.process.kill()

    def allow(self) -> None:
        """Forget an earlier `kill`: the next request is meant."""
        self._why = None

    def end(self) -> int | None:
        """Kill the child and wait for its end; safe at any time. Returns its exit status where it had one."""
        with self._lock:
            running, self._running = self._running, None
        if running is None:
            return None
        try:
            running.process.kill()
            return running.process.wait(_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            running.close()

    def _error(self, error: OSError) -> ChildError:
        status = self.end()
        if self._why is not None:
            return ChildError(self._why, "was killed")
        if isinstance(error, TimeoutError):
            return ChildError(
                "timeout", "took longer than {seconds:g} s and was stopped", seconds=self._seconds
            )
        if status == EXIT_OUT_OF_MEMORY or is_out_of_memory(error):
            mebibytes = (self._memory_bytes or 0) // 2**20
            return ChildError(
                "out_of_memory", "needs more memory than allowed ({mebibytes:,} MiB)", mebibytes=mebibytes
            )
        if status == -_KILL:
            return ChildError(
                "killed", "was killed by somebody else, as where the machine runs out of memory"
            )
        return ChildError("crash", "ended the process that worked on it")

    def _exchange(
        self, request: Mapping[str, Any], payload: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        running, deadline = self._running, time.monotonic() + seconds
        if running is None:
            raise BrokenPipeError("the child was ended")
        send_frame(running.link, request, payload, deadline)
        watched = self._memory_bytes is not None and self._max_resident > 0
        return receive_frame(running.link, deadline, self._look_at_memory if watched else None)

    def _look_at_memory(self) -> None:
        running = self._running
        if running is not None and _resident_bytes(running.process.pid) > self._max_resident:
            raise OSError(errno.ENOMEM, "the child takes more memory than allowed")

    def _disown(self) -> None:
        """Leave the child to its parent, in a copy of the parent that fork made."""
        self._lock = threading.Lock()
        running, self._running = self._running, None
        if running is not None:
            _inherited.append(running.process)
            running.close()


def _spawn() -> _Running:
    """Start a child process, with a socket for requests and a pipe whose closing ends it."""
    ours, theirs = socket.socketpair()
    watched, lifeline = os.pipe()
    try:
        process = _program(theirs, watched)
    except BaseException:
        ours.close()
        os.close(lifeline)
        raise
    finally:
        theirs.close()
        os.close(watched)
    return _Running(process, ours, lifeline)


def _program(link: socket.socket, watched: int) -> "subprocess.Popen[bytes]":
    """Start the child program; its standard input is the socket `link`, and it ends when the pipe `watched` closes."""
    windows = sys.platform == "win32"
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "neumo.core.child", str(watched)],
        stdin=subprocess.PIPE if windows else link.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=() if windows else (watched,),
    )
    if sys.platform == "win32":
        assert process.stdin is not None
        with process.stdin:
            process.stdin.write(link.share(process.pid))
    return process


def _resident_bytes(pid: int) -> int:
    """Memory that a process holds; 0 where the system does not tell."""
    try:
        statm = os.open(
            f"/proc/{pid}/statm", os.O_RDONLY
        )  # fifty times a second: a Path costs ten times as much
        try:
            return int(os.read(statm, 128).split()[1]) * _PAGE
        finally:
            os.close(statm)
    except (OSError, IndexError):
        return 0


_living: "weakref.WeakSet[ChildProcess]" = weakref.WeakSet()
_inherited: list["subprocess.Popen[bytes]"] = []
"""Children of the process that this one is a copy of; kept, since Python warns of those that are dropped unwaited."""


def _end_all() -> None:
    for child in list(_living):
        child.end()


def _disown_all() -> None:
    for child in list(_living):
        child._disown()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
