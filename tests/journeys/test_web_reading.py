"""Reading in the browser: from a dropped file to a decision and a report."""

import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Route, expect
from tests.support.dicom_samples import dicom_file
from tests.support.web_running import Running
from tests.support.web_steps import drop, grave_violations, read_film

from neumo.imaging import open_radiograph


def test_a_dropped_file_is_read_decided_and_taken_along(page: Page, films: list[Path]) -> None:
    read_film(page, films[0])
    expect(page.locator(".verdict-finding")).to_have_text("No pneumonia")
    expect(page.locator(".verdict")).to_contain_text("nominal coverage of 90 %")
    expect(page.get_by_text("The decision is the professional's")).to_be_visible()
    expect(page.get_by_text("Nobody has decided yet.")).to_be_visible()
    page.get_by_role("radio", name="Another abnormality").check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_role("alert").filter(has_text="Say which abnormality")).to_be_visible()
    page.get_by_label("Which abnormality").fill("hilar mass")
    page.get_by_label("Note").fill("no end " * 1000)
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_role("alert").filter(has_text="7,000 characters are too many")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("no end " * 1000)
    page.get_by_label("Note").fill("interstitial pattern")
    page.get_by_role("button", name="Save decision").click()
    expect(page.locator(".history")).to_contain_text("interstitial pattern")
    expect(page.locator(".history")).to_contain_text("hilar mass")
    expect(page.locator(".history")).to_contain_text("disagreed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Reading (JSON)").click()
    body = json.loads(Path(download.value.path()).read_text())
    assert body["finding"] == "NORMAL" and abs(sum(body["probabilities"].values()) - 1) < 1e-6
    with page.expect_download() as report:
        page.get_by_role("link", name="Report (HTML)").click()
    assert "neumo" in Path(report.value.path()).read_text()


def test_many_files_appear_as_they_are_read(page: Page, films: list[Path]) -> None:
    page.goto("/")
    drop(page, films[1:5])
    expect(page.get_by_role("heading", name="Sent: 4 of 4 ready")).to_be_visible()
    for film in films[1:5]:
        expect(page.locator(".rail a", has_text=film.name)).to_be_visible()
    before = page.url
    page.keyboard.press("n")
    expect(page).not_to_have_url(before)


def test_a_file_sent_again_stands_in_the_list_once(page: Page, films: list[Path]) -> None:
    read_film(page, films[0])
    first = page.url
    read_film(page, films[1])
    page.goto(first)
    listed = page.locator(".rail a", has_text=films[1].name)
    expect(listed).to_have_count(1)
    drop(page, [films[1]])
    expect(page.get_by_role("heading", name="Sent: 1 of 1 ready")).to_be_visible()
    expect(listed).to_have_count(1)


def test_a_refusal_says_why_and_what_to_do(page: Page, tmp_path: Path) -> None:
    grey = tmp_path / "grey.png"
    Image.fromarray(np.full((128, 128), 127, dtype=np.uint8)).save(grey)
    read_film(page, grey)
    expect(page.locator(".verdict-finding")).to_have_text("No answer")
    expect(page.locator("[data-code=blank]")).to_contain_text("Check the exposure")
    assert page.get_by_text("Probabilities", exact=True).count() == 0
    assert page.get_by_role("radio", name="Agree", exact=True).count() == 0, "nothing to agree with"
    page.get_by_role("radio", name="Wrong image").check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.locator(".history")).to_contain_text("Wrong image")


