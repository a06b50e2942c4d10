"""Reading in the browser: files, keys, ages, removal; `test_web_everywhere` goes from the file to the report."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect
from tests.support.dicom_samples import dicom_file
from tests.support.web_steps import drop, grave_violations, read_film

from neumo.imaging import open_radiograph


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
