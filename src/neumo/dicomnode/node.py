"""The whole node: puts receiver, queue, workers, dispatchers and health together, starts and stops them."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neumo.dicomnode.config import NodeConfig
from neumo.dicomnode.database import Database
from neumo.dicomnode.ops.health import HealthServer
from neumo.dicomnode.ops.janitor import Janitor
from neumo.dicomnode.ops.logs import NodeLog, load_key
from neumo.dicomnode.ops.metrics import Metrics
from neumo.dicomnode.receive.receiver import Receiver
from neumo.dicomnode.send.dispatcher import Dispatcher, way_to
from neumo.dicomnode.send.outbox import Outbox
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.storage import Storage
from neumo.dicomnode.work.queue import Queue
from neumo.dicomnode.work.reading_process import ReadingProcess
from neumo.dicomnode.work.worker import Worker

if TYPE_CHECKING:
    from neumo.dicomnode.send.recorder import Recorder


@dataclass(frozen=True)
class Running:
    """A node that is at work.

    Attributes
    ----------
    port : int
        Of the Storage SCP.
    health_port : int or None
    shared : Shared
    """

    port: int
    health_port: int | None
    shared: Shared


@contextmanager
def running(config: NodeConfig, *, reconsider: bool = False) -> Iterator[Running]:
    """Run a node while the block runs, and stop it gracefully afterwards.

    Parameters
    ----------
    config : NodeConfig
    reconsider : bool
        Queue again what earlier was set aside.

    Raises
    ------
    NodeError
        A port, the folder, TLS files or the reader cannot be used; nothing runs then.
    ConfigError
        A password file cannot be read.
    ArchiveError
        The archive's URL or key cannot be used; that its database is away is no fault.
    """
    storage = Storage(config.data)
    with storage.locked():
        log = NodeLog(load_key(config.data / "node.key"))
        processes = [ReadingProcess(config.read) for _ in range(config.read.processes)]
        try:
            (bundle,) = {process.start() for process in processes}
            database = Database(config.data / "queue.sqlite3")
            try:
                shared = Shared(storage, Queue(database, bundle), Outbox(database), Metrics(), log)
                recorder = _recorder(config, shared)
                _recover(config, shared, reconsider)
                with _at_work(config, shared, processes, recorder) as ports:
                    log.info("started", port=ports[0], health_port=ports[1], bundle=bundle)
                    yield Running(*ports, shared)
            finally:
                database.close()
        finally:
            for process in processes:
                process.end()


def _recover(config: NodeConfig, shared: Shared, reconsider: bool) -> None:
    broken = shared.queue.recover(config.read.interruptions)
    shared.outbox.recover()
    swept = shared.storage.sweep(frozenset(shared.queue.paths()))
    again = shared.queue.reconsider() + shared.outbox.reconsider() if reconsider else 0
    shared.log.info(
        "recovered", interrupted=broken, swept=swept, reconsidered=again, waiting=shared.queue.waiting()
    )


def _recorder(config: NodeConfig, shared: Shared) -> "Recorder | None":
    if config.archive is None:
        return None
    from neumo.dicomnode.send.recorder import Recorder, open_register

    return Recorder(open_register(config.archive, config.data), config.send.retry, shared)


@contextmanager
def _at_work(
    config: NodeConfig, shared: Shared, processes: Sequence[ReadingProcess], recorder: "Recorder | None"
) -> Iterator[tuple[int, int | None]]:
    """Run all threads while the block runs; yield the ports of the Storage SCP and of the health server."""
    send = config.send
    destinations = [destination.name for destination in send.to]
    always = [] if recorder is None else [recorder.destination]
    workers = [Worker(config.read, shared, process, destinations, always) for process in processes]
    dispatchers = [
        Dispatcher(destination.name, way_to(destination, config.receive.ae_title), send, shared)
        for destination in send.to
    ]
    threads: list[Worker | Dispatcher | Recorder | Janitor] = [
        *workers,
        *dispatchers,
        *([] if recorder is None else [recorder]),
        Janitor(shared, config.keep_days),
    ]

    def wake() -> None:
        for worker in workers:
            worker.wake()

    def faults() -> Mapping[str, str]:
        return _faults(config, shared, [thread.name for thread in threads if not thread.is_alive()])

    receiver = Receiver(config.receive, shared, wake)
    shared.metrics.watch(shared.queue, shared.outbox)
    health = HealthServer(config.health, shared.metrics.registry, faults) if config.health else None
    try:
        for thread in threads:
            thread.start()
        yield receiver.start(), health.start() if health else None
    finally:
        shared.log.info("stopping")
        deadline = time.monotonic() + config.stop_seconds
        started = [thread for thread in threads if thread.ident is not None]
        for thread in started:
            thread.stop()
        receiver.stop(config.stop_seconds)
        for thread in started:
            thread.join(max(0.0, deadline - time.monotonic()))
        for worker in workers:
            if worker.is_alive():
                worker.break_off()
                worker.join(5)
        if health:
            health.stop()
        shared.log.info("stopped", waiting=shared.queue.waiting())


def _faults(config: NodeConfig, shared: Shared, dead: Sequence[str]) -> Mapping[str, str]:
    found = {f"thread {name}": "has ended; restart the node and look at its log" for name in dead}
    try:
        if shared.storage.free_bytes() < config.receive.limits.free_bytes:
            found["disk"] = "less space is left than receive.limits.free_bytes; objects are not taken"
        if shared.queue.waiting() >= config.receive.limits.queue:
            found["queue"] = "receive.limits.queue is reached; objects are not taken"
    except (OSError, sqlite3.Error) as error:
        found["data"] = f"the data folder does not answer ({type(error).__name__})"
    return found
