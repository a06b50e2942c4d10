"""Beside a real archive: a study is sent, read, and its results appear in the archive."""

import json
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import Comprehensive3DSRStorage, SecondaryCaptureImageStorage
from tests.support.commands import call_neumo, run_neumo
from tests.support.node_peers import archive, destination, send
from tests.support.node_running import node, program
from tests.support.node_samples import radiograph, written
from tests.support.orthanc import orthanc
from tests.support.programs import require
from tests.support.waiting import wait_until

from neumo.core.answer import Verdict
from neumo.results.dicom import read_back

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("way", ["c-store", "stow-rs"])
def test_results_of_a_study_appear_in_orthanc(
    settings: dict[str, Any], tmp_path: Path, films: list[Path], way: str
) -> None:
    storescu = require("storescu", "dcmtk")
    study = radiograph().StudyInstanceUID
    files = [
        written(radiograph(film, study=study), tmp_path / f"{i}.dcm") for i, film in enumerate(films[:3])
    ]
    with orthanc(tmp_path / "orthanc") as archive:
        to = {"name": "archive", "kind": way, "timeout": 20} | (
            {"ae_title": "ORTHANC", "host": "127.0.0.1", "port": archive.dicom_port}
            if way == "c-store"
            else {"url": archive.dicomweb}
        )
        settings["send"] |= {"to": [to], "quiet": 0.5}
        with program(settings, tmp_path) as node:
            command = [storescu, "-aec", "NEUMO", "127.0.0.1", str(node.port), *map(str, files)]
            subprocess.run(command, check=True, timeout=60, capture_output=True)
            wait_until(lambda: len(archive.instances("OT")) == 3, what=node.raw)
        assert "Doe" not in "".join(node.raw)
        assert len(archive.get("/studies")) == 1
        assert len({tags["SOPInstanceUID"] for tags in archive.instances("OT")}) == 3


def test_every_kind_of_object_goes_to_who_asks_for_it(
    settings: dict[str, Any], tmp_path: Path, films: list[Path]
) -> None:
    """Orthanc gets report, document, mark and heat map; another archive the usual two; both of a real study."""
    del settings["read"]["results"]
    study = radiograph(study=None).StudyInstanceUID
    sent = [radiograph(film, study=study, ImagerPixelSpacing=[0.2, 0.2]) for film in films[-2:]]
    usual = (Comprehensive3DSRStorage, SecondaryCaptureImageStorage)
    with orthanc(tmp_path / "orthanc") as whole, archive(classes=usual) as other:
        to = {"name": "whole", "kind": "c-store", "ae_title": "ORTHANC", "host": "127.0.0.1", "timeout": 20}
        asked = {"port": whole.dicom_port, "objects": ["sr", "pdf", "ko", "seg"]}
        settings["send"] |= {"to": [to | asked, destination(other.port)], "quiet": 0.2}
        with node(settings) as running:
            assert send(running.port, *sent) == [0, 0]
            wait_until(lambda: len(other.got) == 4)
            wait_until(lambda: len(whole.instances("SR")) == len(whole.instances("DOC")) == 2)
            sent_all = {("whole", "sent"): 2, ("pacs", "sent"): 2}
            wait_until(lambda: running.shared.outbox.counts() == sent_all)
        reports = [read_back(dcmread(BytesIO(file))) for file in whole.files("SR")]
        heats = [dcmread(BytesIO(file)) for file in whole.files("SEG")]
        marks, pictures = len(whole.instances("KO")), len(whole.instances("OT"))
    answers = {report.instance: report.answer for report in reports if report.answer is not None}
    assert answers, "phantoms are read"
    assert {str(heat.SourceImageSequence[0].ReferencedSOPInstanceUID) for heat in heats} == answers.keys()
    assert marks == sum(answer.verdict is Verdict.PNEUMONIA for answer in answers.values())
    assert pictures == 0, "nobody asked for pictures there"
    assert sorted(one.SOPClassUID.name for one in other.got) == sorted(2 * [kind.name for kind in usual])


def test_fetch_reads_an_archive_and_stores_results(
    tmp_path: Path, films: list[Path], bundle_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storescu = require("storescu", "dcmtk")
    objects = [radiograph(film) for film in films[:3]]
    files = [written(dataset, tmp_path / f"{i}.dcm") for i, dataset in enumerate(objects)]
    target = tmp_path / "readings.jsonl"
    with orthanc(tmp_path / "orthanc") as archive:
        command = [storescu, "-aec", "ORTHANC", "127.0.0.1", str(archive.dicom_port), *map(str, files)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        arguments = ["fetch", archive.dicomweb, "--bundle", bundle_folder, "--json", target]
        arguments += ["--store-results", "--results", "tests.support.node_results:capture"]
        said = run_neumo(*arguments, "--limit", 2)
        assert "2 objects read, 0 failed, 0 without" in said
        said = call_neumo(capsys, *arguments, "--resume")
        assert "1 objects read" in said
        assert len(archive.instances("OT")) == 3
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert {line["file"] for line in lines} == {dataset.SOPInstanceUID for dataset in objects}
    assert all(line["status"] in ("read", "refused") for line in lines)


def test_fetch_names_an_archive_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    said = call_neumo(capsys, "fetch", "http://127.0.0.1:9/dicom-web", status=2)
    assert "cannot be searched" in said
