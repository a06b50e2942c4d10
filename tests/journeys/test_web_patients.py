"""Patients on the pages: head, worklist and search, and nothing of it in what a browser keeps."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from tests.support.dicom_samples import dicom_file
from tests.support.web_running import Running
from tests.support.web_steps import grave_violations

PATIENT: dict[str, Any] = {
    "PatientName": "Quijano^Dulcinea",
    "PatientID": "MRN-1",
    "PatientBirthDate": "20210314",
}
STUDY: dict[str, Any] = {
    "PatientAge": "003Y",
    "PatientSex": "F",
    "AccessionNumber": "ACC-9",
    "InstitutionName": "Toboso",
    "StudyDate": "20240502",
    "ViewPosition": "PA",
    "BodyPartExamined": "CHEST",
}

SHOWN = (
    "Quijano, Dulcinea",
    "MRN-1",
    "Mar 14, 2021",
    "3 years",
    "female",
    "May 2, 2024",
    "ACC-9",
    "Toboso",
)
"""Patient and study on a page, in English."""


@pytest.fixture(scope="module")
def filled(served: Running, films: list[Path]) -> Running:
    """The server with two radiographs of one patient, one of another, and one that names nobody."""
    with httpx.Client(base_url=served.address, timeout=60) as client:
        for number, named in enumerate(
            (PATIENT, PATIENT, {"PatientName": "Smith^John", "PatientID": "2"}, None)
        ):
            content = films[number].read_bytes()
            if named is not None:
                with Image.open(films[number]) as image:
                    content = dicom_file(np.asarray(image.convert("L")), **named, **STUDY)
            sent = {"Content-Type": "application/octet-stream", "X-File-Name": f"{number}.bin"}
            client.post("/api/readings", content=content, headers=sent).raise_for_status()
    return served


def test_a_patient_is_found_and_named_and_the_browser_keeps_nothing_of_it(
    page: Page, filled: Running
) -> None:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto("/worklist")
    rows = page.locator(".window .work-row")
    expect(rows).to_have_count(4)
    page.get_by_label("Patient", exact=True).fill("dulcinéa mrn1")
    expect(rows).to_have_count(2)
    row = rows.first
    for text in SHOWN:
        expect(row).to_contain_text(text)
    assert grave_violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 3

    row.get_by_role("link", name="Quijano").click()
    head = page.get_by_role("region", name="Patient")
    for text in SHOWN:
        expect(head).to_contain_text(text)
    assert page.title() == "Reading 2 - neumo"
    priors = page.get_by_role("list", name="Other radiographs of this patient").get_by_role("link")
    expect(priors).to_have_count(1)
    priors.click()
    expect(page).to_have_url(f"{filled.address}readings/1")
    expect(priors).to_have_attribute("href", "/readings/2")
    page.go_back()
    page.go_back()
    expect(rows).to_have_count(2)
    page.reload()
    expect(rows).to_have_count(4)
    told = [
        *seen,
        page.url,
        filled.logged,
        page.evaluate("JSON.stringify([history.state, {...localStorage}, {...sessionStorage}])"),
    ]
    assert not any(word in text.lower() for text in told for word in ("quijano", "dulcin", "mrn", "acc-9"))


def test_patients_are_found_by_age_and_sex_which_stay_out_of_the_address(page: Page, filled: Running) -> None:
    page.goto("/worklist")
    rows = page.locator(".window .work-row")
    expect(rows).to_have_count(4)
    page.get_by_label("Sex").select_option(label="Female")
    expect(rows).to_have_count(3)
    page.get_by_label("Age from (years)").fill("4")
    expect(rows).to_have_count(0)
    page.get_by_label("Age to").fill("3")
    expect(page.locator("[name=age_to]:invalid")).to_be_visible()
    page.get_by_label("Age from (years)").fill("3")
    expect(rows).to_have_count(3)
    assert page.url == f"{filled.address}worklist" and grave_violations(page) == []


def test_a_list_without_patients_has_no_columns_for_them(page: Page, filled: Running) -> None:
    page.goto("/worklist")
    page.get_by_label("Search", exact=True).fill("3.bin")
    expect(page.locator(".window .work-row")).to_have_count(1)
    expect(page.get_by_role("columnheader", name="Patient")).to_be_hidden()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("columnheader", name="Patient")).to_be_visible()


def test_the_worklist_shows_what_others_do_while_it_is_open(
    page: Page, filled: Running, films: list[Path]
) -> None:
    page.goto("/worklist?decided=false")
    rows = page.locator(".window .work-row")
    expect(rows).to_have_count(4)
    with httpx.Client(base_url=filled.address, timeout=60) as client:
        sent = {"Content-Type": "application/octet-stream", "X-File-Name": "new.jpeg"}
        number = client.post("/api/readings", content=films[4].read_bytes(), headers=sent).json()["id"]
        expect(rows).to_have_count(5)
        expect(rows.first).to_contain_text("new.jpeg")
        expect(page.get_by_role("status").filter(has_text="5 readings").first).to_be_visible()
        body, revision = {"conclusion": "NORMAL"}, {"If-Match": '"r0"'}
        client.post(f"/api/readings/{number}/decisions", json=body, headers=revision).raise_for_status()
        expect(rows).to_have_count(4)
        expect(page.locator(".window")).not_to_contain_text("new.jpeg")
        page.goto("/readings/1")
        recent = page.locator(".rail a", has_text="late.jpeg")
        expect(page.locator(".rail a").first).to_be_visible()
        sent["X-File-Name"] = "late.jpeg"
        client.post("/api/readings", content=films[5].read_bytes(), headers=sent).raise_for_status()
        expect(recent).to_be_visible()
