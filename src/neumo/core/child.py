"""The child's side of `neumo.core.child_process`, which runs it with `python -m`.

The socket to the parent is standard input; standard output and error lead nowhere, so whatever a library prints
disturbs nothing. On Linux the child is killed with its parent, even while foreign code hangs in it or it is stopped.
"""

import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from neumo.core.errors import NeumoError
from neumo.core.faults import OWN_FAULTS, is_out_of_memory, own_fault, where_raised
from neumo.core.frames import EXIT_OUT_OF_MEMORY, receive_frame, send_frame
from neumo.core.message import Message
from neumo.core.starting import without_garbage_collection

Handler = Callable[[Mapping[str, Any], bytes], tuple[Mapping[str, Any], bytes]]
"""From a request, and the bytes that came with it, to an answer and bytes."""
_SPARE_ADDRESSES: Final = 2**30


def main() -> None:
    """Start what the parent asks for, say that it is ready or why it is not, then answer until the parent is gone."""
    # Orders to stop reach the whole group of processes; the parent decides when its children end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = _link_to_parent()
    try:
        handler = _started(link)
        while handler is not None:
            request, payload = receive_frame(link)
            send_frame(link, *_answer(handler, request, payload))
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)
    except OSError:  # the parent is gone
        return


def load_function(name: str) -> Callable[..., Any]:
    """Import a function by "module:function". Raises ImportError or AttributeError."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def limit_memory(memory_bytes: int) -> None:
    """Bound this process's address space (on Linux), so that no allocation can outrun its parent, which watches it.

    Far above what the parent allows: libraries in C answer a failed allocation by ending their process, or by calling
    the file corrupt.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + 2 * memory_bytes + _SPARE_ADDRESSES
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:  # a child of a child stays within its parent's limit
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _started(link: socket.socket) -> Handler | None:
    settings, _ = receive_frame(link)
    try:
        with without_garbage_collection():
            ready, handler = load_function(settings["opener"])(settings["settings"])
    except NeumoError as error:
        send_frame(link, {"fault": error.message.to_json()})
        return None
    except Exception as error:  # its words may hold anything; kind and place say what to look at
        own = own_fault(error)
        fault = Message(
            "cannot be loaded ({kind} at {place})", kind=type(error).__name__, place=where_raised(error)
        )
        if own is not None:
            fault = Message("cannot be loaded, for a fault of this machine: {fault}", fault=OWN_FAULTS[own])
        send_frame(link, {"fault": fault.to_json()})
        return None
    if settings["memory_bytes"] is not None:
        limit_memory(settings["memory_bytes"])
    send_frame(link, {"ready": ready})
    found: Handler = handler
    return found


def _answer(handler: Handler, request: Mapping[str, Any], payload: bytes) -> tuple[Mapping[str, Any], bytes]:
    try:
        return handler(request, payload)
    except Exception as error:  # whatever one request does, the next is answered
        if is_out_of_memory(error):
            os._exit(EXIT_OUT_OF_MEMORY)
        errno = error.errno if isinstance(error, OSError) else None
        own = own_fault(error)
        return {"error": type(error).__name__, "errno": errno, "own": own, "where": where_raised(error)}, b""


def _link_to_parent() -> socket.socket:
    if sys.platform == "win32":
        return socket.fromshare(sys.stdin.buffer.read())
    if sys.platform == "linux":
        _die_with_parent(int(sys.argv[1]))
    link = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    return link


def _die_with_parent(lifeline: int) -> None:
    """Have the kernel kill this process as soon as the other end of a pipe, which only the parent holds, is closed.

    PR_SET_PDEATHSIG would kill it when the parent's thread ends that started it; a thread that waits here would not run
    while foreign code holds the interpreter's lock.
    """
    import fcntl

    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | fcntl.FASYNC)
    poll = select.poll()
    poll.register(lifeline, 0)
    if poll.poll(0):  # closed before this was set up
        os._exit(1)


if __name__ == "__main__":
    main()
