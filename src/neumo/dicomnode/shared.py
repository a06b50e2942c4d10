"""What all parts of a running node share."""

from dataclasses import dataclass

from neumo.dicomnode.ops.logs import NodeLog
from neumo.dicomnode.ops.metrics import Metrics
from neumo.dicomnode.send.outbox import Outbox
from neumo.dicomnode.storage import Storage
from neumo.dicomnode.work.queue import Queue


@dataclass(frozen=True, slots=True)
class Shared:
    """Each of them may be used by several threads at once."""

    storage: Storage
    queue: Queue
    outbox: Outbox
    metrics: Metrics
    log: NodeLog
