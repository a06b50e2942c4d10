"""A newcomer without a radiograph or a run: the workbench offers three, and says how to get the other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support.web_running import Running, running
from tests.support.web_steps import grave_violations
from tests.support.web_visitor import Visitor

import neumo.bundle
from neumo.samples import sample_files
from neumo.texts.language import Language

VERDICTS = {
    "no_pneumonia.none": "NORMAL",
    "pneumonia.bacterial": "BACTERIAL_PNEUMONIA",
    "pneumonia.viral": "VIRAL_PNEUMONIA",
}
"""Verdict and etiology of each sample, and the finding whose colour they have."""


@pytest.fixture(scope="module")
def visited(form: tuple[Language, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for each form that has read nothing yet, with the built-in bundle."""
    bundle = Path(neumo.bundle.__file__).parent / "default"
    with running(tmp_path_factory.mktemp(form[0]) / "data", bundle) as started:
        yield started


def test_the_empty_first_page_offers_samples_and_reads_them(visitor: Visitor) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    page.goto("/worklist")
    visitor.shows(say("worklist.none"), say("worklist.none_text"))
    page.goto("/")
    button = page.get_by_role("button", name=say("reading.try_samples"))
    expect(button).to_be_visible()
    visitor.shows(say("reading.none_recent"), say("reading.try_samples"), say("reading.try_samples_text"))
    assert not grave_violations(page)
    button.click()
    expect(page).to_have_url(re.compile("/readings/"))
    expect(page.get_by_role("heading", name=say("reading.sent", done=3, total=3))).to_be_visible()
    for file, (verdict, finding) in zip(sample_files(), VERDICTS.items(), strict=True):
        page.locator(".rail a", has_text=file.name).click()
        shown = page.locator(f".verdict[data-finding={finding}] .verdict-finding")
        expect(shown).to_have_text(t.label(f"terms.verdict.{verdict}"))
        visitor.shows(t.label(f"terms.verdict.{verdict}"))
    page.goto("/")
    expect(page.locator(".rail a[data-reading]")).to_have_count(3)
    expect(button).to_have_count(0)
    visitor.shows(say("reading.drop_title"))


def test_a_colour_says_no_more_than_the_words(visitor: Visitor) -> None:
    page, t = visitor.page, visitor.t
    coloured = page.evaluate("""async () => {
      const { colourOf } = await import("/static/views/reading/verdict.js");
      const found = {};
      for (const verdict of ["pneumonia", "no_pneumonia", "undetermined"]) {
        for (const etiology of [null, "bacterial", "viral", "undetermined", "not_assessed"]) {
          const colour = colourOf({ verdict, etiology });
          if (colour) found[`${verdict}.${etiology ?? "none"}`] = colour;
        }
      }
      return found;
    }""")
    assert coloured == VERDICTS
    page.goto("/")
    visitor.shows(*(t.label(f"terms.verdict.{verdict}") for verdict in VERDICTS))


def test_without_runs_the_research_view_says_how_to_get_them(visitor: Visitor) -> None:
    visitor.page.goto("/research")
    visitor.shows(visitor.say("research.missing_runs_text"), "neumo serve --runs runs")
