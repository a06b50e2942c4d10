"""The research view and the model's card in the browser."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from playwright.sync_api import Page, Route, expect
from tests.support.small_runs import make_images, make_run
from tests.support.web_running import Running, running
from tests.support.web_steps import grave_violations
from tests.support.web_visitor import Visitor

from neumo.bundle.evidence import EVIDENCE, write_evidence
from neumo.bundle.folder import CARD, load_bundle, write_sums
from neumo.core.evidence import Evidence
from neumo.export.card import model_card
from neumo.texts.catalogue import percent


def damaged_bundle(folder: Path, bundle: Path) -> Path:
    """Copy a bundle, with evidence and a card that say how damaged images fare."""
    copytree(bundle, folder)
    cells = [("clean", 0, 1.0, 0.0), ("blur", 1, 0.9, 0.0), ("blur", 2, 0.5, 0.25), ("blur", 3, None, 1.0)]
    values = [
        (metric, value, {"damage": kind, "strength": strength})
        for kind, strength, accuracy, refused in cells
        for metric, value in (("accuracy", accuracy), ("refused", refused))
    ]
    evidence = [
        Evidence(metric, value, None, None, 90, "set, test", "neumo evaluate", None, conditions=conditions)
        for metric, value, conditions in [("refused", 0.0, {}), *values]
    ]
    write_evidence(folder / EVIDENCE, evidence)
    (folder / CARD).write_text(model_card(load_bundle(bundle).config, evidence))
    write_sums(folder)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, journey_bundle: Path) -> Iterator[Running]:
    """A server with three small runs, each plainly better than the next."""
    base = tmp_path_factory.mktemp("journey-research")
    make_images(base / "set")
    make_run(base / "runs" / "better", 1, 3.0, base / "set")
    make_run(base / "runs" / "worse", 2, 0.5)
    make_run(base / "runs" / "middling", 3, 1.5)
    with running(
        base / "data", damaged_bundle(base / "bundle", journey_bundle), runs=base / "runs"
    ) as started:
        yield started


@pytest.fixture(scope="module")
def visited(served: Running) -> Running:
    return served


@pytest.fixture
def research(page: Page) -> Page:
    page.goto("/research")
    expect(page.get_by_role("heading", name="better", exact=True)).to_be_visible()
    return page


def test_a_cell_of_the_confusion_matrix_opens_its_images(research: Page) -> None:
    cell = research.get_by_role("button", name="Truth Bacterial, decision Normal: 5")
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    cards = research.locator(".sheet-card")
    expect(cards).to_have_count(5)
    expect(cards.first).to_contain_text("test/")
    expect(cards.first).to_contain_text("Truth")
    expect(cards.first.get_by_role("img", name="Radiograph test/")).to_be_visible()
    cards.first.scroll_into_view_if_needed()
    research.wait_for_function("() => document.querySelector('.sheet-card img')?.naturalWidth === 96")
    assert grave_violations(research) == []
    with research.context.expect_page() as opened:
        cards.first.get_by_role("link").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith("max_side=1024")
    opened.value.close()
    expect(research.get_by_text("say nothing about patients").first).to_be_visible()


def test_a_full_cell_shows_some_images_at_a_time(research: Page) -> None:
    research.get_by_role("button", name="Truth Normal, decision Normal").click()
    cards = research.locator(".sheet-card")
    expect(cards).to_have_count(24)
    research.get_by_role("button", name="Show more").click()
    assert cards.count() > 24
    expect(cards.nth(24).get_by_role("link")).to_be_focused()
    expect(research.get_by_role("button", name="Show more")).to_be_hidden()


def test_an_image_that_cannot_be_had_says_so(research: Page) -> None:
    research.route("**/images/test/*.png*", lambda route: route.fulfill(status=422))
    research.get_by_role("button", name="Truth Bacterial, decision Normal: 5").click()
    research.locator(".sheet-card").first.scroll_into_view_if_needed()
    expect(research.get_by_text("missing or cannot be read").first).to_be_visible()


def test_without_its_data_set_a_cell_says_why_there_are_no_images(page: Page) -> None:
    page.goto("/research?run=worse")
    page.get_by_role("button", name="Truth Bacterial, decision Normal").click()
    expect(page.get_by_text("The images of this run are not on this machine")).to_be_visible()
    expect(page.locator(".sheet-card").first).to_contain_text("test/")
    assert page.locator(".sheet-card img").count() == 0


def test_moving_the_threshold_moves_decisions_and_costs(research: Page) -> None:
    slider = research.get_by_role("slider", name="Threshold")
    missed, alarms = research.locator("[data-count=fn]"), research.locator("[data-count=fp]")
    expect(missed).to_have_text("4")
    expect(research.get_by_text("Cost per 100 images: 18.3")).to_be_visible()
    expect(research.locator("[data-figure=npv] dd")).to_contain_text("%")
    slider.press("Home")
    expect(research.locator("[data-figure=npv] dd")).to_have_text("undefined")
    expect(missed).to_have_text("0")
    expect(alarms).to_have_text("40")
    research.get_by_label("Cost of a false alarm").fill("2")
    expect(research.get_by_text("Cost per 100 images: 66.7")).to_be_visible()


def test_an_undefined_figure_leaves_a_gap(page: Page) -> None:
    def without_some(route: Route) -> None:
        body = route.fetch().json()
        body["sensitivity"][40:60] = [None] * 20
        route.fulfill(json=body)

    page.route("**/thresholds?*", without_some)
    page.goto("/research")
    expect(page.locator("[data-figure=sensitivity] dd")).to_have_text("undefined")
    lines = page.get_by_role("img", name="Sensitivity and specificity by threshold").locator(".first")
    expect(lines).to_have_count(2)
    drawn = [(lines.nth(i).get_attribute("points") or "").split() for i in range(2)]
    assert [len(points) for points in drawn] == [40, 41]
    expect(page.get_by_text("A gap: undefined")).to_be_visible()


def test_runs_are_compared_and_chosen(research: Page) -> None:
    compare = research.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()
    research.get_by_role("checkbox", name="worse").check()
    compare.click()
    expect(research.get_by_text("better is more accurate than worse")).to_be_visible()
    expect(research.get_by_role("table", name="better minus worse")).to_contain_text("higher")
    research.get_by_role("combobox", name="Run").select_option("worse")
    expect(research.get_by_role("heading", name="worse", exact=True)).to_be_visible()
    assert "run=worse" in research.url


def test_more_than_two_runs_are_compared(research: Page) -> None:
    for name in ("worse", "middling"):
        research.get_by_role("checkbox", name=name).check()
    research.get_by_role("button", name="Compare").click()
    rows = research.get_by_role("table", name="Metrics of the compared runs").locator("tbody tr")
    expect(rows).to_have_count(3)
    assert [rows.nth(i).locator("th").inner_text() for i in range(3)] == ["middling", "worse", "better"]
    expect(research.get_by_text("paired, both runs on the same 1,000")).to_be_visible()
    for title in ("better minus worse", "better minus middling", "worse minus middling"):
        research.locator("summary", has_text=title).click()
        expect(research.get_by_role("table", name=title)).to_contain_text("Accuracy")
    assert grave_violations(research) == []


def test_small_subgroups_are_marked_and_say_what_they_rest_on(research: Page) -> None:
    expect(research.get_by_role("row", name="F too few to evaluate")).to_be_visible()
    expect(research.get_by_text("at a threshold of 0.50 on the probability of pneumonia")).to_be_visible()
    expect(
        research.get_by_text("percentile intervals from 200 bootstrap resamples of patients")
    ).to_be_visible()


def test_damaged_images_are_a_heat_grid(visitor: Visitor) -> None:
    page, say = visitor.page, visitor.say
    page.goto("/bundle")
    grid = page.get_by_role("table", name=say("bundle.damage_caption").partition(",")[0])
    expect(grid.get_by_role("columnheader")).to_have_count(5)
    cells = grid.get_by_role("row", name=say("damage.blur")).get_by_role("cell")
    accuracy, none = say("bundle.accuracy"), percent(0, 0)
    told = [
        (f"{accuracy}{percent(read, 0)}", refused) for read, refused in ((0.9, none), (0.5, percent(0.25, 0)))
    ]
    told.append((say("bundle.none_read"), percent(1, 0)))
    expect(cells).to_have_text([f"{read}{say('bundle.refused', share=refused)}" for read, refused in told])
    colours = [cells.nth(i).evaluate("cell => getComputedStyle(cell).backgroundColor") for i in range(3)]
    assert len(set(colours)) == 3
    visitor.shows(say("bundle.damaged"), say("bundle.damage_caption"), say("bundle.none_read"))
    assert grave_violations(page) == []
    page.get_by_role("button", name=say("shell.theme")).click()
    assert grave_violations(page) == []
    page.get_by_role("button", name=say("shell.theme")).click()


@pytest.mark.parametrize("path", ["/research", "/bundle"])
def test_axe_finds_nothing_grave_on_models(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("main h1")).to_be_visible()
    if path == "/research":
        expect(page.get_by_role("row", name="too few to evaluate")).to_be_visible()
    assert grave_violations(page) == []


@pytest.mark.parametrize("path", ["/", "/worklist", "/research", "/bundle", "/settings"])
def test_a_page_scrolls_inside_and_never_as_a_whole(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("main h1").first).to_be_visible()
    if path == "/research":
        expect(page.get_by_text("percentile intervals from 200")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0


def test_the_card_says_what_the_model_is_for(page: Page) -> None:
    page.goto("/bundle")
    expect(page.get_by_role("heading", name="Intended use")).to_be_visible()
    expect(page.get_by_role("cell", name="Youden").first).to_be_visible()
    expect(page.get_by_text("of patients aged 1 to 5 years")).to_be_visible()
