"""Prometheus metrics of the node; no label ever holds an identifier of a patient, study or object."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from neumo.dicomnode.ops.canary_state import read_state
from neumo.dicomnode.store.outbox import Outbox
from neumo.dicomnode.store.queue import Queue

_STORE_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_READING_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)
_TURNAROUND_BUCKETS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
"""Upper bounds of histogram buckets, in seconds."""


class Metrics:
    """Counters and histograms of one node, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter(
            "neumo_objects_received", "Objects acknowledged with success.", registry=self.registry
        )
        self.repeated = Counter(
            "neumo_objects_repeated", "Objects acknowledged that were there before.", registry=self.registry
        )
        self.refused = Counter(
            "neumo_objects_refused", "Objects not taken, by DICOM status.", ["status"], registry=self.registry
        )
        self.connections_refused = Counter(
            "neumo_connections_refused",
            "Connections and associations turned away, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.readings = Counter(
            "neumo_readings", "Objects read, by status of the reading.", ["status"], registry=self.registry
        )
        self.failed = Counter(
            "neumo_reading_failures",
            "Attempts at an object that ended without a reading.",
            registry=self.registry,
        )
        self.machine_faults = Counter(
            "neumo_machine_faults",
            "Attempts that failed for a fault of this machine, by kind; they are repeated without limit.",
            ["kind"],
            registry=self.registry,
        )
        self.set_aside = Counter(
            "neumo_set_aside", "Objects and deliveries given up, by stage.", ["stage"], registry=self.registry
        )
        self.sent = Counter(
            "neumo_results_sent", "Results that an archive took.", ["destination"], registry=self.registry
        )
        self.send_failures = Counter(
            "neumo_send_failures",
            "Attempts to send that failed, by kind.",
            ["destination", "kind"],
            registry=self.registry,
        )
        self.recorded = Counter(
            "neumo_readings_recorded", "Readings that the archive of readings holds.", registry=self.registry
        )
        self.record_failures = Counter(
            "neumo_record_failures",
            "Attempts to record that failed, by kind.",
            ["kind"],
            registry=self.registry,
        )
        self.store_seconds = Histogram(
            "neumo_store_seconds",
            "From a whole object received to its answer.",
            buckets=_STORE_BUCKETS,
            registry=self.registry,
        )
        self.reading_seconds = Histogram(
            "neumo_reading_seconds", "Reading one object.", buckets=_READING_BUCKETS, registry=self.registry
        )
        self.turnaround_seconds = Histogram(
            "neumo_turnaround_seconds",
            "From an object received to its results at an archive.",
            buckets=_TURNAROUND_BUCKETS,
            registry=self.registry,
        )

    def watch(self, queue: Queue, outbox: Outbox) -> None:
        """Add gauges of queue and outbox, which are queried at each scrape."""
        self.registry.register(_QueueCollector(queue, outbox))

    def watch_canary(self, state: Path) -> None:
        """Add gauges of the last canary, whose file is read at each scrape; none while there was no canary."""
        self.registry.register(_CanaryCollector(state))


class _CanaryCollector(Collector):
    def __init__(self, file: Path) -> None:
        self._file = file

    def collect(self) -> list[GaugeMetricFamily]:
        state = read_state(self._file)
        if state is None:
            return []
        found = {
            "neumo_canary_good": (
                "1 where the last canary came back as expected, else 0.",
                float(state.good),
            ),
            "neumo_canary_age_seconds": ("How long ago the last canary ended.", state.age),
            "neumo_canary_seconds": ("From sending the last canary to its results.", state.seconds),
        }
        return [GaugeMetricFamily(name, what, value=value) for name, (what, value) in found.items()]


class _QueueCollector(Collector):
    def __init__(self, queue: Queue, outbox: Outbox) -> None:
        self._queue, self._outbox = queue, outbox

    def describe(self) -> list[GaugeMetricFamily]:
        # Without it the registry would call `collect`, and so query the database, while it registers.
        return []

    def collect(self) -> list[GaugeMetricFamily]:
        objects = GaugeMetricFamily("neumo_queue_objects", "Objects by state.", labels=["state"])
        for state, count in self._queue.counts().items():
            objects.add_metric([state], count)
        deliveries = GaugeMetricFamily(
            "neumo_deliveries", "Deliveries by destination and state.", labels=["destination", "state"]
        )
        for (destination, state), count in self._outbox.counts().items():
            deliveries.add_metric([destination, state], count)
        age = GaugeMetricFamily(
            "neumo_queue_age_seconds",
            "How long the oldest unread object has waited.",
            value=self._queue.age(),
        )
        return [objects, deliveries, age]
