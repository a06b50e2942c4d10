"""The whole node: starts and stops its Storage SCP, workers, dispatchers, recorder, retention and health server."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from neumo.core.keys import load_key
from neumo.dicomnode.config import CANARY, CanaryConfig, NodeConfig
from neumo.dicomnode.ops.canary_state import canary_fault
from neumo.dicomnode.ops.health import HealthServer
from neumo.dicomnode.ops.metrics import Metrics
from neumo.dicomnode.ops.node_log import NodeLog
from neumo.dicomnode.ops.retention import Retention
from neumo.dicomnode.receive.storage_scp import StorageScp
from neumo.dicomnode.send.dispatcher import Dispatcher
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.data_folder import DataFolder
from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.outbox import Outbox
from neumo.dicomnode.store.queue import Queue
from neumo.dicomnode.work.worker import Worker
from neumo.results.kinds import USUAL, Kind
from neumo.sending.destinations import CStoreDestination
from neumo.sending.sender import sender_to
from neumo.worker.reader_process import ReaderProcess

if TYPE_CHECKING:
    from neumo.dicomnode.send.recorder import Recorder

_HANDLER: Final = "neumo.dicomnode.work.reading:open_handler"
_CANARY_WAIT: Final = 60.0
"""Longest wait in seconds between attempts to send the canary's results back."""


@dataclass(frozen=True)
class Running:
    """A running node.

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
    """Run a node while the block runs, then shut it down gracefully.

    Parameters
    ----------
    config : NodeConfig
    reconsider : bool
        Queue again what was set aside earlier.

    Raises
    ------
    KeyFileError
        A key cannot be used.
    NodeError
        A port, the data folder or TLS files cannot be used; nothing runs then.
    ChildStartError
        The reader cannot be started.
    ConfigError
        A password file cannot be read.
    ArchiveError
        The archive's URL or key cannot be used; a database that does not answer yet is no fault.
    """
    folder = DataFolder(config.data)
    with folder.locked():
        log = NodeLog(load_key(config.data / "node.key"))
        radiographs = config.archive is not None and config.archive.keeps_radiographs
        processes = [
            ReaderProcess(
                config.read,
                _HANDLER,
                results=config.read.results,
                language=config.language,
                objects=config.objects,
                radiographs=radiographs,
            )
            for _ in range(config.read.processes)
        ]
        try:
            for process in processes:
                process.start()
            (bundle,) = {process.bundle_digest for process in processes}
            database = Database(config.data / "queue.sqlite3")
            try:
                shared = Shared(
                    folder, Queue(database, bundle, config.send.ahead), Outbox(database), Metrics(), log
                )
                recorder = _recorder(config, shared)
                _recover(config, shared, reconsider)
                with _started(config, shared, processes, recorder) as ports:
                    log.info("started", port=ports[0], health_port=ports[1], bundle=bundle)
                    for code in processes[0].site_warnings:
                        log.warning(code, bundle=bundle)
                    yield Running(*ports, shared)
            finally:
                database.close()
        finally:
            for process in processes:
                process.end()


def _recover(config: NodeConfig, shared: Shared, reconsider: bool) -> None:
    broken = shared.queue.recover()
    shared.outbox.recover()
    swept = shared.folder.sweep(frozenset(shared.queue.paths()))
    again = _reconsider(shared) if reconsider else 0
    shared.log.info(
        "recovered", interrupted=broken, swept=swept, reconsidered=again, waiting=shared.queue.waiting()
    )


def _reconsider(shared: Shared) -> int:
    """Queue set-aside objects and deliveries again, and delete the objects' reports; return how many were queued."""
    for job in shared.queue.all_set_aside():
        shared.folder.delete_results(job.key)
    return shared.queue.reconsider() + shared.outbox.reconsider()


def _recorder(config: NodeConfig, shared: Shared) -> "Recorder | None":
    if config.archive is None:
        return None
    from neumo.dicomnode.send.recorder import Recorder, open_register

    return Recorder(open_register(config.archive, config.data), config.send.retry, shared)


