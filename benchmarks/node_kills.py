"""A node that is killed at random moments while objects come: how many are lost, how many results are doubled.

    python benchmarks/node_kills.py IMAGE.dcm [--kills N] [--seed S] [--bundle DIR]

The node runs as a program with results by C-STORE to an archive in this process. Between kills, copies of the image with
identifiers of their own are sent one after the other; those answered with success count as acknowledged. After the last kill the
node runs until its queue is empty. Limit: zero lost, zero doubled.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydicom import Dataset, dcmread
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid
from pynetdicom import AE, evt


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bundle")
    parser.add_argument("--results", default="node_captures:capture", help="must keep the source's UID")
    options = parser.parse_args()
    rng, acknowledged, results = random.Random(options.seed), set[str](), dict[str, set[str]]()
    with tempfile.TemporaryDirectory() as folder, _archive(results) as port:
        settings = _settings(Path(folder), options, port)
        for _ in range(options.kills):
            with node_program(settings) as (node, started):
                end = time.monotonic() + rng.uniform(0, 1.5)
                for sent in _objects(options.image):
                    if time.monotonic() > end:
                        break
                    if _send(started["port"], sent):
                        acknowledged.add(str(sent.SOPInstanceUID))
                node.kill()
        with node_program(settings):
            _wait(lambda: acknowledged <= results.keys(), 600)
    lost = len(acknowledged - results.keys())
    doubled = sum(len(made) > 1 for made in results.values())
    print(f"{options.kills} kills, {len(acknowledged)} objects acknowledged: {lost} lost, {doubled} doubled")
    raise SystemExit(bool(lost or doubled))


def _settings(folder: Path, options: Any, port: int) -> Path:
    to = {"name": "archive", "kind": "c-store", "ae_title": "ARCHIVE", "host": "127.0.0.1", "port": port}
    settings = {
        "data": str(folder / "node"),
        "receive": {"port": 0, "limits": {"free_bytes": 0}},
        "read": {"bundle": options.bundle, "results": options.results, "allow_outside_range": True},
        "send": {"quiet": 0, "to": [to], "retry": {"first": 0.1, "longest": 1}},
        "health": None,
    }
    file = folder / "node.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


@contextmanager
def node_program(
    settings: Path, source: Path | None = None
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run a node, of the sources in a folder where one is given; yield its process and its first words; kill it at the end."""
    command = [sys.executable, "-P", "-m", "neumo.cli.main", "listen", "--config", str(settings)]
    folders = [str(Path(__file__).parent), *([] if source is None else [str(source)])]
    path = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])
    node = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert node.stderr is not None
    try:
        for line in node.stderr:
            event = json.loads(line)
            if event["event"] == "started":
                threading.Thread(target=node.stderr.read, daemon=True).start()
                yield node, event
                return
        raise SystemExit("the node did not start")
    finally:
        node.kill()
        node.wait()


@contextmanager
def _archive(results: dict[str, set[str]]) -> Iterator[int]:
    def store(event: evt.Event) -> int:
        made = event.dataset
        results.setdefault(str(made.DerivationDescription), set()).add(str(made.SOPInstanceUID))
        return 0

    entity = AE("ARCHIVE")
    entity.add_supported_context(SecondaryCaptureImageStorage)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    assert server is not None
    try:
        yield int(server.server_address[1])
    finally:
        entity.shutdown()


def _objects(image: Path) -> Iterator[Dataset]:
    dataset = dcmread(image)
    while True:
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.StudyInstanceUID = generate_uid()
        yield dataset


def _send(port: int, dataset: Dataset) -> bool:
    entity = AE("SENDER")
    entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port, ae_title="NEUMO")
    if not association.is_established:
        return False
    status = association.send_c_store(dataset)
    association.release()
    return "Status" in status and status.Status == 0


def _wait(true: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.2)


if __name__ == "__main__":
    main()
