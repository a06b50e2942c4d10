"""A canary through a whole node: its answer comes back and is compared, and neither archive nor record sees it."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import yaml
from pydicom.uid import Comprehensive3DSRStorage, SecondaryCaptureImageStorage
from tests.support.commands import call_neumo
from tests.support.node_parts import metric
from tests.support.node_peers import Archive, archive, destination, send
from tests.support.node_running import node
from tests.support.node_samples import radiograph, written
from tests.support.waiting import wait_until

from neumo.core.errors import NodeError
from neumo.dicomnode.canary.expected import CanaryResult, differences, read_expected, write_expected
from neumo.dicomnode.canary.film import PATIENT, canary_object
from neumo.dicomnode.node import Running
from neumo.dicomnode.ops.canary_state import canary_fault, read_state, write_state
from neumo.records.database import open_archive
from neumo.records.filters import Filters
from neumo.records.search import search


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def watched(settings: dict[str, Any], tmp_path: Path) -> Iterator[tuple[Running, Archive, Path]]:
    """A node with an archive, a record and a canary; its settings as a file that names the port it listens on."""
    with archive(classes=(Comprehensive3DSRStorage, SecondaryCaptureImageStorage)) as pacs:
        settings["read"]["results"] = "neumo.dicomnode.work.results:default_results"
        settings["send"]["to"] = [destination(pacs.port)]
        settings["archive"] = {}
        settings["canary"] = {"port": free_port(), "hours": 1}
        settings["receive"]["calling_ae_titles"] = ["SENDER"]
        with node(settings) as running:
            file = tmp_path / "node.yaml"
            file.write_text(yaml.safe_dump(settings | {"receive": {"port": running.port}}))
            yield running, pacs, file


def test_a_canary_comes_back_and_neither_archive_nor_record_sees_it(
    watched: tuple[Running, Archive, Path],
    films: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    running, pacs, config = watched
    canary = ("canary", "--config", config, "--film", films[0], "--wait", 60)
    assert "nothing was learnt yet" in call_neumo(capsys, *canary, status=2)
    assert "learnt into" in call_neumo(capsys, *canary, "--learn")
    assert " s: read" in call_neumo(capsys, *canary)
    health = f"http://127.0.0.1:{running.health_port}"
    assert requests.get(f"{health}/healthz", timeout=10).status_code == 200
    metrics = requests.get(f"{health}/metrics", timeout=10).text
    assert "neumo_canary_good 1.0" in metrics and "neumo_canary_age_seconds" in metrics
    # A real radiograph goes to the archive and into the record; the canaries did not.
    real = radiograph(films[1])
    assert send(running.port, real) == [0]
    wait_until(lambda: len(pacs.got) == 2 and metric(running.shared, "neumo_readings_recorded_total") == 1)
    assert {str(each.PatientID) for each in pacs.got} == {real.PatientID}
    assert metric(running.shared, "neumo_readings_total", status="read") <= 1
    engine = open_archive(f"sqlite:///{Path(running.shared.folder.root) / 'archive.db'}")
    (only,) = search(engine, Filters()).readings
    engine.dispose()
    assert only.body["file"] == real.SOPInstanceUID

    known = Path(running.shared.folder.root) / "canary-expected.json"
    value = json.loads(known.read_text())
    known.write_text(json.dumps(value | {"pneumonia": round(1 - value["pneumonia"], 4), "verdict": "other"}))
    told = call_neumo(capsys, *canary, status=1)
    assert "verdict:" in told and "probability of pneumonia:" in told
    answer = requests.get(f"{health}/healthz", timeout=10)
    assert answer.status_code == 503 and "the last canary failed" in answer.json()["faults"]["canary"]
    assert "neumo_canary_good 0.0" in requests.get(f"{health}/metrics", timeout=10).text
    other = call_neumo(capsys, *canary[:4], films[1], *canary[5:], status=2)
    assert "of another film" in other


def test_a_node_that_is_not_there_is_an_alarm(
    settings: dict[str, Any], films: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings |= {"canary": {"port": free_port()}, "receive": {"port": free_port()}}
    config = tmp_path / "node.yaml"
    config.write_text(yaml.safe_dump(settings))
    Path(settings["data"]).mkdir()
    told = call_neumo(capsys, "canary", "--config", config, "--film", films[0], "--learn", status=1)
    assert "did not take the canary" in told
    state = read_state(Path(settings["data"]) / "canary.json")
    assert state is not None and not state.good and "did not take" in state.faults[0]
    del settings["canary"]
    config.write_text(yaml.safe_dump(settings))
    assert "name none" in call_neumo(capsys, "canary", "--config", config, "--learn", status=1)


RESULT = CanaryResult("b" * 64, "read", "pneumonia", 0.9, (10, 20, 30))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (RESULT, ()),
        (replace(RESULT, pneumonia=0.901, heat_map=(11, 20, 29)), ()),
        (replace(RESULT, pneumonia=0.89), ("probability",)),
        (replace(RESULT, heat_map=(10, 27, 30)), ("heat map",)),
        (replace(RESULT, heat_map=()), ("heat map",)),
        (replace(RESULT, verdict="undetermined"), ("verdict",)),
        (
            replace(RESULT, status="refused", verdict="", pneumonia=None, heat_map=()),
            ("status", "verdict", "heat map"),
        ),
        (replace(RESULT, bundle="c" * 64, verdict="x"), ("another bundle",)),
    ],
)
def test_what_differs_is_said_within_tolerances(found: CanaryResult, said: tuple[str, ...]) -> None:
    told = [str(each) for each in differences(RESULT, found, probability=0.002, levels=4)]
    assert len(told) == len(said) and all(
        text.startswith(word) for text, word in zip(told, said, strict=True)
    )


def test_expected_results_are_of_one_film_and_sound(tmp_path: Path) -> None:
    file = tmp_path / "expected.json"
    write_expected(file, RESULT, "f" * 64)
    assert read_expected(file, "f" * 64) == RESULT
    with pytest.raises(NodeError, match="another film"):
        read_expected(file, "e" * 64)
    for rubbish in ("{", "[]", '{"bundle": 1}'):
        file.write_text(rubbish)
        with pytest.raises(NodeError, match="does not hold"):
            read_expected(file, "f" * 64)


def test_a_canary_that_stays_away_is_a_fault_after_its_hours(tmp_path: Path) -> None:
    file, now = tmp_path / "canary.json", time.time()
    assert canary_fault(file, 1, now) is None, "a first one has as long"
    assert "no canary" in (canary_fault(file, 1, now - 3601) or "")
    write_state(file, 3.0, [])
    assert canary_fault(file, 1, now - 3601) is None
    file.write_text(json.dumps(json.loads(file.read_text()) | {"at": now - 3601}))
    assert "no canary" in (canary_fault(file, 1, now - 9999) or "")
    write_state(file, 3.0, ["broken"])
    assert canary_fault(file, 1, now) == "the last canary failed: broken"
    file.write_text("rubbish")
    assert read_state(file) is None


def test_a_canary_shows_the_film_under_new_uids_and_the_name_of_no_patient(
    films: list[Path], tmp_path: Path
) -> None:
    source = radiograph(films[0], WindowCenter="100", WindowWidth="200", InstitutionName="Ward")
    first, second = (canary_object(written(source, tmp_path / "a.dcm")) for _ in range(2))
    assert first.PixelData == source.PixelData and first.WindowCenter == source.WindowCenter
    assert str(first.PatientName) == first.PatientID == PATIENT and "InstitutionName" not in first
    uids = {
        each[name].value
        for each in (source, first, second)
        for name in ("SOPInstanceUID", "StudyInstanceUID")
    }
    assert len(uids) == 6
    picture = canary_object(films[0])
    assert picture.PatientAge == "003Y" and np.frombuffer(picture.PixelData, np.uint8).size == 64 * 64