@contextmanager
def _started(
    config: NodeConfig, shared: Shared, processes: Sequence[ReaderProcess], recorder: "Recorder | None"
) -> Iterator[tuple[int, int | None]]:
    """Run all threads while the block runs; yield the ports of the Storage SCP and of the health server."""
    send, running_since = config.send, time.time()
    destinations = [destination.name for destination in send.to]
    recording = [] if recorder is None else [recorder.destination]
    workers = [Worker(config.read, shared, process, destinations, recording) for process in processes]
    dispatchers = [
        Dispatcher(
            destination.name,
            sender_to(destination, config.receive.ae_title, "send.to"),
            send,
            shared,
            _other_classes(config, destination.objects),
        )
        for destination in send.to
    ]
    if config.canary is not None:
        dispatchers.append(_canary_dispatcher(config, config.canary, shared))
        shared.metrics.watch_canary(config.canary_state)
    threads: list[Worker | Dispatcher | Recorder | Retention] = [
        *workers,
        *dispatchers,
        *([] if recorder is None else [recorder]),
        Retention(
            shared.queue,
            shared.folder,
            shared.log,
            config.keep_days,
            None if recorder is None else recorder.delete_radiographs,
        ),
    ]

    def wake() -> None:
        for worker in workers:
            worker.wake()

    def faults() -> Mapping[str, str]:
        found = _faults(config, shared, [thread.name for thread in threads if not thread.is_alive()])
        if config.canary is not None:
            missing = canary_fault(config.canary_state, config.canary.hours, running_since)
            found |= {} if missing is None else {"canary": missing}
        return found | _troubles(workers)

    def set_aside() -> Mapping[str, int]:
        return {"objects": shared.queue.counts()["set_aside"], "deliveries": shared.outbox.set_aside_count()}

    canary = None if config.canary is None else config.canary.ae_title
    scp = StorageScp(config.receive, shared, wake, canary)
    shared.metrics.watch(shared.queue, shared.outbox)
    health = (
        HealthServer(config.health, shared.metrics.registry, faults, set_aside) if config.health else None
    )
    try:
        for thread in threads:
            thread.start()
        yield scp.start(), health.start() if health else None
    finally:
        shared.log.info("stopping")
        deadline = time.monotonic() + config.stop_seconds
        started = [thread for thread in threads if thread.ident is not None]
        for thread in started:
            thread.stop()
        scp.stop(config.stop_seconds)
        for thread in started:
            thread.join(max(0.0, deadline - time.monotonic()))
        for worker in workers:
            if worker.is_alive():
                worker.abort()
                worker.join(5)
        if health:
            health.stop()
        shared.log.info("stopped", waiting=shared.queue.waiting())


def _canary_dispatcher(config: NodeConfig, canary: CanaryConfig, shared: Shared) -> Dispatcher:
    """Return the dispatcher of the canary's results; it looks often, since nobody listens most of the time."""
    destination = CStoreDestination(
        name=CANARY, kind="c-store", ae_title=canary.ae_title, host=canary.host, port=canary.port
    )
    retry = replace(config.send.retry, longest=min(config.send.retry.longest, _CANARY_WAIT))
    send = replace(config.send, quiet=0, retry=retry)
    sender = sender_to(destination, config.receive.ae_title, "canary")
    return Dispatcher(CANARY, sender, send, shared, _other_classes(config, USUAL))


def _other_classes(config: NodeConfig, objects: Sequence[Kind]) -> frozenset[str]:
    """Return the SOP classes that are made for other destinations; none where neumo does not make the results."""
    if not config.own_results:
        return frozenset()
    from neumo.results.dicom.makers import SOP_CLASSES

    others = set(config.objects) - set(objects or USUAL)
    return frozenset(str(SOP_CLASSES[kind]) for kind in others)


def _troubles(workers: Sequence[Worker]) -> dict[str, str]:
    troubles = Counter(reason for worker in workers for reason in list(worker.troubles.values()))
    told = ", ".join(f"{reason}: {count}" for reason, count in sorted(troubles.items()))
    return {"reading": f"objects wait for a fault of this machine to end ({told})"} if troubles else {}


def _faults(config: NodeConfig, shared: Shared, dead: Sequence[str]) -> dict[str, str]:
    found = {f"thread {name}": "has ended; restart the node and look at its log" for name in dead}
    try:
        if shared.folder.free_bytes() < config.receive.limits.free_bytes:
            found["disk"] = "less space is left than receive.limits.free_bytes; objects are not taken"
        if shared.queue.waiting() >= config.receive.limits.queue:
            found["queue"] = "receive.limits.queue is reached; objects are not taken"
    except (OSError, sqlite3.Error) as error:
        found["data"] = f"the data folder does not answer ({type(error).__name__})"
    return found
