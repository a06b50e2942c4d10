"""Hostile input of the node's port: associations, C-ECHO and C-STORE of which any byte may be wrong."""

import logging
import random
import socket
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pynetdicom import evt
from tests.fuzz.mutations import damaged, number_in
from tests.fuzz.target import Fault, Target
from tests.support.node_peers import association, echoes
from tests.support.node_samples import radiograph

from neumo.dicomnode.config import Limits, ReceiveConfig, Timeouts
from neumo.dicomnode.ops.metrics import Metrics
from neumo.dicomnode.ops.node_log import NodeLog
from neumo.dicomnode.receive.storage_scp import StorageScp
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.data_folder import DataFolder
from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.outbox import Outbox
from neumo.dicomnode.store.queue import Queue

_SEPARATOR = b"\0--then--\0"
"""Between what is sent at once and what is sent after an answer."""
_ECHO_EVERY = 25
_ANSWER, _CLOSING = 0.2, 20.0
"""Seconds: to wait for an answer before going on without one, and for the node to close."""
_MOST_LEFT = 100
"""Threads, and open files, of associations that ended."""
_TAKEN = "answered"


def target() -> Target:
    """Protocol data units (PS3.8 section 9.3), recorded from real associations."""
    with _receiver() as (_, port):
        seeds = _recorded(port)
    return Target(lambda index: mutated(index, seeds), _trying, _TAKEN, peak_mib=1024)


def _recorded(port: int) -> list[bytes]:
    seeds = []
    films = [
        radiograph(study="1.2.3", SeriesInstanceUID="1.2.3.4", SOPInstanceUID=f"1.2.3.4.{n}") for n in (1, 2)
    ]
    for objects in ([], films[:1], films):
        sent: list[bytes] = []
        handlers = [(evt.EVT_DATA_SENT, lambda event, sent=sent: sent.append(bytes(event.data)))]
        with association(port, objects, evt_handlers=handlers) as opened:
            opened.send_c_echo()
            for dataset in objects:
                opened.send_c_store(dataset)
        seeds.append(_SEPARATOR.join((sent[0], b"".join(sent[1:]))))
    return seeds


def mutated(index: int, seeds: list[bytes]) -> bytes:
    """The input of that number."""
    rng = random.Random(index)
    request, _, rest = rng.choice(seeds).partition(_SEPARATOR)
    parts = [bytearray(request), bytearray(rest)]
    others = [part for seed in seeds for part in seed.split(_SEPARATOR)]
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        which = rng.choice((0, 1, 1))
        content = parts[which]
        match rng.randrange(6):
            case 0 | 1 | 2 | 3 as kind:
                content = damaged(content, rng, kind, others)
            case _:  # lengths of units and items lie near their beginning
                head = number_in(content[:300], rng, rng.choice((1, 2, 4)), rng.choice("<>>"))
                content = head + content[300:]
        parts[which] = content
    return _SEPARATOR.join(parts)


@contextmanager
def _receiver() -> Iterator[tuple[Shared, int]]:
    with tempfile.TemporaryDirectory() as name:
        folder = DataFolder(Path(name) / "node")
        database = Database(folder.root / "queue.sqlite3")
        shared = Shared(folder, Queue(database, "b" * 64), Outbox(database), Metrics(), NodeLog(b"k" * 32))
        limits = Limits(associations=50, object_bytes=2**20, queue=10**7, free_bytes=0)
        timeouts = Timeouts(idle=5, network=5, artim=5)
        scp = StorageScp(ReceiveConfig(port=0, limits=limits, timeouts=timeouts), shared, lambda: None)
        try:
            yield shared, scp.start()
        finally:
            scp.stop(5)
            database.close()


@contextmanager
def _trying() -> Iterator[Callable[[bytes], str]]:
    logging.disable(logging.CRITICAL)  # what is refused is logged, and is no fault
    warnings.simplefilter("ignore")
    died: list[str] = []
    threading.excepthook = lambda ended: None if _is_reactor(ended) else died.append(repr(ended.exc_value))
    tried = 0
    with _receiver() as (shared, port):

        def tries(content: bytes) -> str:
            nonlocal tried
            tried += 1
            outcome = _outcome_of(content, port)
            if died:
                raise Fault(f"a thread of the node ended: {died}")
            if tried % _ECHO_EVERY == 0:
                if not echoes(port):
                    raise Fault("others are served no more")
                _require_sound(shared)
            return outcome

        yield tries
        _require_sound(shared)
        threads, files = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
        if threads > _MOST_LEFT or files > _MOST_LEFT:
            raise Fault(f"{threads} threads and {files} open files are left")


def _is_reactor(ended: threading.ExceptHookArgs) -> bool:
    """Whether pynetdicom gave a connection up: its thread ends, and what counts is that the connection is closed."""
    return ended.thread is not None and "run_reactor" in ended.thread.name


def _require_sound(shared: Shared) -> None:
    """Every object that is queued lies on the disk, and nothing else does."""
    queued = {shared.folder.root / path for path in shared.queue.paths()}
    there = set(shared.folder.root.glob("objects/**/*.dcm"))
    if queued - there:
        raise Fault("an object was acknowledged and is not there")


def _outcome_of(content: bytes, port: int) -> str:
    begin, _, rest = content.partition(_SEPARATOR)
    got = b""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=_CLOSING) as link,
        suppress(OSError),
    ):  # closed already
        link.sendall(begin)
        link.settimeout(_ANSWER)
        with suppress(TimeoutError):
            got += link.recv(65536)
        link.settimeout(_CLOSING)
        link.sendall(rest)
        link.shutdown(socket.SHUT_WR)
        while received := _received(link):
            got += received
    kinds: dict[Any, str] = {2: _TAKEN, 3: "rejected", 7: "aborted"}
    return kinds.get(got[0] if got else None, "closed")


def _received(link: socket.socket) -> bytes:
    try:
        return link.recv(65536)
    except TimeoutError:
        raise Fault(f"the node did not close within {_CLOSING:g} s") from None