def test_a_refusal_for_the_age_is_overridden_for_a_reason(
    page: Page, films: list[Path], tmp_path: Path
) -> None:
    baby = tmp_path / "baby.dcm"
    pixels = open_radiograph(films[0]).pixels
    baby.write_bytes(dicom_file(pixels, PatientAge="008M", Modality="CR", ViewPosition="PA"))
    read_film(page, baby)
    expect(page.locator("[data-code=outside_age_range]")).to_contain_text("8 months old")
    page.get_by_role("button", name="Read all the same").click()
    dialog = page.get_by_role("dialog", name="Override the age range")
    dialog.get_by_role("button", name="Read this radiograph").click()
    expect(dialog.get_by_role("alert")).to_have_text("Give a reason.")
    dialog.get_by_label("Reason").fill("x" * 501)
    dialog.get_by_role("button", name="Read this radiograph").click()
    expect(dialog.get_by_role("alert")).to_contain_text("501 characters are too many; 500 fit")
    dialog.get_by_label("Reason").fill("asked for by the ward")
    assert grave_violations(page) == []
    dialog.get_by_role("button", name="Read this radiograph").click()
    expect(page.locator("[data-code=age_overridden]")).to_contain_text("asked for by the ward")
    expect(page.locator(".verdict-finding")).to_have_text("No pneumonia")
    expect(page.locator("[data-code=etiology_not_assessed]")).to_contain_text("at ages 1 to 5 years only")
    expect(page.locator(".bars dt")).to_have_count(2)
    expect(page.locator(".bars dt[data-finding=PNEUMONIA]")).to_contain_text("Pneumonia")
    overlays = page.get_by_label("Heat map", exact=True).locator("option")
    assert [text for text in overlays.all_text_contents() if "bacterial" in text or "viral" in text] == []
    assert len(overlays.all_text_contents()) == 3, "none, normal, pneumonia"


def test_files_are_dropped_anywhere_and_each_says_what_came_of_it(
    page: Page, films: list[Path], tmp_path: Path
) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("no image at all")
    packed = tmp_path / "study.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(films[9], "study/IM0001")
        archive.writestr("study/DICOM/readme.txt", "nothing")
    page.goto("/worklist")
    drop(page, [letter, packed, films[0]])
    expect(page.get_by_role("heading", name="Sent: 3 of 3 ready")).to_be_visible()
    failed = page.locator(".rail-item", has_text="letter.png")
    expect(failed).to_contain_text("Not readable")
    expect(failed.locator(".rail-reason")).not_to_be_empty()
    expect(failed.get_by_role("button")).to_have_count(0)
    expect(page.locator(".rail a", has_text="IM0001")).to_contain_text("pneumonia")
    expect(page.get_by_text("1 other file was no image: skipped")).to_be_visible()
    expect(page.get_by_text("Nothing has been read yet")).to_have_count(0)
    read = page.locator(".rail a", has_text=films[0].name)
    expect(read).to_contain_text("No pneumonia")
    read.click()
    page.get_by_role("radio", name="Agree", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(read).to_contain_text("decided")


def test_a_folder_is_picked(page: Page, films: list[Path], tmp_path: Path) -> None:
    (tmp_path / "cd" / "DICOM").mkdir(parents=True)
    (tmp_path / "cd" / "DICOM" / "IM0002").write_bytes(films[10].read_bytes())
    (tmp_path / "cd" / "autorun.inf").write_text("[autorun]")
    page.goto("/")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(tmp_path / "cd")
    expect(page.get_by_role("heading", name="Sent: 1 of 1 ready")).to_be_visible()
    expect(page.locator(".answer-file")).to_have_text("IM0002")


def test_the_prevalence_moves_predictive_values_at_once(page: Page, films: list[Path]) -> None:
    read_film(page, films[0])
    ppv = page.locator("[data-figure=ppv] dd")
    sensitivity = page.locator("[data-figure=sensitivity] dd")
    expect(sensitivity).to_contain_text("90.0 %85.0–94.0 %")
    expect(page.locator(".prevalence-figure")).to_have_text("not stated")
    expect(page.get_by_text("Nobody stated how frequent pneumonia is")).to_be_visible()
    expect(page.get_by_text("Measured on phantoms, test")).to_be_visible()
    assert ppv.count() == 0, "no predictive value without a prevalence"
    slider = page.get_by_role("slider", name="Prevalence")
    slider.press("Home")
    expect(page.locator(".prevalence-figure")).to_have_text("0.1 %")
    # 0.9 · 0.001 / (0.9 · 0.001 + 0.2 · 0.999), as Bayes says
    expect(ppv).to_contain_text("0.4 %0.3–0.6 %")
    expect(sensitivity).to_contain_text("90.0 %85.0–94.0 %")
    stated = "for a place where 0.1\N{NO-BREAK SPACE}% of the patients have pneumonia"
    expect(page.get_by_text(stated)).to_be_visible()
    page.reload()
    expect(page.locator(".prevalence-figure")).to_have_text("0.1 %")
    with page.expect_download() as report:
        page.get_by_role("link", name="Report (HTML)").click()
    assert stated in Path(report.value.path()).read_text()
    page.get_by_role("button", name="Undo this choice").click()
    expect(page.locator(".prevalence-figure")).to_have_text("not stated")
    expect(ppv).to_have_count(0)


def test_decisions_made_meanwhile_are_shown_and_both_kept(
    page: Page, served: Running, films: list[Path]
) -> None:
    read_film(page, films[7])
    other = page.context.new_page()
    other.goto(page.url)
    for opened in (page, other):
        opened.get_by_role("radio", name="Agree", exact=True).check()
    other.get_by_role("button", name="Save decision").click()
    expect(other.locator(".history li")).to_have_count(1)
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_role("alert").filter(has_text="Somebody decided meanwhile")).to_be_visible()
    page.get_by_role("button", name="Save decision").click()
    expect(page.locator(".history li")).to_have_count(2)


