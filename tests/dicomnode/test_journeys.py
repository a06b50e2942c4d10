"""Nodes as programs: killed and resumed, given poison, beside slow and refusing archives, and stopped."""

import random
import signal
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.support.node_peers import Archive, archive, destination, echoes, send
from tests.support.node_running import Program, program
from tests.support.node_samples import radiograph
from tests.support.waiting import wait_until

pytestmark = pytest.mark.timeout(240)


def metrics(node: Program) -> str:
    return requests.get(f"http://127.0.0.1:{node.health_port}/metrics", timeout=60).text


def sources(at: Archive) -> list[str]:
    """Return the SOP Instance UIDs of the radiographs that an archive got results of."""
    return [str(dataset.DerivationDescription) for dataset in at.got]


def test_what_was_acknowledged_survives_kills_and_is_read_once(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    rng, acknowledged = random.Random(5), list[str]()
    with archive() as pacs:
        settings["send"]["to"] = [destination(pacs.port)]
        for _ in range(4):
            with program(settings, tmp_path) as node:
                port = node.port
                for _ in range(rng.randint(1, 3)):
                    sent = radiograph()
                    assert send(port, sent) == [0]
                    acknowledged.append(sent.SOPInstanceUID)
                time.sleep(rng.random() * 0.3)
                node.kill()
        with program(settings, tmp_path) as node:
            assert node.port
            wait_until(lambda: set(sources(pacs)) >= set(acknowledged))
            wait_until(lambda: _waiting_deliveries(settings) == 0)
        results = {(str(d.DerivationDescription), str(d.SOPInstanceUID)) for d in pacs.got}
    # A result may be sent twice, but it is the same object then.
    assert sorted(source for source, _ in results) == sorted(acknowledged)
    assert len(list((Path(settings["data"]) / "results").glob("*/*/reading.json"))) == len(acknowledged)


def _waiting_deliveries(settings: dict[str, Any]) -> int:
    database = sqlite3.connect(Path(settings["data"]) / "queue.sqlite3")
    try:
        (count,) = database.execute("SELECT count(*) FROM deliveries WHERE state = 'waiting'").fetchone()
        return int(count)
    finally:
        database.close()


def test_poison_is_set_aside_and_holds_up_nothing(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["read"] |= {"results": "tests.support.node_results:by_patient", "attempts": 2, "timeout": 4}
    settings["read"] |= {"memory_bytes": 512 * 2**20}
    poison = [radiograph(PatientID=what) for what in ("crash", "hang", "fail", "hog")]
    rubbish = radiograph(Rows=9999)
    sound = radiograph()
    with (
        archive() as pacs,
        program(settings | {"send": settings["send"] | {"to": [destination(pacs.port)]}}, tmp_path) as node,
    ):
        assert send(node.port, *poison, rubbish, sound) == [0] * 6
        wait_until(lambda: len(node.events("set_aside")) == 5, what=node.raw)
        wait_until(lambda: sources(pacs) == [sound.SOPInstanceUID], what=node.raw)
        reasons = sorted(line["reason"].split(" at ")[0] for line in node.events("set_aside"))
        assert reasons == ["crash", "error: ValueError", "not_an_image", "out_of_memory", "timeout"]
        health = requests.get(f"http://127.0.0.1:{node.health_port}/healthz", timeout=60)
        assert health.status_code == 200
        wait_until(lambda: 'neumo_set_aside_total{stage="reading"} 5.0' in metrics(node))
        wait_until(lambda: 'neumo_results_sent_total{destination="pacs"} 1.0' in metrics(node))
    said = "".join(node.raw)
    for secret in ("Doe", "crash^", sound.SOPInstanceUID, sound.StudyInstanceUID, poison[0].SOPInstanceUID):
        assert secret not in said
    assert not node.events("no JSON")


def test_an_archive_that_is_down_gets_its_results_later(settings: dict[str, Any], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings["send"]["to"] = [destination(port)]
    sent = radiograph()
    with program(settings, tmp_path) as node:
        assert send(node.port, sent) == [0]
        wait_until(lambda: len(node.events("not_sent")) >= 3)
        with archive(port=port) as pacs:
            wait_until(lambda: sources(pacs) == [sent.SOPInstanceUID])
            wait_until(lambda: node.events("sent"))


def test_busy_and_refusing_archives(settings: dict[str, Any], tmp_path: Path) -> None:
    with archive(Archive([0xA700] * 4)) as busy, archive(Archive([0xC000] * 99)) as refusing:
        settings["send"]["to"] = [destination(busy.port), destination(refusing.port, name="other")]
        with program(settings, tmp_path) as node:
            assert send(node.port, radiograph()) == [0]
            wait_until(lambda: len(busy.got) == 1 and node.events("set_aside"))
        (given_up,) = node.events("set_aside")
        assert (given_up["destination"], given_up["reason"]) == ("other", "status C000")
        assert refusing.asked == 2


def test_a_study_is_sent_only_when_it_is_quiet(settings: dict[str, Any], tmp_path: Path) -> None:
    with archive() as pacs:
        settings["send"] |= {"to": [destination(pacs.port)], "quiet": 3600}
        study = radiograph().StudyInstanceUID
        with program(settings, tmp_path) as node:
            assert send(node.port, radiograph(study=study), radiograph(study=study)) == [0, 0]
            wait_until(lambda: len(node.events("read")) == 2, what=node.raw)
        assert pacs.asked == 0
        settings["send"] |= {"quiet": 0}
        with program(settings, tmp_path):
            wait_until(lambda: len(pacs.got) == 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_told_stop_is_graceful(settings: dict[str, Any], tmp_path: Path, number: signal.Signals) -> None:
    settings["read"] |= {"results": "tests.support.node_results:by_patient"}
    with program(settings, tmp_path) as node:
        assert send(node.port, radiograph(PatientID="slow")) == [0]
        begun = ('neumo_queue_objects{state="reading"} 1.0', 'neumo_queue_objects{state="read"} 1.0')
        wait_until(lambda: any(line in metrics(node) for line in begun))
        node.process.send_signal(number)
        assert node.process.wait(120) == 0
    assert node.events("stopped")[0]["waiting"] == 0


def test_what_is_no_dicom_leaves_the_node_answering(settings: dict[str, Any], tmp_path: Path) -> None:
    rng = random.Random(3)
    with program(settings, tmp_path) as node:
        port = node.port
        for attempt in range(30):
            kind = rng.choice([1, 2, 3, 4, 5, 6, 7, rng.randrange(256)])
            body = rng.randbytes(rng.choice([0, 4, 68, 300, 5000]))
            stated = rng.choice([len(body), len(body) + 9, 2**32 - 1, 2**20])
            with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
                raw.sendall(bytes([kind, 0]) + stated.to_bytes(4, "big") + body)
            if attempt % 15 == 0:
                wait_until(lambda: echoes(port))
        wait_until(lambda: echoes(port))
        assert send(port, radiograph()) == [0]


def test_a_full_disk_loses_nothing(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    large = radiograph(PixelData=b"\0" * 6_000_000, Rows=2000, Columns=3000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, hard))
    try:
        with program(settings, tmp_path) as node:
            assert send(node.port, large, radiograph()) == [0xA700, 0]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((Path(settings["data"]) / "objects").rglob(".part-*"))
    assert (Path(settings["data"]) / "node.key").stat().st_size == 32
