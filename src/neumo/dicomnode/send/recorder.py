"""Recorder: writes readings to the archive of readings, and retries for as long as its database is unavailable."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from neumo.core.back_off import back_off
from neumo.core.errors import OutputError
from neumo.core.faults import own_fault
from neumo.core.keys import load_key
from neumo.core.patient import PatientStudy
from neumo.dicomnode.config import ArchiveConfig, RetryConfig
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.data_folder import IDENTIFIERS, PATIENT, RADIOGRAPH, READING
from neumo.dicomnode.store.outbox import Delivery
from neumo.records.database import connect, migrate
from neumo.records.file_retention import FileRetention
from neumo.records.headers import nameless
from neumo.records.originals import original_of
from neumo.records.reading_file import KEPT, ReadingFiles
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
    patients : bool
        Whether patients are stored in the clear.
    reading_files : ReadingFiles or None
        Where the workbench finds radiographs; None where none are kept for it.
    days : float or None
        For which they are kept; None for all days.
    """

    engine: Engine
    key: bytes
    source: str
    patients: bool = False
    reading_files: ReadingFiles | None = None
    days: float | None = None


def open_register(config: ArchiveConfig, data: Path) -> Register:
    """Return the archive of the settings. Raises ArchiveError or KeyFileError where its URL or key cannot be used."""
    url = config.url or f"sqlite:///{data / 'archive.db'}"
    return Register(
        connect(url),
        load_key(config.key or data / "archive.key"),
        config.source,
        config.patients == "stored",
        ReadingFiles((config.workbench or data) / KEPT) if config.keeps_radiographs else None,
        config.radiographs_days,
    )


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
        files = register.reading_files
        self._file_retention = None if files is None else FileRetention(register.engine, files, register.days)
        self._outbox, self._folder = shared.outbox, shared.folder
        self._metrics, self._log = shared.metrics, shared.log
        self._stopping = threading.Event()
        self._migrated = False

    def delete_radiographs(self) -> int:
        """Delete what is due of the radiographs that this node keeps for a workbench, and return how many.

        Called by one thread. Raises OSError and ArchiveUnavailableError.
        """
        return self._file_retention.run() if self._file_retention is not None and self._migrated else 0

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
        except OutputError:  # the database or the disk is at fault, not the reading
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
        # A reading's file is its SOP Instance UID, which is for those alone who store patients.
        named = nameless(values, subject, str(source), source.name, delivery.sop_instance_uid)
        register, patient = self._register, None
        if register.patients:
            named["file"], patient = values["file"], _patient(folder)
        self._keep_radiograph(folder, values)
        record(
            register.engine,
            named,
            source=register.source,
            actor="neumo listen",
            subject=subject,
            patient=patient,
        )

    def _keep_radiograph(self, folder: Path, values: Mapping[str, Any]) -> None:
        """Move what the workbench shows into its folder, before the reading is there to be opened."""
        files = self._register.reading_files
        target = None if files is None else files.path_of(values)
        if files is not None and target is not None:
            files.add(original_of(folder / RADIOGRAPH), original_of(target))
            files.add(folder / RADIOGRAPH, target)

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


def _patient(folder: Path) -> PatientStudy | None:
    stated = json.loads((folder / PATIENT).read_bytes())
    return None if stated is None else PatientStudy.from_json(stated)


def _subject(key: bytes, delivery: Delivery, folder: Path) -> Subject:
    identifiers = json.loads((folder / IDENTIFIERS).read_bytes())
    if identifiers is not None:
        return subject_of(key, **identifiers)
    return subject_of(key, sop_instance_uid=delivery.sop_instance_uid, study_instance_uid=delivery.study_uid)