def test_reading_by_keys_alone(page: Page, films: list[Path]) -> None:
    read_film(page, films[8])
    page.keyboard.press("a")
    expect(page.get_by_role("radio", name="Agree", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("seen")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".history")).to_contain_text("seen")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_axe_finds_nothing_grave_while_reading(page: Page, films: list[Path]) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Drop chest radiographs here")).to_be_visible()
    assert grave_violations(page) == []
    read_film(page, films[0])
    expect(page.locator("[data-figure=specificity]")).to_be_visible()
    assert grave_violations(page) == []
    page.get_by_role("button", name="Dark or light").click()
    assert grave_violations(page) == []


def test_a_reading_that_was_sent_by_mistake_is_removed(page: Page, films: list[Path], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jpeg"
    wrong.write_bytes(films[0].read_bytes() + b"\0\0")  # other bytes: a reading of its own
    read_film(page, wrong)
    page.get_by_text("Remove this reading").click()
    page.get_by_role("combobox", name="Reason").select_option("wrong_file")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator(".answer-file")).to_have_text("content deleted")
    expect(page.get_by_text("Remove this reading")).to_have_count(0)
    page.goto("/worklist")
    expect(page.locator(".window .work-row").first).to_be_visible()
    expect(page.get_by_text("wrong.jpeg")).to_have_count(0)


def test_a_colour_says_no_more_than_the_words(page: Page) -> None:
    page.goto("/")
    coloured = page.evaluate("""async () => {
      const { colourOf } = await import("/static/views/reading/verdict.js");
      const found = {};
      for (const verdict of ["pneumonia", "no_pneumonia", "undetermined"]) {
        for (const etiology of [null, "bacterial", "viral", "undetermined", "not_assessed"]) {
          const colour = colourOf({ verdict, etiology });
          if (colour) found[`${verdict} ${etiology}`] = colour;
        }
      }
      return found;
    }""")
    assert coloured == {
        "no_pneumonia null": "NORMAL",
        "pneumonia bacterial": "BACTERIAL_PNEUMONIA",
        "pneumonia viral": "VIRAL_PNEUMONIA",
    }


def test_a_reading_that_is_not_there_is_no_failure_to_try_again(page: Page) -> None:
    page.goto("/readings/999999")
    expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_view_that_waits_for_what_it_shows_says_so(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/bundle", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks what it is given
    with page.expect_request("**/api/bundle"):
        page.goto("/bundle", wait_until="commit")
    expect(page.locator(".view-bundle .loading")).to_be_visible()
    held[0].continue_()
    expect(page.get_by_role("heading", name="tiny 1")).to_be_visible()
    expect(page.locator("main .loading")).to_have_count(0)
