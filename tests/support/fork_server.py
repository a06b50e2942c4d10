"""The program from which `tests.support.forked` forks commands: it imports what they need once, then waits for orders.

Its standard input is the socket to whoever started it. An order is three descriptors, then a frame of what a process
inherits; the answer is {"pid"}, and later, when that process has ended, {"ended", "status"}.
"""

import gc
import importlib
import os
import resource
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final

from tests.support.permissions import OBEY, give_up_override

from neumo.cli import main
from neumo.core.frames import receive_frame, send_frame

_STREAMS: Final = 3
_IMPORTED: Final = (
    "neumo.cli.serve",
    "neumo.cli.listen",
    "neumo.cli.records",
    "neumo.cli.people",
    "neumo.web.server",
    "neumo.dicomnode.node",
    "rich.table",
)


def orders(link: socket.socket) -> list[str] | None:
    """Fork a process for each order until the other side is gone; in each of them, return its words."""
    ended, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakeup)
    waited: list[socket.socket | int] = [link, ended]
    while True:
        ready, _, _ = select.select(waited, [], [])
        if ended in ready:
            os.read(ended, 512)
            _tell_ended(link)
        if link not in ready:
            continue
        _, streams, _, _ = socket.recv_fds(link, 1, _STREAMS)
        if not streams:
            return None
        order, _ = receive_frame(link)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            link.close()
            os.close(ended)
            os.close(wakeup)
            return _become(order, streams)
        for stream in streams:
            os.close(stream)
        send_frame(link, {"pid": child})


def _tell_ended(link: socket.socket) -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if child == 0:
            return
        send_frame(link, {"ended": child, "status": os.waitstatus_to_exitcode(status)})


def _become(order: dict[str, Any], streams: list[int]) -> list[str]:
    """Take over what a process inherits from the one that starts it."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # Whether they can seek was asked when they were made.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["folder"])
    os.umask(order["umask"])
    if os.environ.pop(OBEY, None):
        give_up_override()
    for kind, limits in order["limits"]:
        resource.setrlimit(kind, tuple(limits))
    path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [order["folder"], *filter(None, path), *sys.path]
    words: list[str] = order["words"]
    return words


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides when it ends
    for module in _IMPORTED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # what was imported stays shared
    to_parent = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    asked = orders(to_parent)
    if asked is not None:
        sys.argv = [str(Path(main.__file__)), *asked]
        main.main()
