"""The program from which `tests.support.forked` forks processes: it imports what they need once, then waits for orders.

Each order comes through a socket of its own: descriptors, then a frame of what a process inherits. The answer is
{"pid"}, and later, when that process has ended, {"ended": status}. The program ends when its standard input does.
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
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.support.forked import CHILD, COMMAND, ForkServer, fork_children_through, name_of_child
from tests.support.permissions import OBEY, give_up_override

from neumo.core.frames import receive_frame, send_frame

_MOST_FILES: Final = 4
_IMPORTED: Final = (
    COMMAND,
    CHILD,
    "neumo.cli.serve",
    "neumo.cli.listen",
    "neumo.cli.records",
    "neumo.cli.people",
    "neumo.web.server",
    "neumo.web.readings.reader_requests",
    "neumo.dicomnode.node",
    "neumo.dicomnode.work.reading",
    "neumo.worker.reader_child",
    "neumo.inference.bundle_trial",
    "rich.table",
)


def orders(link: socket.socket) -> dict[str, Any] | None:
    """Fork a process for each order until nobody can give one; return in each of them what it has become."""
    ended, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakeup)
    asked: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([sys.stdin, link, ended], [], [])
        if ended in ready:
            os.read(ended, 512)
            _tell_ended(asked)
        if sys.stdin in ready:
            return None
        if link not in ready:
            continue
        _, (descriptor,), _, _ = socket.recv_fds(link, 1, 1)
        by = socket.socket(fileno=descriptor)
        _, files, _, _ = socket.recv_fds(by, 1, _MOST_FILES)
        order: dict[str, Any] = receive_frame(by)[0]
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for other in (by, link, *asked.values()):
                other.close()
            os.close(ended)
            os.close(wakeup)
            _become(order, files)
            return order
        for file in files:
            os.close(file)
        asked[child] = by
        send_frame(by, {"pid": child})


def _tell_ended(asked: dict[int, socket.socket]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            child, status = ended
            with asked.pop(child) as by, suppress(OSError):  # whoever wanted it may be gone
                send_frame(by, {"ended": os.waitstatus_to_exitcode(status)})


def _become(order: dict[str, Any], files: list[int]) -> None:
    """Take over what a process inherits from the one that starts it."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
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
    path = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    own = [order["folder"]] if order["program"] == COMMAND else []
    sys.path[:] = [*own, *path, *sys.path]
    if order["program"] == CHILD:
        Path("/proc/self/comm").write_text(name_of_child(order["parent"]), encoding="ascii")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides when it ends
    for module in _IMPORTED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # what was imported stays shared
    ours, theirs = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    found = orders(theirs)
    if found is not None:
        program = importlib.import_module(found["program"])
        sys.argv = [str(program.__file__), *found["words"]]
        if found["forks_children"]:
            fork_children_through(ForkServer(ours))
        program.main()
