"""What the workbench promises a person, from a file to its report; `promises.md` says which test shows which sentence.

Files, lists and the viewer are in `test_web_everywhere_lists`. NEUMO_SCREENSHOTS=FOLDER saves screenshots of all pages.
"""

import csv
import json
from http import HTTPStatus
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from pydicom import dcmread
from pypdf import PdfReader
from tests.support.node_peers import Archive
from tests.support.node_samples import written
from tests.support.tiny_bundle import MEASURED
from tests.support.web_steps import drop
from tests.support.web_visitor import NAMES, Visitor, log_out_everybody, plain

from neumo.results.dicom import read_back
from neumo.texts.catalogue import percent, texts
from neumo.texts.data_names import data_name
from neumo.texts.language import LANGUAGES, Language

pytestmark = pytest.mark.timeout(240)
NOTE = "masa hiliar, ver García 4711"


def test_the_answer(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    visitor.read(written(visitor.patients(films[0]), tmp_path / "film.dcm"))
    verdict = page.locator(".verdict")
    finding, coverage = t("terms.findings.NORMAL"), percent(0.9, 0)
    expect(verdict).to_contain_text(say("reading.set_one", finding=finding, coverage=coverage))
    expect(verdict).to_contain_text(say("reading.at_point_below", point=say("points_in_words.balanced")))
    expect(page.locator("[data-figure=sensitivity] dd")).to_contain_text("90.0 %85.0–94.0 %")
    expect(page.locator("[data-figure=specificity] dd")).to_contain_text("80.0 %73.0–86.0 %")
    expect(page.locator("[data-figure=ppv]")).to_have_count(0)
    visitor.shows(
        t("terms.verdict.no_pneumonia.none"),
        data_name(MEASURED[0], t.language),
        say("reading.prevalence_none"),
        t("readings.evidence.no_prevalence"),
        *(say(f"points.{point}") for point in ("balanced", "high_sensitivity")),
        say("shell.support"),
    )

    page.get_by_role("slider", name=say("reading.prevalence")).press("Home")
    expect(page.locator("[data-figure=ppv] dd")).to_contain_text("0.4 %0.3–0.6 %")
    visitor.shows(say("reading.prevalence_chosen"), say("reading.ppv"), say("reading.npv"))
    shown = page.locator(".bar-figure").all_inner_texts()
    reading = json.loads(visitor.taken("reading_json").read_text())
    assert [plain(percent(share)) for share in reading["probabilities"].values()] == [plain(s) for s in shown]
    stated = page.locator(".bars + p").inner_text().partition("(")[0]
    html = plain(visitor.taken("report_html").read_text())
    for text in (stated, *shown):
        assert plain(text) in html
    pdf = plain(" ".join(sheet.extract_text() for sheet in PdfReader(visitor.taken("report_pdf")).pages))
    whose = (f"Quijano, Dulcinea {t.language}{visitor.width}", "2021-03-14", "ACC-9", "Hospital Toboso")
    assert all(plain(text) in pdf for text in (percent(0.001), *shown, *whose))
    report = read_back(dcmread(visitor.taken("sr_dcm")))
    assert report.answer is not None
    stated_in_report = {finding.value: share for finding, share in report.answer.probabilities.items()}
    assert stated_in_report == pytest.approx(reading["probabilities"], abs=1e-3)
    assert percent(0.001) in visitor.taken("fhir_json").read_text(encoding="utf-8")
    page.reload()
    expect(page.locator(".prevalence-figure")).to_have_text(percent(0.001))
    page.get_by_role("button", name=say("reading.prevalence_back")).click()
    expect(page.locator("[data-figure=ppv]")).to_have_count(0)
    visitor.shows(say("reading.prevalence_unset"), say("reading.prevalence_none"))


def test_refusals(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((visitor.width, 200 + LANGUAGES.index(t.language)), 127, dtype=np.uint8)).save(
        blank
    )
    visitor.read(blank)
    expect(page.locator(".bars")).to_have_count(0)
    expect(page.get_by_text(say("decision.agree"), exact=True)).to_have_count(0)
    visitor.shows(say("reading.refused_title"), say("reading.refused_text"), say("remedies.blank"))
    page.locator("[value=WRONG_IMAGE]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.locator(".history")).to_contain_text(t.label("terms.conclusions.WRONG_IMAGE"))

    visitor.read(written(visitor.patients(films[1], PatientAge="008M"), tmp_path / "baby.dcm"))
    old = t("terms.patient.ages.months", count=8)
    expect(page.locator("[data-code=outside_age_range]")).to_contain_text(old)
    visitor.shows(old, say("remedies.outside_age_range"))
    page.get_by_role("button", name=say("age_override.open")).click()
    dialog = page.get_by_role("dialog", name=say("age_override.title"))
    dialog.get_by_role("button", name=say("age_override.read")).click()
    visitor.shows(say("age_override.text"), say("age_override.missing"))
    dialog.get_by_label(say("age_override.reason")).fill("asked for by the ward")
    dialog.get_by_role("button", name=say("age_override.read")).click()
    expect(page.locator("[data-code=age_overridden]")).to_contain_text("asked for by the ward")
    assert "asked for by the ward" in visitor.taken("report_html").read_text()


def test_a_file_that_cannot_be_read(
    visitor: Visitor, pacs: Archive, films: list[Path], tmp_path: Path
) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    named = f"{t.language}{visitor.width}"
    cut = written(visitor.patients(films[1], PatientID=f"CUT-{named}"), tmp_path / "cut.dcm")
    cut.write_bytes(cut.read_bytes()[:-2000])
    page.goto("/")
    drop(page, [cut])
    expect(page.locator(".answer-file")).to_have_text("cut.dcm")
    reason = page.locator("[data-code=not_an_image]")
    expect(reason).to_be_visible()
    expect(page.get_by_role("region", name=t("terms.patient.name"))).to_contain_text(f"CUT-{named}")
    visitor.shows(
        say("reading.failed_title"),
        say("reading.failed_text"),
        say("reading.no_film"),
        say("remedies.not_an_image"),
        say("decision.none"),
        say("results.no_film"),
        say("results.undecided"),
    )
    expect(page.locator("[value=AGREE]")).to_have_count(0)
    expect(page.get_by_role("link", name=say("results.sr_dcm"))).to_have_count(0)
    assert t("readings.decision.none") in visitor.taken("report_html").read_text()

    page.locator("[value=INADEQUATE_IMAGE]").check()
    page.get_by_label(say("decision.note")).fill(NOTE)
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.locator(".history")).to_contain_text(t.label("terms.conclusions.INADEQUATE_IMAGE"))
    visitor.shows(say("results.no_film"), NOTE)
    expect(page.get_by_text(say("results.undecided"))).to_have_count(0)
    for taken in ("report_html", "fhir_json"):
        assert NOTE in visitor.taken(taken).read_text(encoding="utf-8")
    report = read_back(dcmread(visitor.taken("sr_dcm")))
    assert (report.status.value, report.conclusion, report.verified) == ("failed", "INADEQUATE_IMAGE", True)
    page.get_by_role("button", name=say("decision.send", pacs="pacs")).click()
    expect(page.get_by_text(say("decision.sent", pacs="pacs"))).to_be_visible()
    assert pacs.got[-1].PatientID == f"CUT-{named}"

    page.goto("/worklist?status=failed")
    row = page.locator(".window .work-row", has_text=named)
    expect(row).to_contain_text(say("reading.status_failed"))
    visitor.shows(say("reading.status_failed"), t.label("terms.conclusions_short.INADEQUATE_IMAGE"))


def test_blinded_reading(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    visitor.read(visitor.own(films[4], tmp_path))
    seen_before = page.url
    page.goto("/settings")
    page.get_by_label(say("settings.blinded_label")).check()
    page.get_by_role("button", name=say("settings.save")).click()
    visitor.shows(say("settings.saved"), say("settings.blinded_text"))
    visitor.read(visitor.own(films[10], tmp_path))
    expect(page.locator(".bars")).to_have_count(0)
    visitor.shows(say("reading.withheld_title"), say("reading.withheld_text"))
    page.locator("[value=NORMAL]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.locator(".verdict-finding")).to_have_text(t("terms.verdict.no_pneumonia.none"))
    visitor.shows(say("decision.blinded"), say("decision.agreed"))
    page.goto(seen_before)
    expect(page.locator(".verdict-finding")).to_have_text(say("reading.withheld_title"))
    page.locator("[value=NORMAL]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.locator(".history")).to_contain_text(t.label("terms.conclusions.NORMAL"))
    expect(page.locator(".history")).not_to_contain_text(say("decision.blinded"))
    decided = page.request.get("/api/readings?decided=true&limit=500").json()["readings"]
    page.goto("/worklist?verdict=no_pneumonia")
    seen = [row for row in decided if row["verdict"] == "no_pneumonia"]
    expect(page.locator(".window .work-row")).to_have_count(len(seen))
    visitor.shows(say("worklist.blinded"))
    page.goto("/settings")
    page.get_by_label(say("settings.blinded_label")).uncheck()
    page.get_by_role("button", name=say("settings.save")).click()
    expect(page.get_by_text(say("settings.saved"))).to_be_visible()


def test_a_decision_that_cannot_be_saved_as_it_is(
    visitor: Visitor, films: list[Path], tmp_path: Path
) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    visitor.read(visitor.own(films[13], tmp_path))
    other = page.context.new_page()
    other.goto(page.url)
    # Else it would take over the draft that is typed below.
    expect(other.locator("[value=AGREE]")).to_be_visible()
    save, note = page.get_by_role("button", name=say("decision.save")), page.locator("[name=note]")
    long = "no end " * 1000
    page.locator("[value=OTHER_ABNORMAL]").check()
    save.click()
    visitor.shows(say("decision.name_abnormality"))
    page.get_by_label(say("decision.abnormality")).fill("masa hiliar")
    note.fill(long)
    save.click()
    most = page.request.get("/api/me").json()["limits"]["note_characters"]
    visitor.shows(say("shell.too_long", name=say("decision.note"), count="7,000", most=f"{most:,}"))
    expect(note).to_have_value(long)
    note.fill(NOTE)
    other.locator("[value=AGREE]").check()
    other.get_by_role("button", name=say("decision.save")).click()
    expect(other.locator(".history li")).to_have_count(1)
    other.close()
    save.click()
    visitor.shows(t("errors.decided_meanwhile"), say("decision.agreed"))
    save.click()
    expect(page.locator(".history li")).to_have_count(2)
    visitor.shows(say("decision.agreed"), say("decision.disagreed"), "masa hiliar", NOTE)


def test_every_page_in_the_person_s_language(visitor: Visitor) -> None:
    """Pages of no other test; that the others are in the person's language is checked by `Visitor.shows`."""
    page, t, say = visitor.page, visitor.t, visitor.say
    titles = {
        "/worklist": "nav.worklist", "/research": "research.missing_title", "/settings": "nav.settings",
        "/bundle": "bundle.not_commissioned", "/readings/999999": "missing.title", "/": "reading.drop_title",
    }  # fmt: skip
    for path, title in titles.items():
        page.goto(path)
        visitor.shows(say(title), say("shell.support"))
    expect(page.get_by_role("button", name=say("shell.again"))).to_have_count(0)
    other: Language = "es" if t.language == "en" else "en"
    for language in (other, t.language):
        page.locator(f".tools [lang={language}]").click()
        expect(
            page.get_by_role("heading", name=texts(language)("workbench.reading.drop_title"))
        ).to_be_visible()
        page.goto("/worklist")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.get_by_role("heading", name=texts(language)("workbench.nav.worklist"))).to_be_visible()
        page.goto("/")
    unknown = page.goto("/no/such/thing")
    assert unknown is not None and unknown.status == HTTPStatus.NOT_FOUND
    visitor.shows(say("missing.title"), say("missing.text"))


def test_a_decision(visitor: Visitor, pacs: Archive, films: list[Path], tmp_path: Path) -> None:
    page, t, say, person = visitor.page, visitor.t, visitor.say, NAMES[visitor.t.language]
    visitor.read(visitor.own(films[2], tmp_path))
    visitor.read(written(visitor.patients(films[3]), tmp_path / "film.dcm"))
    visitor.shows(
        say("decision.none"),
        *(t.label(f"terms.conclusions.{choice}") for choice in t.group("terms.conclusions")),
        say("decision.signs", name=f"{person.capitalize()} García", organization="Hospital Toboso"),
    )
    assert t("readings.decision.none") in visitor.taken("report_html").read_text()
    page.locator("[value=OTHER_ABNORMAL]").check()
    page.get_by_label(say("decision.abnormality")).fill("masa hiliar")
    page.get_by_label(say("decision.note")).fill(NOTE)
    expect(page.get_by_text(say("decision.draft"))).to_be_visible()

    def kept() -> None:
        expect(page.locator("[name=note]")).to_have_value(NOTE)
        expect(page.locator("[name=abnormality]")).to_have_value("masa hiliar")

    address = page.url
    page.reload()
    kept()
    expect(page.get_by_text(say("decision.restored"))).to_be_visible()
    other: Language = "es" if t.language == "en" else "en"
    for language in (other, t.language):
        page.locator(f".tools [lang={language}]").click()
        expect(page.get_by_label(texts(language)("workbench.decision.note"))).to_have_value(NOTE)
        kept()
    page.locator("body").press("n")
    expect(page).not_to_have_url(address)
    expect(page.locator("[name=note]")).to_have_value("")
    page.locator("body").press("p")
    expect(page).to_have_url(address)
    kept()

    page.context.set_offline(True)
    page.get_by_role("button", name=say("decision.save")).click()
    visitor.shows(say("decision.waiting"), say("shell.offline"))
    page.get_by_role("button", name=say("decision.withdraw")).click()
    expect(page.get_by_text(say("decision.draft"))).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".banner")).to_be_hidden()
    kept()

    log_out_everybody(visitor.data)
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.get_by_role("heading", name=say("login.title"))).to_be_visible()
    visitor.shows(say("login.text"))
    visitor.log_in()
    page.goto(address)
    kept()
    page.context.set_offline(True)
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.get_by_text(say("decision.waiting"))).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text(say("decision.sent_later", id=visitor.number))).to_be_visible()
    other_abnormal = t.label("terms.conclusions.OTHER_ABNORMAL")
    for told in (other_abnormal, "masa hiliar", NOTE, person, say("decision.verified")):
        expect(page.locator(".history")).to_contain_text(told)

    page.get_by_role("button", name=say("decision.send", pacs="pacs")).click()
    visitor.shows(say("decision.sent", pacs="pacs"), say("decision.verified"), NOTE)
    verified = pacs.got[-1]
    assert verified.VerificationFlag == "VERIFIED"
    assert verified.VerifyingObserverSequence[0].VerifyingObserverName == f"García^{person.capitalize()}"
    assert verified.PatientID == f"MRN-{t.language}{visitor.width}"
    taken = {kind: visitor.taken(kind) for kind in ("report_html", "reading_json", "fhir_json", "sr_dcm")}
    for file in (taken["report_html"], taken["fhir_json"]):
        assert NOTE in file.read_text(encoding="utf-8") and "Hospital Toboso" in file.read_text(
            encoding="utf-8"
        )
    decision = json.loads(taken["reading_json"].read_text())["decision"]
    assert (decision["person"], decision["note"], decision["conclusion"]) == (person, NOTE, "OTHER_ABNORMAL")
    statuses = {
        entry["resource"]["status"]
        for entry in json.loads(taken["fhir_json"].read_text())["entry"]
        if entry["resource"]["resourceType"] == "DiagnosticReport"
    }
    assert statuses == {"final"} and dcmread(taken["sr_dcm"]).VerificationFlag == "VERIFIED"
    pdf = plain(" ".join(sheet.extract_text() for sheet in PdfReader(visitor.taken("report_pdf")).pages))
    assert NOTE in pdf and decision["at"][:10] in pdf and "Hospital Toboso" in pdf
    page.goto("/worklist?decided=true")
    with page.expect_download() as download:
        page.get_by_role("link", name=say("worklist.export_all")).click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    (row,) = [row for row in rows if row["decided_at"] == decision["at"]]
    assert (row["decided_by"], row["note"], row["verified"]) == (person, NOTE, "yes")
    assert row["abnormality"] == "masa hiliar"
