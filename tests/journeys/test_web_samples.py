"""A newcomer without a radiograph or a run: the workbench offers three, and says how to get the other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from tests.support.web_running import Running, running
from tests.support.web_steps import grave_violations
from tests.support.web_visitor import Visitor

import neumo.bundle
from neumo.core.findings import FINDINGS
from neumo.inference.reader import Reader
from neumo.samples import sample_files
from neumo.texts.catalogue import percent
from neumo.texts.language import Language

BUNDLE = Path(neumo.bundle.__file__).parent / "default"
VERDICTS = {
    "no_pneumonia.none": "NORMAL",
    "pneumonia.bacterial": "BACTERIAL_PNEUMONIA",
    "pneumonia.viral": "VIRAL_PNEUMONIA",
}
"""Verdict and etiology of each sample, and the finding whose colour they have."""


@pytest.fixture(scope="module")
def visited(form: tuple[Language, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An empty workbench with the built-in bundle, started anew for each form."""
    with running(tmp_path_factory.mktemp(form[0]) / "data", BUNDLE) as started:
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


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blend of the normal and the bacterial sample of which the built-in bundle can rule nothing out.

    Of all shares at which that is so, it has the middle one, so that no rounding decides.
    """
    normal, bacterial = (Image.open(file).convert("L") for file in sample_files()[:2])
    reader = Reader(BUNDLE, threads=1)
    blends = [Image.blend(normal, bacterial.resize(normal.size), share / 100) for share in range(35, 65)]
    answers = [reading.answer for reading in reader.read_many(blends)]
    open_ = [
        at for at, answer in enumerate(answers) if answer and len(answer.prediction_set) == len(FINDINGS)
    ]
    assert open_, "no blend of the two samples leaves all findings open"
    file = tmp_path_factory.mktemp("between") / "between.png"
    blends[open_[len(open_) // 2]].save(file)
    return file


def test_an_undetermined_verdict_is_called_that_and_found_by_it(visitor: Visitor, between: Path) -> None:
    page, t, say = visitor.page, visitor.t, visitor.say
    verdict, headline = page.locator(".verdict"), page.locator(".verdict-finding")
    visitor.read(sample_files()[0])
    expect(verdict).to_have_attribute("data-finding", "NORMAL")
    green, black = (place.evaluate("(e) => getComputedStyle(e).color") for place in (headline, verdict))
    assert green != black
    visitor.read(between)
    stated = t("terms.verdict.undetermined.undetermined")
    expect(headline).to_have_text(stated)
    expect(headline).to_have_css("color", black)
    visitor.shows(stated, say("reading.set_all", coverage=percent(0.9, 0)))
    expect(page.locator(f".rail [data-reading='{visitor.number}'] .said")).to_have_text(stated)

    page.goto("/worklist")
    rows = page.locator(".window .work-row")
    expect(rows.filter(has_text=sample_files()[0].name)).to_have_count(1)
    visitor.unfold_filters()
    page.locator("select[name=verdict]").select_option(label=say("worklist.verdict_undetermined"))
    expect(page).to_have_url(re.compile("verdict=undetermined"))
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(between.name)
    expect(rows.locator(".dot")).to_have_attribute("data-finding", "")
    visitor.shows(between.name, say("worklist.verdict_undetermined"))


def test_without_runs_the_research_view_says_how_to_get_them(visitor: Visitor) -> None:
    visitor.page.goto("/research")
    visitor.shows(visitor.say("research.missing_runs_text"), "neumo serve --runs runs")
