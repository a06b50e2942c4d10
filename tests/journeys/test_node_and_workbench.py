"""A hospital that runs both: a radiograph is sent, read, seen in a browser, decided on, and verified in Orthanc."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect
from pydicom import Dataset, dcmread
from pypdf import PdfReader
from tests.support.node_peers import send
from tests.support.node_running import Program, program
from tests.support.node_samples import written
from tests.support.orthanc import Orthanc, orthanc
from tests.support.programs import require
from tests.support.waiting import wait_until
from tests.support.web_running import Running, running
from tests.support.web_visitor import NAMES, Visitor, add_verifiers

from neumo.results.dicom import read_back

pytestmark = pytest.mark.timeout(280)


@dataclass(frozen=True)
class Hospital:
    """A PACS, and a node and a workbench over the same records that send to it."""

    pacs: Orthanc
    node: Program
    workbench: Running

    def reports(self, patient: str) -> dict[str, Dataset]:
        """Return the reports of a patient that the PACS holds, by whether somebody verified them."""
        held = [dcmread(BytesIO(content)) for content in self.pacs.files("SR")]
        return {report.VerificationFlag: report for report in held if report.PatientID == patient}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory, journey_bundle: Path) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("hospital")
    data = folder / "neumo"
    add_verifiers(data, NAMES.values())
    with orthanc(folder / "orthanc") as pacs:
        to = {
            "name": "pacs", "kind": "c-store", "ae_title": "ORTHANC", "host": "127.0.0.1",
            "port": pacs.dicom_port, "timeout": 20,
        }  # fmt: skip
        settings = {
            "data": str(data),
            "receive": {"port": 0, "limits": {"free_bytes": 0}},
            "read": {"bundle": str(journey_bundle), "threads": 1},
            "send": {"quiet": 0, "retry": {"first": 0.2, "longest": 1}, "to": [to]},
            "archive": {},
            "health": {"port": 0},
        }
        sends_to = yaml.safe_dump(to, default_flow_style=True, width=1000).strip()
        with program(settings, folder) as node, running(data, journey_bundle, send__to=sends_to) as workbench:
            yield Hospital(pacs, node, workbench)


@pytest.fixture(scope="module")
def visited(hospital: Hospital) -> Running:
    return hospital.workbench


def test_a_radiograph_is_sent_read_seen_decided_on_and_verified_in_the_pacs(
    visitor: Visitor, hospital: Hospital, films: list[Path], tmp_path: Path
) -> None:
    page, t, say, person = visitor.page, visitor.t, visitor.say, NAMES[visitor.t.language]
    sent = visitor.patients(films[0])
    file = written(sent, tmp_path / "sent.dcm")
    page.goto("/worklist")
    expect(page.get_by_role("heading", name=say("nav.worklist"))).to_be_visible()
    port = str(hospital.node.port)
    command = [require("storescu", "dcmtk"), "-aec", "NEUMO", "127.0.0.1", port, str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)

    # It appears by itself, under the patient's name, and opens with radiograph, heat map and header.
    row = page.locator(".window .work-row", has_text=sent.PatientID)
    expect(row).to_have_count(1, timeout=60_000)
    name = str(sent.PatientName).replace("^", ", ")
    for text in (name, sent.PatientID, "ACC-9", "Hospital Toboso", "node"):
        expect(row).to_contain_text(text)
    visitor.shows(name)
    row.get_by_role("link", name="Quijano").click()
    expect(page.get_by_role("region", name=t("terms.patient.name"))).to_contain_text(name)
    expect(page.locator(".viewer[data-film=whole]")).to_be_visible()
    expect(page.locator(".answer-file")).to_have_text(sent.SOPInstanceUID)
    page.keyboard.press("o")
    visitor.shows(name, sent.PatientID, "ACC-9", "Hospital Toboso", say("viewer.legend_caveat"))

    page.locator("input[value=VIRAL_PNEUMONIA]").check()
    page.get_by_label(say("decision.note")).fill("perihilar pattern")
    page.get_by_role("button", name=say("decision.save")).click()
    page.get_by_role("button", name=say("decision.send", pacs="pacs")).click()
    visitor.shows(say("decision.sent", pacs="pacs"), say("decision.verified"))

    # The PACS holds the model's own report, which nobody verified, and the person's.
    wait_until(lambda: len(hospital.reports(sent.PatientID)) == 2, what=hospital.node.raw)
    reports = hospital.reports(sent.PatientID)
    assert reports.keys() == {"UNVERIFIED", "VERIFIED"}
    for report in reports.values():
        assert read_back(report).instance == sent.SOPInstanceUID
        assert (report.PatientName, report.StudyInstanceUID) == (sent.PatientName, sent.StudyInstanceUID)
    verified = reports["VERIFIED"]
    assert verified.VerifyingObserverSequence[0].VerifyingObserverName == f"García^{person.capitalize()}"
    assert "perihilar pattern" in [element.value for element in verified.iterall()]
    for told in (hospital.workbench.logged, *hospital.node.raw, page.url, page.title()):
        assert "Quijano" not in told and "MRN-" not in told


def test_what_the_node_cannot_read_stands_with_reason_remedy_and_report(
    visitor: Visitor, hospital: Hospital, films: list[Path]
) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    patient = f"CUT-{t.language}{visitor.width}"
    sent = visitor.patients(films[1], PatientID=patient, Rows=9999)
    assert send(hospital.node.port, sent) == [0]
    page.goto("/worklist?status=failed")
    row = page.locator(".window .work-row", has_text=patient)
    expect(row).to_have_count(1, timeout=60_000)
    expect(row).to_contain_text(say("reading.status_failed"))
    row.get_by_role("link", name="Quijano").click()
    expect(page.get_by_role("region", name=t("terms.patient.name"))).to_contain_text(patient)
    expect(page.locator("[data-code=not_an_image]")).to_contain_text(say("remedies.not_an_image"))
    visitor.shows(say("reading.failed_title"), say("reading.no_film"), say("remedies.not_an_image"))
    digest = json.loads(visitor.taken("reading_json").read_text(encoding="utf-8"))["sha256"]
    assert len(digest) == 64 and patient in visitor.taken("report_html").read_text(encoding="utf-8")
    pages = PdfReader(visitor.taken("report_pdf")).pages
    assert t("readings.status.failed") in " ".join(sheet.extract_text() for sheet in pages)
    wait_until(lambda: hospital.reports(patient), what=hospital.node.raw)
    report = read_back(hospital.reports(patient)["UNVERIFIED"])
    assert (report.status.value, report.reasons[0].partition(":")[0]) == ("failed", "not_an_image")

    page.locator("[value=INADEQUATE_IMAGE]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    sending = page.get_by_role("button", name=say("decision.send", pacs="pacs"))
    expect(sending).to_be_visible()

    # Once what is kept of it has been deleted on schedule, no file is offered, nor the verified report to be sent.
    (kept,) = [
        file for file in (visitor.data / "kept").rglob("*.kept") if patient.encode() in file.read_bytes()
    ]
    kept.unlink()
    page.reload()
    visitor.shows(say("reading.no_film"), say("results.nothing_kept"), say("decision.verified"))
    for offered in (page.get_by_role("link", name=say("results.report_pdf")), sending):
        expect(offered).to_have_count(0)
