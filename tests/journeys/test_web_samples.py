"""A newcomer without a radiograph or a run: the workbench offers three, and says how to get the other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support.web_layout import cut_off
from tests.support.web_running import Running, running
from tests.support.web_steps import grave_violations
from tests.support.web_visitor import HEIGHTS

import neumo.bundle
from neumo.samples import sample_files
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that has read nothing yet, with the built-in bundle."""
    bundle = Path(neumo.bundle.__file__).parent / "default"
    with running(tmp_path_factory.mktemp("first") / "data", bundle) as started:
        yield started


def test_the_empty_first_page_offers_samples_and_reads_them(page: Page) -> None:
    page.goto("/")
    button = page.get_by_role("button", name="Try three sample radiographs")
    expect(button).to_be_visible()
    expect(page.get_by_text("they show how it works, not how well")).to_be_visible()
    assert not grave_violations(page)
    button.click()
    expect(page).to_have_url(re.compile("/readings/"))
    expect(page.get_by_role("heading", name="Sent: 3 of 3 ready")).to_be_visible()
    for file, verdict in zip(
        sample_files(), ("No pneumonia", "Pneumonia, bacterial", "Pneumonia, viral"), strict=True
    ):
        page.locator(".rail a", has_text=file.name).click()
        expect(page.locator(".verdict-finding")).to_have_text(verdict)
    page.goto("/")
    expect(page.locator(".rail a[data-reading]")).to_have_count(3)
    expect(button).to_have_count(0)


def test_without_runs_the_research_view_says_how_to_get_them(page: Page) -> None:
    page.goto("/research")
    for language in LANGUAGES:
        page.locator(f".tools [lang={language}]").click()
        told = texts(language)("workbench.research.missing_runs_text")
        for width, height in HEIGHTS.items():
            page.set_viewport_size({"width": width, "height": height})
            expect(page.get_by_text(told)).to_be_visible()
            assert cut_off(page) == []
    page.locator(".tools [lang=en]").click()
    expect(page.get_by_text("neumo serve --runs runs")).to_be_visible()
