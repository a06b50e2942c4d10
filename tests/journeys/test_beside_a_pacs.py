"""A radiograph's whole way: sent, read, and reported to a real Orthanc with the results that neumo makes by default."""

import random
import subprocess
import time
from collections import Counter
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from pydicom import Dataset, dcmread
from tests.support.commands import call_neumo_once, run_neumo
from tests.support.node_running import Program, program
from tests.support.node_samples import PATIENT, radiograph, written
from tests.support.orthanc import Orthanc, orthanc
from tests.support.programs import require
from tests.support.tiny_bundle import make_bundle
from tests.support.waiting import wait_until

from neumo.core.reading import Reading, Status
from neumo.inference.reader import Reader
from neumo.results.dicom import read_back, read_header, secondary_capture

pytestmark = pytest.mark.timeout(280)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("pacs-bundle") / "tiny", phantoms)


@pytest.fixture
def study(tmp_path: Path, phantoms: Path) -> list[Path]:
    """Two frontal views and a lateral one, which neumo refuses, of one study."""
    films = sorted((phantoms / "test").rglob("*.jpeg"))[:3]
    uid = str(radiograph().StudyInstanceUID)
    folder = tmp_path / "study"
    folder.mkdir()
    return [
        written(radiograph(film, study=uid, ViewPosition=view), folder / f"{number}.dcm")
        for number, (film, view) in enumerate(zip(films, ("AP", "PA", "LL"), strict=True))
    ]


def settings(tmp_path: Path, bundle: Path, to: dict[str, Any]) -> dict[str, Any]:
    """A node's settings that leave what is made of a reading as it is by default."""
    return {
        "data": str(tmp_path / "node"),
        "stop_seconds": 5,
        "receive": {"port": 0, "limits": {"free_bytes": 0}},
        "read": {"bundle": str(bundle), "threads": 1},
        "send": {"quiet": 0.5, "retry": {"first": 0.2, "longest": 1}, "to": [to]},
        "health": {"port": 0},
    }


def c_store(archive: Orthanc) -> dict[str, Any]:
    place = {"host": "127.0.0.1", "port": archive.dicom_port}
    return {"name": "archive", "kind": "c-store", "ae_title": "ORTHANC", "timeout": 20, **place}


def storescu(port: int, title: str, *files: Path, check: bool = True) -> bool:
    """Send files as another vendor's program does; whether all were acknowledged."""
    done = subprocess.run(
        [require("storescu", "dcmtk"), "-aec", title, "127.0.0.1", str(port), *map(str, files)],
        capture_output=True, timeout=60, check=check,
    )  # fmt: skip
    return done.returncode == 0


def results(archive: Orthanc, modality: str) -> list[Dataset]:
    """Return the objects of one modality that the archive holds, downloaded by its REST interface."""
    return [dcmread(BytesIO(content)) for content in archive.files(modality)]


def reported_instances(archive: Orthanc) -> Counter[str]:
    return Counter(read_back(report).instance for report in results(archive, "SR"))


def pictured_instances(archive: Orthanc) -> Counter[str]:
    return Counter(
        str(picture.SourceImageSequence[0].ReferencedSOPInstanceUID) for picture in results(archive, "OT")
    )


def instances_of(files: list[Path]) -> Counter[str]:
    return Counter(str(dcmread(file).SOPInstanceUID) for file in files)


def unfinished(node: Program) -> float:
    """Number of objects that the node has still to read, and of deliveries still to send."""
    text = requests.get(f"http://127.0.0.1:{node.health_port}/metrics", timeout=20).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        if family.name in {"neumo_queue_objects", "neumo_deliveries"}
        for sample in family.samples
        if sample.labels["state"] in {"waiting", "reading"}
    )


def check_study(archive: Orthanc, study: list[Path], bundle: Path) -> None:
    """Every film has one report and one picture that say what reading the file says, filed under its study."""
    assert reported_instances(archive) == instances_of(study) == pictured_instances(archive)
    assert len(archive.get("/studies")) == 1 and len(archive.get("/patients")) == 1
    reader = Reader(bundle, keep_pixels=True)
    read = {str(dcmread(file).SOPInstanceUID): (reader.read(file), file) for file in study}
    for report in results(archive, "SR"):
        stated = read_back(report)
        reading, _ = read[stated.instance]
        assert stated.status is reading.status and stated.digest == reader.bundle.digest
        assert str(report.PatientName) == PATIENT and report.VerificationFlag == "UNVERIFIED"
        assert [reason.split(":")[0] for reason in stated.reasons] == [r.code for r in reading.reasons]
        if reading.answer is not None:
            assert stated.answer is not None and stated.answer.finding is reading.answer.finding
    statuses = Counter(reading.status for reading, _ in read.values())
    assert statuses[Status.REFUSED] >= 1 and statuses[Status.READ] >= 1, statuses
    for picture in results(archive, "OT"):
        reading, file = read[str(picture.SourceImageSequence[0].ReferencedSOPInstanceUID)]
        check_picture(picture, reading, file)


