"""What the workbench promises a person of files, lists and the viewer; `promises.md` says which test shows what."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support.node_samples import written
from tests.support.web_steps import drop, drop_folder
from tests.support.web_visitor import HEIGHTS, PHONE, RESEARCHER, Visitor

pytestmark = pytest.mark.timeout(240)
_LOST = """() => {
  const entryOf = DataTransferItem.prototype.webkitGetAsEntry;
  DataTransferItem.prototype.webkitGetAsEntry = function () {
    const folder = entryOf.call(this);
    const reader = folder.createReader();
    folder.createReader = () => ({ readEntries: (done, failed) => reader.readEntries((entries) => {
      for (const entry of entries) {
        if (entry.name === "lost.png") entry.file = (_, lost) => lost(new DOMException("", "NotFoundError"));
      }
      done(entries);
    }, failed) });
    return folder;
  };
}"""
"""A file that is deleted between its drop and its reading."""


def test_files(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    letter, packed = visitor.letter(tmp_path), visitor.compact_disc(films[4], tmp_path)
    own = visitor.own(films[5], tmp_path)
    page.goto("/worklist")
    drop(page, [letter, packed, own])
    expect(page.locator(".rail a", has_text="IM0001")).to_contain_text(t("terms.verdict.no_pneumonia.none"))
    expect(page.get_by_text(say("reading.skipped", count=2))).to_be_visible()
    expect(page.get_by_text(say("worklist.none"))).to_have_count(0)
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


def test_a_folder_of_which_not_all_can_be_taken(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, say = visitor.page, visitor.say
    folder = tmp_path / "folder"
    own = [visitor.own(film, folder) for film in films[11:13]]
    (folder / "lost.png").write_bytes(own[0].read_bytes())
    (folder / "notes.txt").write_text("nothing")
    page.goto("/worklist")
    page.evaluate(_LOST)
    drop_folder(page, folder)
    dialog = page.get_by_role("dialog", name=say("reading.left_title"))
    visitor.shows(
        say("reading.taken", count=2),
        say("reading.left_unreadable", count=1),
        say("reading.skipped", count=1),
    )
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".rail-item")).to_have_count(0)
    drop_folder(page, folder)
    dialog.get_by_role("button", name=say("reading.send_taken", count=2)).click()
    for film in own:
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
    visitor.unfold_filters()
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
    expect(head).to_have_count(0)
    expect(page.locator(".rail-empty")).to_have_text(say("worklist.none_match"))
    visitor.shows(say("reading.purged_file"), say("reading.purged_text"))


def test_a_researcher_sees_no_patient(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    visitor.read(written(visitor.patients(films[8]), tmp_path / "named.dcm"))
    address = page.url
    with visitor.another(RESEARCHER) as other:
        other.page.goto(address)
        expect(other.page.locator(".answer-file")).to_contain_text("dicom:")
        expect(other.page.locator(".verdict-finding")).to_have_text(
            t.label("terms.verdict.no_pneumonia.none")
        )
        other.shows(say("decision.not_yours"))
        expect(other.page.get_by_role("link", name=say("results.sr_dcm"))).to_have_count(0)
        expect(other.page.get_by_role("region", name=t("terms.patient.name"))).to_have_count(0)
        other.page.goto("/worklist")
        expect(other.page.locator(".window .work-row").first).to_be_visible()
        expect(other.page.get_by_label(t("terms.patient.name"), exact=True)).to_have_count(0)
        assert "Quijano" not in other.page.content() and "MRN-" not in other.page.content()
        other.shows("dicom:")


def test_the_viewer(visitor: Visitor, films: list[Path], tmp_path: Path) -> None:
    page, say = visitor.page, visitor.say
    visitor.read(written(visitor.patients(films[0]), tmp_path / "film.dcm"))
    viewer, readout = page.locator(".viewer"), page.locator(".viewer-readout")
    if visitor.width == PHONE:
        for width, height in ((HEIGHTS[PHONE], PHONE), (PHONE, HEIGHTS[PHONE])):  # on its side and upright
            page.set_viewport_size({"width": width, "height": height})
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
    if visitor.width == PHONE:
        visitor.shows(say("viewer.legend_caveat"), heights={HEIGHTS[PHONE]: PHONE})
    visitor.shows(say("viewer.legend_caveat"), say("viewer.legend_weak"), say("viewer.mirrored"), " mm")
    page.keyboard.press("?")
    actions = ("drag_left", "presets", "turn", "mirror", "measure", "overlay", "next", "previous")
    visitor.shows(*(say(f"help.{action}") for action in actions))
    page.keyboard.press("Escape")
    page.emulate_media(media="print")
    for hidden in (".top", ".rail", ".toolbar", ".answer form", ".files"):
        expect(page.locator(hidden).first).to_be_hidden()
    for shown in (".viewer-canvas", ".verdict-finding", ".bars", ".strip"):
        expect(page.locator(shown).first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", (
        "not dark"
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="screen")
