"""Parts of a node that does not run: queued objects, readings, and what is logged."""

from collections.abc import Sequence
from typing import Any

import pytest

from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.data_folder import READING
from neumo.dicomnode.store.outbox import Delivery
from neumo.dicomnode.store.queued_objects import Job, NewObject

BUNDLE = "b" * 64
STUDY = "1.2"


class EventLog:
    """Log of the node's events."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def events(self, name: str) -> list[dict[str, Any]]:
        """Fields of all events of this name."""
        records = [record for record in self._caplog.records if record.name == "neumo.events"]
        return [dict(vars(record)["fields"]) for record in records if record.getMessage() == name]


def queue_object(shared: Shared, number: int = 1, study: str = STUDY) -> NewObject:
    """Store and queue an object."""
    uid = f"1.2.3.{number}"
    new = NewObject(uid, study, f"{number:064x}", shared.folder.write_object(uid, [b"object"]))
    assert shared.queue.add(new)
    return new


def claim(shared: Shared) -> Job:
    """Claim the next object."""
    job = shared.queue.claim()
    assert job is not None
    return job


def write_results(shared: Shared, job: Job, files: int = 1, reading: str = "{}") -> None:
    """Write what a reader makes of an object."""
    folder = shared.folder.results_folder(job.key)
    folder.mkdir(parents=True)
    (folder / READING).write_text(reading)
    for number in range(files):
        (folder / f"{number:02d}.dcm").write_bytes(b"result")


def read_object(
    shared: Shared,
    number: int = 1,
    study: str = STUDY,
    *,
    to: Sequence[str] = ("pacs",),
    files: int = 1,
    flagged: bool = False,
) -> Job:
    """Queue an object, and have it read."""
    queue_object(shared, number, study)
    job = claim(shared)
    write_results(shared, job, files)
    shared.queue.finish(job, "read", to, flagged=flagged)
    return job


def deliveries(shared: Shared, destination: str = "pacs") -> list[Delivery]:
    """Return the deliveries due at a destination, however new their study is."""
    return shared.outbox.due(destination)


def metric(shared: Shared, name: str, **labels: str) -> float:
    """Value of a metric; 0 where it has none yet."""
    return shared.metrics.registry.get_sample_value(name, labels) or 0.0
