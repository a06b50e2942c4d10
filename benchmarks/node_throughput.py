"""How many objects a second the node takes and reads, and how long a sender waits for its answer.

    python benchmarks/node_throughput.py IMAGE.dcm [--seconds S] [--senders N] [--bundle DIR]

First the node is filled as fast as senders go, and read empty: that rate is what it sustains. Then objects come at that rate,
and at twice that rate, each for the same time. Prints for both the rate asked and reached, p50 and p99 of C-STORE from
request to response (seen by the sender), statuses, and how many objects wait at the end. Limit: p99 does not grow with the queue.
"""

import argparse
import itertools
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import requests
import yaml
from node_kills import node_program
from prometheus_client.parser import text_string_to_metric_families
from pydicom import dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--senders", type=int, default=2)
    parser.add_argument("--bundle")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "node.yaml"
        settings.write_text(yaml.safe_dump(_settings(folder, options.bundle)))
        with node_program(settings) as (_node, started):
            health = f"http://127.0.0.1:{started['health_port']}/metrics"
            begin = time.monotonic()
            _send(started["port"], options, rate=None)
            while _waiting(health):
                time.sleep(0.05)
            sustained = _read(health) / (time.monotonic() - begin)
            print(
                f"sustained: {sustained:.1f} objects/s received and read, {options.image.stat().st_size:,} bytes each"
            )
            for factor in (1, 2):
                _report(
                    f"{factor} x that rate", _send(started["port"], options, rate=factor * sustained), health
                )
                while _waiting(health):
                    time.sleep(0.05)


def _settings(folder: str, bundle: str | None) -> dict[str, Any]:
    return {
        "data": f"{folder}/node",
        "receive": {"port": 0, "limits": {"free_bytes": 0}},
        "read": {"bundle": bundle, "results": "node_captures:capture", "allow_outside_range": True},
        "health": {"port": 0},
    }


def _send(port: int, options: Any, rate: float | None) -> list[tuple[int, float]]:
    """Send for a while, as fast as it goes or at a rate; status and seconds of each."""
    answers, numbers, begin = list[tuple[int, float]](), itertools.count(), time.monotonic()

    def sender() -> None:
        dataset = dcmread(options.image)
        entity = AE("SENDER")
        entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", port, ae_title="NEUMO")
        while time.monotonic() - begin < options.seconds:
            if rate is not None:
                time.sleep(max(0.0, begin + next(numbers) / rate - time.monotonic()))
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            asked = time.monotonic()
            status = association.send_c_store(dataset)
            answers.append((int(status.Status), time.monotonic() - asked))
        association.release()

    senders = [threading.Thread(target=sender) for _ in range(options.senders)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join()
    return answers


def _report(name: str, answers: list[tuple[int, float]], health: str) -> None:
    p50, p99 = np.percentile([seconds * 1000 for _, seconds in answers], (50, 99))
    statuses = ", ".join(
        f"{count} x {status:04X}" for status, count in Counter(s for s, _ in answers).items()
    )
    print(
        f"{name}: C-STORE p50 {p50:.0f} ms, p99 {p99:.0f} ms; {statuses}; {_waiting(health):.0f} wait at the end"
    )


def _samples(health: str, name: str) -> dict[str, float]:
    families = text_string_to_metric_families(requests.get(health, timeout=30).text)
    found = [sample for family in families for sample in family.samples if sample.name == name]
    return {str(sample.labels): sample.value for sample in found}


def _waiting(health: str) -> float:
    states = _samples(health, "neumo_queue_objects")
    return sum(count for labels, count in states.items() if "'waiting'" in labels or "'reading'" in labels)


def _read(health: str) -> float:
    return sum(_samples(health, "neumo_readings_total").values())


if __name__ == "__main__":
    main()
