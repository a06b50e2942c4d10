"""What the workbench promises a person: one goes the ways in English at a desk, the other in Spanish on a telephone.

At each station the page is looked at on three sizes of screen.

| promise | journey here | in depth |
|---|---|---|
| one answer: verdict, prediction set, evidence with intervals | `test_the_answer` | `test_web_reading` |
| one prevalence on screen and in every file | `test_the_answer` | `test_web_results` |
| true refusals with a remedy; the age range overridden | `test_refusals` | `test_web_reading` |
| nothing typed is lost: reload, language, N and P, network, session | `test_a_decision` | `test_web_unsent` |
| the decision, its vocabulary, in every file; verified and sent | `test_a_decision` | `test_node_and_workbench` |
| files, folders, ZIP and DICOMDIR anywhere, also offline | `test_files` | `test_web_reading` |
| whose radiograph: head, worklist, search, priors; filters; removal | `test_the_worklist` | `test_web_patients` |
| the viewer's habits, half of a telephone, the key sheet, print | `test_the_viewer` | `test_web_viewer` |
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from pydicom import dcmread
from pynetdicom import sop_class
from pypdf import PdfReader
from tests.support.node_peers import Archive, archive
from tests.support.node_samples import written
from tests.support.web_running import Running, running
from tests.support.web_steps import drop
from tests.support.web_visitor import NAMES, PHONE, Visitor, add_verifiers, log_out_everybody, plain, visiting

from neumo.results.dicom import read_back
from neumo.texts.catalogue import percent, texts
from neumo.texts.data_names import data_name
from neumo.texts.language import Language

pytestmark = pytest.mark.timeout(240)
REPORTS = [sop_class.EnhancedSRStorage, sop_class.ComprehensiveSRStorage, sop_class.Comprehensive3DSRStorage]  # type: ignore[attr-defined]  # made at run time
NOTE = "masa hiliar, ver García 4711"


@pytest.fixture(scope="module")
def pacs() -> Iterator[Archive]:
    with archive(classes=REPORTS) as started:
        yield started


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, journey_bundle: Path, pacs: Archive
) -> Iterator[Running]:
    """A workbench where two people read and verify, beside a PACS."""
    data = tmp_path_factory.mktemp("everywhere") / "data"
    add_verifiers(data, NAMES.values())
    to = f"{{name: pacs, kind: c-store, ae_title: ARCHIVE, host: 127.0.0.1, port: {pacs.port}, timeout: 20}}"
    with running(data, journey_bundle, send__to=to) as started:
        yield started


@pytest.fixture(scope="module", params=[("en", 1440), ("es", PHONE)], ids=["en", "es"])
def visitor(request: pytest.FixtureRequest, browser: Browser, served: Running) -> Iterator[Visitor]:
    with visiting(browser, served, *request.param) as opened:
        yield opened


def test_the_answer(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    visitor.read(written(visitor.patients(films[0]), tmp_path / "film.dcm"))
    verdict = page.locator(".verdict")
    finding, coverage = t("terms.findings.NORMAL"), percent(0.9, 0)
    expect(verdict).to_contain_text(say("reading.set_one", finding=finding, coverage=coverage))
    expect(verdict).to_contain_text(say("reading.at_point_below", point=say("points.balanced")))
    expect(page.locator("[data-figure=sensitivity] dd")).to_contain_text("90.0 %85.0–94.0 %")
    expect(page.locator("[data-figure=specificity] dd")).to_contain_text("80.0 %73.0–86.0 %")
    expect(page.locator("[data-figure=ppv]")).to_have_count(0)
    visitor.shows(
        t("terms.verdict.no_pneumonia.none"),
        data_name("phantoms, test", t.language),
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
    assert all(plain(text) in pdf for text in (percent(0.001), *shown))
    report = read_back(dcmread(visitor.taken("sr_dcm")))
    assert report.answer is not None
    stated_in_report = {finding.value: share for finding, share in report.answer.probabilities.items()}
    assert stated_in_report == pytest.approx(reading["probabilities"], abs=1e-3)
    assert percent(0.001) in visitor.taken("fhir_json").read_text(encoding="utf-8")


def test_refusals(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((visitor.width, 200), 127, dtype=np.uint8)).save(blank)
    visitor.read(blank)
    expect(page.locator(".bars")).to_have_count(0)
    expect(page.get_by_text(say("decision.agree"), exact=True)).to_have_count(0)
    visitor.shows(say("reading.refused_title"), say("reading.refused_text"), say("remedies.blank"))

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
    report = visitor.taken("report_html").read_text()
    assert NOTE in report and "Hospital Toboso" in report


def test_files(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    letter, packed = visitor.letter(tmp_path), visitor.compact_disc(films[4], tmp_path)
    own = visitor.own(films[5], tmp_path)
    page.goto("/worklist")
    drop(page, [letter, packed, own])
    expect(page.locator(".rail a", has_text="IM0001")).to_contain_text(t("terms.verdict.no_pneumonia.none"))
    expect(page.get_by_text(say("reading.skipped", count=2))).to_be_visible()
    failed = page.locator(".rail-item", has_text=letter.name)
    expect(failed).to_contain_text(say("reading.status_failed"))
    expect(failed.locator(".rail-reason")).not_to_be_empty()
    expect(failed.get_by_role("button")).to_have_count(0)
    read = page.locator(".rail a", has_text=own.name)
    expect(read.locator(".said")).to_have_text(t("terms.verdict.no_pneumonia.none"))
    read.click()
    expect(page.locator(".answer-file")).to_have_text(own.name)
    page.locator("[value=INADEQUATE_IMAGE]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    visitor.shows(say("reading.sent", done=3, total=3), say("reading.status_failed"), say("reading.decided"))

    folder = tmp_path / "folder"
    first, second = visitor.own(films[6], folder), visitor.own(films[7], folder)
    page.goto("/")
    page.context.set_offline(True)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=say("reading.pick_folder")).click()
    chooser.value.set_files(folder)
    expect(page.locator(".rail-item", has_text=say("reading.status_offline"))).to_have_count(2)
    visitor.shows(say("reading.status_offline"), say("shell.offline"), say("reading.drop_text"))
    page.context.set_offline(False)
    for film in (first, second):
        expect(page.locator(".rail a", has_text=film.name)).to_be_visible()


def test_the_worklist(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    named = f"{t.language}{visitor.width}"
    visitor.read(written(visitor.patients(films[8], PatientID=f"W-{named}"), tmp_path / "first.dcm"))
    page.locator("[value=AGREE]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.locator(".history")).to_contain_text(say("decision.agreed"))
    visitor.read(written(visitor.patients(films[9], PatientID=f"W-{named}"), tmp_path / "wrong.dcm"))
    head = page.get_by_role("region", name=t("terms.patient.name"))
    age, sex = t("terms.patient.ages.years", count=3), t("terms.patient.sexes.F")
    told = (f"Quijano, Dulcinea {named}", f"W-{named}", age, sex, "ACC-9", "Hospital Toboso")
    for text in told:
        expect(head).to_contain_text(text)
    priors = page.get_by_role("list", name=say("reading.priors")).get_by_role("link")
    expect(priors).to_have_count(1)
    expect(priors).to_contain_text(t("terms.verdict.no_pneumonia.none"))
    visitor.shows(*told, say("reading.priors"))
    page.goto("/worklist")
    page.get_by_label(t("terms.patient.name"), exact=True).fill(f"w{named} dulcinéa")
    rows = page.locator(".window .work-row")
    expect(rows).to_have_count(2)
    visitor.shows(f"Quijano, Dulcinea {named}")
    if visitor.width == PHONE:
        expect(page.locator("[name=decided]")).to_be_hidden()
        page.get_by_role("button", name=say("worklist.filters")).click()
    page.locator("[name=decided]").select_option(label=say("worklist.without_decision"))
    expect(rows).to_have_count(1)
    undetermined = page.locator("[name=verdict]")
    undetermined.select_option(label=say("worklist.verdict_undetermined"))
    visitor.shows(say("worklist.none_match"), say("worklist.none_match_text"), say("worklist.reset"))
    undetermined.select_option(label=say("worklist.any"))
    rows.first.get_by_role("link", name="Quijano").click()
    visitor.shows(say("reading.from_worklist"))
    page.get_by_text(say("removal.open")).click()
    page.get_by_role("combobox", name=say("removal.reason")).select_option(label=say("removal.wrong_patient"))
    visitor.shows(say("removal.text"))
    page.get_by_role("button", name=say("removal.remove"), exact=True).click()
    expect(page.get_by_text(say("removal.done"))).to_be_visible()
    expect(page.locator(".verdict-finding")).to_have_text(say("worklist.verdict_no_pneumonia"))
    visitor.shows(say("reading.purged_file"), say("reading.purged_text"))


def test_the_viewer(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, say = visitor.page, visitor.say
    visitor.read(written(visitor.patients(films[0]), tmp_path / "film.dcm"))
    viewer, readout = page.locator(".viewer"), page.locator(".viewer-readout")
    if visitor.width == PHONE:
        assert page.evaluate("document.querySelector('.viewer').clientHeight / innerHeight") >= 0.5
    expect(readout).to_contain_text("W 255")
    visitor.drag(-40, 0)
    expect(readout).to_contain_text("W 215")
    page.get_by_role("combobox", name=say("viewer.preset")).select_option("dense")
    expect(readout).not_to_contain_text("W 215")
    page.get_by_role("button", name=say("viewer.turn_right")).click()
    expect(readout).to_contain_text("90°")
    page.get_by_role("button", name=say("viewer.mirror")).click()
    expect(readout).to_contain_text(say("viewer.mirrored"))
    page.get_by_role("button", name=say("viewer.measure")).click()
    visitor.drag(60, 0)
    expect(page.locator(".viewer-measured")).to_contain_text(" mm")
    viewer.focus()
    page.keyboard.press("o")
    visitor.shows(say("viewer.legend_caveat"), say("viewer.legend_weak"), say("viewer.mirrored"), " mm")
    page.keyboard.press("?")
    actions = ("drag_left", "presets", "turn", "mirror", "measure", "overlay", "next", "previous")
    visitor.shows(*(say(f"help.{action}") for action in actions))
    page.keyboard.press("Escape")
    page.emulate_media(media="print")
    expect(page.locator(".toolbar")).to_be_hidden()
    for shown in (".viewer-canvas", ".verdict-finding", ".bars", ".strip"):
        expect(page.locator(shown).first).to_be_visible()
    page.emulate_media(media="screen")
