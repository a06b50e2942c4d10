"""A hospital that runs both: a radiograph is sent, read, seen in a browser, decided on, and verified in Orthanc."""

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect
from pydicom import Dataset, dcmread
from tests.support.node_running import program
from tests.support.node_samples import radiograph, written
from tests.support.orthanc import Orthanc, orthanc
from tests.support.programs import require
from tests.support.waiting import wait_until
from tests.support.web_running import PASSWORD, add_people, running

from neumo.results.dicom import read_back
from neumo.web.people.accounts import open_accounts, set_verifier
from neumo.web.people.verifier import Verifier

pytestmark = pytest.mark.timeout(280)
PATIENT = {
    "PatientName": "Quijano^Dulcinea",
    "PatientID": "MRN-1",
    "PatientBirthDate": "20210314",
    "PatientSex": "F",
    "AccessionNumber": "ACC-9",
    "InstitutionName": "Hospital Toboso",
}


def _log_in(browser: Browser, address: str) -> Page:
    context = browser.new_context(base_url=address, locale="en-GB", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page = context.new_page()
    page.goto("/worklist")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    return page


def _reports(pacs: Orthanc) -> list[Dataset]:
    return [dcmread(BytesIO(content)) for content in pacs.files("SR")]


def test_a_radiograph_is_sent_read_seen_decided_on_and_verified_in_the_pacs(
    browser: Browser, tmp_path: Path, journey_bundle: Path, films: list[Path]
) -> None:
    sent = radiograph(films[0], **PATIENT)
    file = written(sent, tmp_path / "sent.dcm")
    data = tmp_path / "neumo"
    add_people(data, ana="reader")
    accounts = open_accounts(data)
    set_verifier(accounts, "ana", Verifier("Garcia^Ana", "Hospital Toboso"))
    accounts.dispose()
    with orthanc(tmp_path / "orthanc") as pacs:
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
        with (
            program(settings, tmp_path) as node,
            running(data, journey_bundle, send__to=sends_to) as server,
        ):
            page = _log_in(browser, server.address)
            expect(page.get_by_role("heading", name="Nothing has been read yet")).to_be_visible()
            command = [require("storescu", "dcmtk"), "-aec", "NEUMO", "127.0.0.1", str(node.port), str(file)]
            subprocess.run(command, check=True, capture_output=True, timeout=60)

            # It appears by itself, under the patient's name, and opens with radiograph, heat map and header.
            row = page.locator(".window .work-row")
            expect(row).to_have_count(1)
            for text in ("Quijano, Dulcinea", "MRN-1", "ACC-9", "Hospital Toboso", "node"):
                expect(row).to_contain_text(text)
            row.get_by_role("link", name="Quijano").click()
            expect(page.get_by_role("region", name="Patient")).to_contain_text("Quijano, Dulcinea")
            expect(page.locator(".viewer[data-film=whole]")).to_be_visible()
            expect(page.locator(".answer-file")).to_have_text(sent.SOPInstanceUID)
            page.keyboard.press("o")
            expect(page.get_by_role("img", name="with the heat map of")).to_be_visible()

            page.get_by_role("radio", name="Viral pneumonia").check()
            page.get_by_label("Note").fill("perihilar pattern")
            page.get_by_role("button", name="Save decision").click()
            page.get_by_role("button", name="Send the verified report to pacs").click()
            expect(page.get_by_text("pacs has the verified report.")).to_be_visible()

            # The PACS holds the model's own report, which nobody verified, and the person's.
            wait_until(lambda: len(_reports(pacs)) == 2, what=node.raw)
            by_flag = {report.VerificationFlag: report for report in _reports(pacs)}
            assert by_flag.keys() == {"UNVERIFIED", "VERIFIED"}
            for report in by_flag.values():
                assert read_back(report).instance == sent.SOPInstanceUID
                assert (report.PatientName, report.PatientID) == ("Quijano^Dulcinea", "MRN-1")
                assert report.StudyInstanceUID == sent.StudyInstanceUID
            verified = by_flag["VERIFIED"]
            assert verified.VerifyingObserverSequence[0].VerifyingObserverName == "Garcia^Ana"
            assert "perihilar pattern" in [element.value for element in verified.iterall()]
            for told in (server.logged, *node.raw, page.url, page.title()):
                assert "Quijano" not in told and "MRN-1" not in told
            page.context.close()
