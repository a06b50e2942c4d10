"""What all parts of a running node share."""

from dataclasses import dataclass

from neumo.dicomnode.logs import NodeLog
from neumo.dicomnode.metrics import Metrics
from neumo.dicomnode.outbox import Outbox
from neumo.dicomnode.queue import Queue
from neumo.dicomnode.storage import Storage


@dataclass(frozen=True, slots=True)
class Shared:
    """Each of them may be used by several threads at once."""

    storage: Storage
    queue: Queue
    outbox: Outbox
    metrics: Metrics
    log: NodeLog
