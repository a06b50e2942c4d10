"""Objects a second, and processor time of an object, of this version's node and of another's, in turns.

    python benchmarks/node_versions.py IMAGE.dcm --other TREE [--objects N] [--senders N] [--rounds R]

TREE is a checkout of another version, whose `src` is run by this Python. Each node gets the same load: senders with an association
each that together send the given number of copies of the image, each with an identifier of its own, and it makes its default
results (a report and a capture) of each. Both clocks run from the first copy until the last one is read and its results are made; the
processor time is that of all of the node's processes. A few copies are read before, so that imports and first uses do not count.
"""

import argparse
import statistics
import tempfile
import threading
import time
from itertools import count
from pathlib import Path
from typing import NamedTuple

import requests
import yaml
from node_kills import node_program
from processor_time import processor_seconds_of
from prometheus_client.parser import text_string_to_metric_families
from pydicom import dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE

WARM_UP = 4
GOAL = 3.0


class Cost(NamedTuple):
    """Seconds and processor seconds of an object."""

    wall: float
    work: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("--other", type=Path, required=True)
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--senders", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    ratios = list[Cost]()
    for _ in range(options.rounds):
        other, own = (cost(options, source) for source in (options.other / "src", None))
        ratios.append(Cost(other.wall / own.wall, other.work / own.work))
        print(f"other {shown(other)}; this version {shown(own)}", flush=True)
    for name, values in zip(("objects a second", "processor time"), zip(*ratios, strict=True), strict=True):
        middle = statistics.median(values)
        verdict = "met" if middle >= GOAL else "missed"
        print(
            f"by {name}: {middle:.2f} x the other ({min(values):.2f}-{max(values):.2f}), goal {GOAL:g}: {verdict}"
        )


def shown(cost: Cost) -> str:
    return f"{1 / cost.wall:.1f} objects/s, {cost.work * 1000:.0f} ms of processor time an object"


def cost(options: argparse.Namespace, source: Path | None) -> Cost:
    """Load a node of the sources in a folder, or of this version."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "node.yaml"
        settings.write_text(
            yaml.safe_dump(
                {
                    "data": f"{folder}/node",
                    "receive": {"port": 0, "limits": {"free_bytes": 0}},
                    "read": {"allow_outside_range": True, "processes": 1, "threads": 1},
                    "health": {"port": 0},
                }
            )
        )
        with node_program(settings, source) as (node, started):
            health = f"http://127.0.0.1:{started['health_port']}/metrics"
            load(options.image, started["port"], WARM_UP, options.senders)
            wait_until(health, WARM_UP)
            begin, worked = time.monotonic(), processor_seconds_of(node.pid)
            load(options.image, started["port"], options.objects, options.senders)
            wait_until(health, WARM_UP + options.objects)
            wall, work = time.monotonic() - begin, processor_seconds_of(node.pid) - worked
            return Cost(wall / options.objects, work / options.objects)


def load(image: Path, port: int, objects: int, senders: int) -> None:
    """Send copies of an image; each is sent until it is accepted."""
    numbers = count()

    def send() -> None:
        dataset = dcmread(image)
        entity = AE("SENDER")
        entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", port, ae_title="NEUMO")
        while next(numbers) < objects:
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            while association.send_c_store(dataset).get("Status") != 0:
                time.sleep(0.2)
        association.release()

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_until(health: str, read: int) -> None:
    """Wait until so many objects are read and none waits; a node that stands still for two minutes ends the benchmark."""
    begin, done, since = time.monotonic(), -1.0, time.monotonic()
    while True:
        found = samples(health)
        now = sum(value for name, _, value in found if name == "neumo_readings_total")
        waiting = sum(
            value
            for name, state, value in found
            if name == "neumo_queue_objects" and state in {"waiting", "reading"}
        )
        if now >= read and not waiting:
            return
        if now > done:
            done, since = now, time.monotonic()
        if time.monotonic() - since > 120:
            raise SystemExit(f"only {now:.0f} of {read} objects were read")
        time.sleep(max(0.1, (time.monotonic() - begin) / 20))  # seldom, since the node works for each answer


def samples(health: str) -> list[tuple[str, str, float]]:
    """Return name, state and value of each sample of the node's metrics."""
    families = text_string_to_metric_families(requests.get(health, timeout=60).text)
    return [(s.name, s.labels.get("state", ""), s.value) for family in families for s in family.samples]


if __name__ == "__main__":
    main()
