"""The node under faults of its machine: nothing acknowledged is lost, nothing is doubled, others are served.

Kills, poison and archives that refuse are in tests/dicomnode/test_journeys.py.
"""

import os
import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from pydicom.uid import Comprehensive3DSRStorage, SecondaryCaptureImageStorage
from tests.support.faults import full_disk, no_descriptors, readers_of
from tests.support.node_peers import Archive, archive, destination, echoes, send
from tests.support.node_running import Program, program
from tests.support.node_samples import radiograph
from tests.support.waiting import wait_until

pytestmark = pytest.mark.timeout(240)
SHIM = Path(__file__).parent / "clock_shim"


def health(node: Program) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(f"http://127.0.0.1:{node.health_port}/healthz", timeout=60).json()
    return answer


def got(pacs: Archive) -> Counter[str]:
    """Count the results of each object in an archive; one that came twice, with the same UID, it has once."""
    found = {(str(dataset.DerivationDescription), str(dataset.SOPInstanceUID)) for dataset in pacs.got}
    return Counter(source for source, _ in found)


def _faulted(node: Program, times: int) -> bool:
    return len(node.events("machine_fault")) >= times


def test_every_fault_of_the_machine_passes_and_nothing_is_lost(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, acknowledged = tmp_path / "clock", list[str]()
    clock.write_text("0")
    monkeypatch.setenv("NEUMO_TEST_CLOCK", str(clock))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SHIM), os.environ["PYTHONPATH"]]))

    def taken(node: Program, number: int = 2) -> None:
        """Send radiographs, which the node acknowledges."""
        objects = [radiograph() for _ in range(number)]
        assert send(node.port, *objects) == [0] * number
        acknowledged.extend(dataset.SOPInstanceUID for dataset in objects)

    with archive() as pacs:
        port = pacs.port
        settings["send"]["to"] = [destination(port)]
        with program(settings, tmp_path) as node:
            assert node.port
            (reader,) = readers_of(node.process.pid)
            for fault in (full_disk, no_descriptors):
                expected = len(node.events("machine_fault")) + 2
                with fault([reader]):
                    taken(node)
                    wait_until(partial(_faulted, node, expected), what=node.raw)
                    assert "fault of this machine" in health(node)["faults"]["reading"]
                    assert echoes(node.port), "others are served"
                wait_until(lambda: set(got(pacs)) == set(acknowledged), what=node.raw)
                wait_until(lambda: health(node)["status"] == "ok", what=node.raw)
            with full_disk([node.process.pid]):
                assert send(node.port, radiograph()) == [0xA700], "what cannot be kept is not acknowledged"
                assert echoes(node.port)
            for seconds in (-86_400, 86_400, 0):
                taken(node, 1)
                clock.write_text(str(seconds))
                wait_until(lambda: set(got(pacs)) == set(acknowledged), what=node.raw)
            assert health(node)["set_aside"] == {"objects": 0, "deliveries": 0}
            first = got(pacs)
            assert set(first.values()) == {1}
    with program(settings, tmp_path) as node:  # while its archive is away
        taken(node)
        wait_until(lambda: node.events("not_sent"), what=node.raw)
        with archive(port=port) as pacs:
            wait_until(lambda: set(got(pacs)) == set(acknowledged) - set(first), what=node.raw)
            assert set(got(pacs).values()) == {1}


def test_whatever_was_acknowledged_is_reported(
    settings: dict[str, Any], films: list[Path], tmp_path: Path
) -> None:
    """UIDs with leading zeros get results, and what cannot be read a report that says so."""
    settings["read"].pop("results")
    with (
        warnings.catch_warnings(),
        archive(classes=[SecondaryCaptureImageStorage, Comprehensive3DSRStorage]) as pacs,
    ):
        warnings.simplefilter("ignore")  # of UIDs and values that break a rule
        sound = radiograph(films[0], study="1.2.03.4", SOPInstanceUID="1.2.03.4.05.6")
        broken = radiograph(study="1.2.03.4", SOPInstanceUID="1.2.03.4.05.7", Rows=9999)
        odd = radiograph(films[1], PatientAge="62", AccessionNumber="A" * 20)
        settings["send"]["to"] = [destination(pacs.port)]
        with program(settings, tmp_path) as node:
            assert send(node.port, sound, broken, odd) == [0, 0, 0]
            wait_until(lambda: len(pacs.got) >= 5, what=node.raw)
            wait_until(lambda: health(node)["set_aside"] == {"objects": 1, "deliveries": 0}, what=node.raw)
            (left_out,) = (line["left_out"] for line in node.events("read") if "left_out" in line)
        reports = [dataset for dataset in pacs.got if dataset.Modality == "SR"]
        studies = [str(report.StudyInstanceUID) for report in reports]
        said = [str(element.value) for report in reports for element in report.iterall()]
    assert sorted(studies) == sorted(["1.2.03.4", "1.2.03.4", str(odd.StudyInstanceUID)])
    assert len([dataset for dataset in pacs.got if dataset.Modality == "OT"]) == 2
    assert said.count("FAILURE-REASON") == 1, said
    assert left_out == ["AccessionNumber"]
