"""Components that all threads of a running node share: data folder, queue, outbox, metrics, log."""

from dataclasses import dataclass

from neumo.dicomnode.ops.metrics import Metrics
from neumo.dicomnode.ops.node_log import NodeLog
from neumo.dicomnode.store.data_folder import DataFolder
from neumo.dicomnode.store.outbox import Outbox
from neumo.dicomnode.store.queue import Queue


@dataclass(frozen=True, slots=True)
class Shared:
    """Shared components; each is safe for use by several threads."""

    folder: DataFolder
    queue: Queue
    outbox: Outbox
    metrics: Metrics
    log: NodeLog
