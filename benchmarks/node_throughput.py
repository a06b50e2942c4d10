"""Throughput of the node in objects a second, and latency of its answers to senders.

    python benchmarks/node_throughput.py IMAGE.dcm [--seconds S] [--senders N] [--processes P] [--bundle DIR] [--results MODULE:FUNCTION]

First the node is filled as fast as senders go, for the time given or until it has objects for about twice that time (a small image
is sent a hundred times faster than it is read), and read empty: that rate is what it sustains, making its default results of each.
Then objects come at that rate, and at twice that rate, each for the same time. Prints for both the rate reached, p50 and p99 of
C-STORE from request to response (seen by the sender), statuses, how many objects wait at the end, and how many that were
acknowledged were never read. Beside it stand the limits, measured alone on the same machine: reading and reporting one object in one
process, and writing and syncing a file of its size. Limit: nothing lost, p99 does not grow with the queue.
"""

import argparse
import itertools
import math
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import requests
import yaml
from node_kills import node_program
from prometheus_client.parser import text_string_to_metric_families
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE

from neumo import Reader
from neumo.core.cores import usable_cores
from neumo.dicomnode.work.results import load_results

DEFAULT_RESULTS = "neumo.dicomnode.work.results:default_results"
NO_ANSWER = 0x10000
"""Stands for a status where the association ended without one; statuses have 16 bits."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--senders", type=int, default=2)
    parser.add_argument("--processes", type=int, default=1, help="readers, each with its share of the cores")
    parser.add_argument("--bundle")
    parser.add_argument("--results", default=DEFAULT_RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "node.yaml"
        settings.write_text(yaml.safe_dump(_settings(folder, options)))
        alone = _limits(Path(folder), options)
        most = options.senders + round(2 * options.seconds * options.processes / alone)
        with node_program(settings) as (_node, started):
            health = f"http://127.0.0.1:{started['health_port']}/metrics"
            begin = time.monotonic()
            filled = _send(started["port"], options, rate=None, most=most)
            filling = time.monotonic() - begin
            _drain(health)
            sustained = _read(health) / (time.monotonic() - begin)
            print(
                f"sustained: {sustained:.1f} objects/s received and read, {options.image.stat().st_size:,} bytes each",
                flush=True,
            )
            _report("as fast as senders go", filled, filling, 0)
            everything = len(_accepted(filled))
            for factor in (1, 2):
                answers = _send(started["port"], options, rate=factor * sustained)
                _report(f"{factor} x that rate", answers, options.seconds, _waiting(health))
                _drain(health)
                everything += len(_accepted(answers))
            lost = everything - _read(health)
            print(f"{everything} acknowledged in all, {lost:.0f} of them never read")
    raise SystemExit(bool(lost))


def _limits(folder: Path, options: Any) -> float:
    """Print what one object costs without a node; return the seconds of one with its results."""
    maker, header = load_results(options.results), dcmread(options.image, stop_before_pixels=True)
    reader = Reader(options.bundle, keep_pixels=True, allow_outside_range=True)
    content = options.image.read_bytes()

    def read() -> None:
        reader.read(content)

    def report() -> None:
        maker(reader.read(content), header)

    def sync() -> None:
        with (folder / "sync").open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    words = ("decoding and session", "the same with its results", "write and fsync")
    cost = {name: _median_ms(work) for name, work in zip(words, (read, report, sync), strict=True)}
    print("one object, alone: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in cost.items()), flush=True)
    return cost[words[1]] / 1000


def _median_ms(work: Callable[[], None], times: int = 30) -> float:
    work()
    seconds = []
    for _ in range(times):
        begin = time.monotonic()
        work()
        seconds.append(time.monotonic() - begin)
    return float(np.median(seconds)) * 1000


def _drain(health: str) -> None:
    """Wait until all is read; gives up where nothing moves for a minute."""
    least, since = float("inf"), time.monotonic()
    while (waiting := _waiting(health)) > 0:
        if waiting < least:
            least, since = waiting, time.monotonic()
        if time.monotonic() - since > 60:
            raise SystemExit(f"{waiting:.0f} objects wait and none was read for a minute")
        time.sleep(0.05)


def _settings(folder: str, options: Any) -> dict[str, Any]:
    return {
        "data": f"{folder}/node",
        "receive": {"port": 0, "limits": {"free_bytes": 0}},
        "read": {
            "bundle": options.bundle,
            "results": options.results,
            "allow_outside_range": True,
            "processes": options.processes,
            "threads": max(1, usable_cores() // options.processes),
        },
        "health": {"port": 0},
    }


def _send(port: int, options: Any, rate: float | None, most: float = math.inf) -> list[tuple[int, float]]:
    """Send for a while, as fast as it goes or at a rate, at most so many; status and seconds of each."""
    answers, numbers, begin = list[tuple[int, float]](), itertools.count(), time.monotonic()

    def sender() -> None:
        dataset = dcmread(options.image)
        entity = AE("SENDER")
        entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", port, ae_title="NEUMO")
        while time.monotonic() - begin < options.seconds and len(answers) < most:
            if rate is not None:
                time.sleep(max(0.0, begin + next(numbers) / rate - time.monotonic()))
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            asked = time.monotonic()
            status = _status(association, dataset)
            answers.append((status, time.monotonic() - asked))
            if status == NO_ANSWER:
                association = entity.associate("127.0.0.1", port, ae_title="NEUMO")
        association.release()

    senders = [threading.Thread(target=sender) for _ in range(options.senders)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join()
    return answers


def _status(association: Any, dataset: Dataset) -> int:
    if not association.is_established:
        return NO_ANSWER
    return int(association.send_c_store(dataset).get("Status", NO_ANSWER))


def _accepted(answers: list[tuple[int, float]]) -> list[float]:
    return [seconds for status, seconds in answers if status == 0]


def _report(name: str, answers: list[tuple[int, float]], seconds_in_all: float, waiting: float) -> None:
    p50, p99 = np.percentile([seconds * 1000 for _, seconds in answers], (50, 99))
    statuses = ", ".join(
        f"{count} x {'no answer' if status == NO_ANSWER else f'{status:04X}'}"
        for status, count in Counter(s for s, _ in answers).items()
    )
    print(
        f"{name}: {len(answers) / seconds_in_all:.1f} objects/s; C-STORE p50 {p50:.0f} ms, p99 {p99:.0f} ms; {statuses}; "
        f"{waiting:.0f} wait at the end",
        flush=True,
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
