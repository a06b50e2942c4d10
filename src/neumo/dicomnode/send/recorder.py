"""Recorder: writes readings to the archive of readings, and retries for as long as its database is unavailable."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from neumo.core.back_off import back_off
from neumo.core.errors import ArchiveUnavailableError
from neumo.core.faults import own_fault
from neumo.core.keys import load_key
from neumo.dicomnode.config import ArchiveConfig, RetryConfig
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.data_folder import IDENTIFIERS, READING
from neumo.dicomnode.store.outbox import Delivery
from neumo.records.database import connect, migrate
from neumo.records.headers import nameless
from neumo.records.store import record
from neumo.records.subjects import Subject, subject_of

RECORDS: Final = "@archive"
"""Name of the archive of readings among the destinations; names of other destinations cannot begin with @."""
_POLL_SECONDS = 0.5
"""Between looks for new readings."""


@dataclass(frozen=True, slots=True)
class Register:
    """The archive of readings that the recorder writes to.

    Attributes
    ----------
    engine : Engine
        Its database need not answer yet.
    key : bytes
        Key of the hashes of identifiers.
    source : str
        Name of this node among the sources of readings.
    """

    engine: Engine
    key: bytes
    source: str


def open_register(config: ArchiveConfig, data: Path) -> Register:
    """Return the archive of the settings. Raises ArchiveError or KeyFileError where its URL or key cannot be used."""
    return Register(connect(config.url), load_key(config.key or data / "archive.key"), config.source)


class Recorder(threading.Thread):
    """Thread that records; objects are read and sent whether or not the archive answers.

    Parameters
    ----------
    register : Register
    retry : RetryConfig
    shared : Shared
    """

    destination = RECORDS

    def __init__(self, register: Register, retry: RetryConfig, shared: Shared) -> None:
        super().__init__(name="neumo-recorder", daemon=True)
        self._register, self._retry = register, retry
        self._outbox, self._folder = shared.outbox, shared.folder
        self._metrics, self._log = shared.metrics, shared.log
        self._stopping = threading.Event()
        self._migrated = False

    def stop(self) -> None:
        """End after the current reading."""
        self._stopping.set()

    def run(self) -> None:
        """Record until told to stop."""
        failures = 0
        while not self._stopping.is_set():
            try:
                recorded = self._record_due()
                failures = 0
            except (
                Exception
            ) as error:  # database, archive and machine may all be at fault, and all of it passes
                failures += 1
                self._log.fault("recorder_waits", error)
                self._metrics.record_failures.labels("unavailable").inc()
                self._stopping.wait(back_off(failures, self._retry.first, self._retry.longest))
                continue
            if not recorded:
                self._stopping.wait(_POLL_SECONDS)
        self._register.engine.dispose()

    def _record_due(self) -> int:
        """Record what is due, and return how many readings. Raises NeumoError where the archive cannot be used."""
        if not self._migrated:
            migrate(self._register.engine)
            self._migrated = True
        deliveries = self._outbox.due(RECORDS)
        for delivery in deliveries:
            if self._stopping.is_set():
                break
            self._deliver(delivery)
        return len(deliveries)

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._record(delivery)
        except ArchiveUnavailableError:
            raise
        except Exception as error:  # one reading that cannot be recorded must not delay the others
            if own_fault(error) is not None:
                raise
            self._failed(delivery, type(error).__name__)
            return
        # After a kill before this line the next start records it again; the archive recognises it and changes nothing.
        self._outbox.sent(delivery)
        self._metrics.recorded.inc()
        self._log.info("recorded", instance=delivery.sop_instance_uid)

    def _record(self, delivery: Delivery) -> None:
        folder = self._folder.results_folder(delivery.key)
        values: dict[str, Any] = json.loads((folder / READING).read_bytes())
        source = self._folder.root / delivery.path
        subject = _subject(self._register.key, delivery, folder)
        # A reading's file is its SOP Instance UID, which must not enter the archive.
        values = nameless(values, subject, str(source), source.name, delivery.sop_instance_uid)
        record(
            self._register.engine, values, source=self._register.source, actor="neumo listen", subject=subject
        )

    def _failed(self, delivery: Delivery, reason: str) -> None:
        self._metrics.record_failures.labels("refused").inc()
        if delivery.refusals + 1 >= self._retry.refusals:
            self._outbox.set_aside(delivery, reason)
            self._metrics.set_aside.labels("recording").inc()
            self._log.warning("set_aside", instance=delivery.sop_instance_uid, reason=reason)
            return
        wait = back_off(delivery.attempts + 1, self._retry.first, self._retry.longest)
        self._outbox.retry(delivery, reason, wait, refused=True)
        self._log.warning("not_recorded", instance=delivery.sop_instance_uid, reason=reason)


def _subject(key: bytes, delivery: Delivery, folder: Path) -> Subject:
    identifiers = json.loads((folder / IDENTIFIERS).read_bytes())
    if identifiers is not None:
        return subject_of(key, **identifiers)
    return subject_of(key, sop_instance_uid=delivery.sop_instance_uid, study_instance_uid=delivery.study_uid)
