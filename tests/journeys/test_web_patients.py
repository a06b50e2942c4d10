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
from tests.support.web_visitor import Visitor

from neumo.texts.language import Language

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

DAYS: dict[Language, tuple[str, str]] = {
    "en": ("Mar 14, 2021", "May 2, 2024"),
    "es": ("14 mar 2021", "2 may 2024"),
}
"""Dates of birth and study as the page writes them."""


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


@pytest.fixture(scope="module")
def visited(filled: Running) -> Running:
    return filled


def test_a_patient_is_found_and_named_and_the_browser_keeps_nothing_of_it(
    visitor: Visitor, filled: Running
) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    age, sex = t("terms.patient.ages.years", count=3), t("terms.patient.sexes.F")
    told = ("Quijano, Dulcinea", "MRN-1", age, sex, "ACC-9", "Toboso", *DAYS[t.language])
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto("/worklist")
    rows = page.locator(".window .work-row")
    expect(rows.nth(3)).to_be_attached()
    page.get_by_label(t("terms.patient.name"), exact=True).fill("dulcinéa mrn1")
    expect(rows).to_have_count(2)
    row = rows.first
    for text in told:
        expect(row).to_contain_text(text)
    visitor.shows("Quijano, Dulcinea")
    assert grave_violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name=say("worklist.export_all")).click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 3

    row.get_by_role("link", name="Quijano").click()
    head = page.get_by_role("region", name=t("terms.patient.name"))
    for text in told:
        expect(head).to_contain_text(text)
    visitor.shows(*told)
    assert page.title() == f"{say('reading.reading')} 2 - neumo"
    priors = page.get_by_role("list", name=say("reading.priors")).get_by_role("link")
    expect(priors).to_have_count(1)
    priors.click()
    expect(page).to_have_url(f"{filled.address}readings/1")
    expect(priors).to_have_attribute("href", "/readings/2")
    page.go_back()
    page.go_back()
    expect(rows).to_have_count(2)
    page.reload()
    expect(rows.nth(3)).to_be_attached()
    kept = [
        *seen,
        page.url,
        filled.logged,
        page.evaluate("JSON.stringify([history.state, {...localStorage}, {...sessionStorage}])"),
    ]
    assert not any(word in text.lower() for text in kept for word in ("quijano", "dulcin", "mrn", "acc-9"))


def test_patients_are_found_by_age_and_sex_which_stay_out_of_the_address(page: Page, filled: Running) -> None:
    page.goto("/worklist")
    rows = page.locator(".window .work-row")
    expect(rows.nth(3)).to_be_attached()
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
    visitor: Visitor, filled: Running, films: list[Path], tmp_path: Path
) -> None:
    page, say = visitor.page, visitor.say
    new, late = (visitor.own(film, tmp_path) for film in films[4:6])
    before = page.request.get("/api/readings?decided=false").json()["count"]
    page.goto("/worklist?decided=false")
    rows = page.locator(".window .work-row")
    expect(rows).to_have_count(before)
    with httpx.Client(base_url=filled.address, timeout=60) as client:

        def others_send(film: Path) -> int:
            sent = {"Content-Type": "application/octet-stream", "X-File-Name": film.name}
            answer = client.post("/api/readings", content=film.read_bytes(), headers=sent)
            return int(answer.raise_for_status().json()["id"])

        number = others_send(new)
        expect(rows).to_have_count(before + 1)
        expect(rows.first).to_contain_text(new.name)
        visitor.shows(say("worklist.count", count=before + 1, shown=before + 1))
        body, revision = {"conclusion": "NORMAL"}, {"If-Match": '"r0"'}
        client.post(f"/api/readings/{number}/decisions", json=body, headers=revision).raise_for_status()
        expect(rows).to_have_count(before)
        expect(page.locator(".window")).not_to_contain_text(new.name)
        page.goto("/readings/1")
        expect(page.locator(".rail a").first).to_be_visible()
        others_send(late)
        expect(page.locator(".rail a", has_text=late.name)).to_be_visible()
        visitor.shows(late.name)