def check_picture(picture: Dataset, reading: Reading, file: Path) -> None:
    header = read_header(file)
    assert np.array_equal(picture.pixel_array, secondary_capture(reading, header).pixel_array)
    if reading.answer is None:
        return
    assert reading.field_of_view == 0.875, "the bundle reads the central field"
    whole = secondary_capture(replace(reading, field_of_view=1.0), header)
    assert not np.array_equal(picture.pixel_array, whole.pixel_array), "the map covers what was read"
    height, width = 1024, picture.Columns // 2
    heat = picture.pixel_array[-min(height, width) :, width:].astype(int)
    rim = max(1, round(heat.shape[1] * (1 - reading.field_of_view) / 2) - 4)
    for edge in (heat[:rim], heat[-rim:], heat[:, :rim], heat[:, -rim:]):
        assert (edge.max(axis=2) == edge.min(axis=2)).all(), "no heat where nothing was read"


def test_a_study_sent_to_the_node_is_reported_in_orthanc(
    tmp_path: Path, bundle: Path, study: list[Path]
) -> None:
    with (
        orthanc(tmp_path / "orthanc") as archive,
        program(settings(tmp_path, bundle, c_store(archive)), tmp_path) as node,
    ):
        storescu(node.port, "NEUMO", *study)
        wait_until(lambda: len(archive.instances("OT")) >= 3, what=node.raw)
        wait_until(lambda: len(archive.instances("SR")) >= 3, what=node.raw)
        check_study(archive, study, bundle)

        def held() -> dict[str, list[str]]:
            return {
                kind: sorted(t["SOPInstanceUID"] for t in archive.instances(kind)) for kind in ("SR", "OT")
            }

        before = held()
        storescu(node.port, "NEUMO", *study)  # as an archive does that has not understood the answer
        wait_until(lambda: not unfinished(node), what=node.raw)
        assert held() == before
        node.kill()

        folder = tmp_path / "another node of the same bundle"
        folder.mkdir()
        with program(settings(folder, bundle, c_store(archive)), folder) as second:
            storescu(second.port, "NEUMO", *study)
            wait_until(lambda: len(second.events("sent")) >= 3, what=second.raw)
        assert held() == before
    assert "Doe" not in "".join([*node.raw, *second.raw])


def test_an_archive_is_read_and_answered_over_dicomweb(
    tmp_path: Path, bundle: Path, study: list[Path]
) -> None:
    with orthanc(tmp_path / "orthanc") as archive:
        storescu(archive.dicom_port, "ORTHANC", *study)
        arguments = ["fetch", archive.dicomweb, "--bundle", bundle, "--store-results"]
        assert "3 objects read, 0 failed, 0 without" in run_neumo(*arguments)
        check_study(archive, study, bundle)
        assert "3 objects read, 0 failed, 0 without" in call_neumo_once(*arguments), "results are not read"
        assert reported_instances(archive) == instances_of(study) == pictured_instances(archive)


def test_results_reach_orthanc_by_stow(tmp_path: Path, bundle: Path, study: list[Path]) -> None:
    with orthanc(tmp_path / "orthanc") as archive:
        to = {"name": "archive", "kind": "stow-rs", "timeout": 20, "url": archive.dicomweb}
        with program(settings(tmp_path, bundle, to), tmp_path) as node:
            storescu(node.port, "NEUMO", *study)
            wait_until(lambda: len(node.events("sent")) >= 3, what=node.raw)
        check_study(archive, study, bundle)


def test_killed_nodes_leave_every_result_in_orthanc_exactly_once(
    tmp_path: Path, bundle: Path, phantoms: Path
) -> None:
    rng = random.Random(11)
    films = sorted((phantoms / "test").rglob("*.jpeg"))
    objects = [written(radiograph(film), tmp_path / f"{n}.dcm") for n, film in enumerate(films[:9])]
    waiting, acknowledged = list(objects), list[Path]()
    with orthanc(tmp_path / "orthanc") as archive:
        plan = settings(tmp_path, bundle, c_store(archive))
        plan["send"]["quiet"] = 0
        for _ in range(3):
            with program(plan, tmp_path) as node:
                port = node.port
                for file in [waiting.pop(0) for _ in range(3)]:
                    assert storescu(port, "NEUMO", file)
                    acknowledged.append(file)
                time.sleep(rng.random() * 1.5)
                node.kill()
        with program(plan, tmp_path) as node:
            storescu(node.port, "NEUMO", *acknowledged)  # as a sender does that lost its connection
            wait_until(lambda: not unfinished(node), what=node.raw)
        assert reported_instances(archive) == instances_of(objects) == pictured_instances(archive)
