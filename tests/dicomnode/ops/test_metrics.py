from prometheus_client import generate_latest
from tests.support.node_parts import claim, metric, queue_object, read_object

from neumo.dicomnode.ops.metrics import Metrics
from neumo.dicomnode.shared import Shared


def test_queue_and_outbox_are_counted_at_each_scrape(shared: Shared) -> None:
    shared.metrics.watch(shared.queue, shared.outbox)
    assert metric(shared, "neumo_queue_objects", state="waiting") == 0
    assert metric(shared, "neumo_queue_age_seconds") == 0
    read_object(shared, 1, to=["pacs", "web"])
    queue_object(shared, 2)
    queue_object(shared, 3)
    claim(shared)
    assert metric(shared, "neumo_queue_objects", state="waiting") == 1
    assert metric(shared, "neumo_queue_objects", state="reading") == 1
    assert metric(shared, "neumo_queue_objects", state="read") == 1
    assert metric(shared, "neumo_deliveries", destination="web", state="waiting") == 1
    assert metric(shared, "neumo_queue_age_seconds") > 0


def test_nodes_of_one_process_do_not_share_metrics() -> None:
    first, second = Metrics(), Metrics()
    first.received.inc()
    assert second.registry.get_sample_value("neumo_objects_received_total") == 0
    assert b"neumo_objects_received_total 1.0" in generate_latest(first.registry)
