"""Dispatcher: sends the results of complete studies to one destination, and retries with back-off."""

import threading
import time
from collections.abc import Collection
from pathlib import Path

from neumo.core.back_off import back_off
from neumo.dicomnode.config import SendConfig
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.outbox import Delivery
from neumo.imaging.dicom.parse import parse_file
from neumo.sending.attempts import Attempt, Fate, worst
from neumo.sending.sender import Send

_POLL_SECONDS = 0.5
"""Between looks for complete studies; that a study was quiet long enough gives no event to wait for."""


class Dispatcher(threading.Thread):
    """Thread of one destination, so that a slow archive delays no other.

    Parameters
    ----------
    name : str
        Of the destination.
    send : callable
        See `neumo.sending.sender.sender_to`.
    config : SendConfig
    shared : Shared
    left_out : collection of str
        SOP classes of results that other destinations get, and this one does not.
    """

    def __init__(
        self, name: str, send: Send, config: SendConfig, shared: Shared, left_out: Collection[str] = ()
    ) -> None:
        super().__init__(name=f"neumo-dispatcher-{name}", daemon=True)
        self.destination, self._send, self._config = name, send, config
        self._outbox, self._folder = shared.outbox, shared.folder
        self._metrics, self._log = shared.metrics, shared.log
        self._left_out, self._stopping = left_out, threading.Event()

    def stop(self) -> None:
        """End after the current association."""
        self._stopping.set()

    def run(self) -> None:
        """Send until told to stop."""
        failures, retry = 0, self._config.retry
        while not self._stopping.is_set():
            try:
                reachable = self._send_ready()
            except (
                Exception
            ) as error:  # database, files and machine may all be at fault, and all of it passes
                self._log.fault("dispatcher_waits", error)
                reachable = False
            if reachable is None:
                self._stopping.wait(_POLL_SECONDS)
            elif reachable:
                failures = 0
            else:
                failures += 1
                self._stopping.wait(back_off(failures, retry.first, retry.longest))

    def _send_ready(self) -> bool | None:
        """Send what is ready; None where nothing is, else whether the archive was reachable."""
        deliveries = self._outbox.ready(self.destination, self._config.quiet)
        if not deliveries:
            return None
        files = [self._files_of(delivery) for delivery in deliveries]
        all_files = [file for group in files for file in group]
        attempts = iter(self._send(all_files) if all_files else ())
        reachable = False
        for delivery, group in zip(deliveries, files, strict=True):
            attempt = worst([next(attempts) for _ in group])
            self._settle(delivery, attempt, len(group))
            reachable |= attempt.fate is not Fate.UNAVAILABLE
        return reachable

    def _files_of(self, delivery: Delivery) -> list[Path]:
        files = self._folder.result_files(delivery.key)
        if not self._left_out:
            return files
        return [
            file for file in files if parse_file(file).file_meta.MediaStorageSOPClassUID not in self._left_out
        ]

    def _settle(self, delivery: Delivery, attempt: Attempt, count: int) -> None:
        if attempt.fate is Fate.SENT:
            self._outbox.sent(delivery)
            self._metrics.sent.labels(self.destination).inc(count)
            self._metrics.turnaround_seconds.observe(max(0.0, time.time() - delivery.received_at))
            self._log.info(
                "sent", instance=delivery.sop_instance_uid, destination=self.destination, objects=count
            )
            return
        self._metrics.send_failures.labels(self.destination, attempt.fate.value).inc()
        self._failed(delivery, attempt)

    def _failed(self, delivery: Delivery, attempt: Attempt) -> None:
        refused, retry = attempt.fate is Fate.REFUSED, self._config.retry
        fields = {"destination": self.destination, "reason": attempt.reason}
        if refused and delivery.refusals + 1 >= retry.refusals:
            self._outbox.set_aside(delivery, attempt.reason)
            self._metrics.set_aside.labels("sending").inc()
            self._log.warning("set_aside", instance=delivery.sop_instance_uid, **fields)
            return
        # Where the archive cannot be reached, `run` waits before it sends any delivery.
        unreached = attempt.fate is Fate.UNAVAILABLE
        wait = 0.0 if unreached else back_off(delivery.attempts + 1, retry.first, retry.longest)
        self._outbox.retry(delivery, attempt.reason, wait, refused=refused)
        self._log.warning("not_sent", instance=delivery.sop_instance_uid, fate=attempt.fate.value, **fields)
