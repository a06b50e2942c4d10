"""Large radiographs in the viewer: something is shown at once, and the page answers while the rest comes."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from tests.support.web_running import Running
from tests.support.web_steps import read_film
from tests.support.web_visitor import Visitor

SIDES = (3520, 3580)
"""12.6 megapixels, as of a 35 x 43 cm plate."""
WHOLE = "**/image.pgm?max_side=5120"

_BEAT = """() => {
  const channel = new MessageChannel();
  const beat = window.beat = {count: 0, longest: 0, began: performance.now(), ended: 0};
  let last = beat.began;
  channel.port1.onmessage = () => {
    const now = performance.now();
    beat.longest = Math.max(beat.longest, now - last);
    beat.count += 1;
    last = now;
    if (document.querySelector(".viewer").dataset.film === "whole") beat.ended = now;
    else channel.port2.postMessage(0);
  };
  channel.port2.postMessage(0);
}"""


@pytest.fixture(scope="module")
def large(films: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "plate.jpeg"
    Image.open(films[0]).resize(SIDES, Image.Resampling.BICUBIC).save(file, quality=80)
    return file


@pytest.fixture(scope="module")
def visited(served: Running) -> Running:
    return served


def test_a_large_film_is_shown_at_once_and_the_page_answers_while_it_comes(
    visitor: Visitor, large: Path
) -> None:
    page, loading = visitor.page, visitor.say("viewer.loading")
    held: list[Route] = []
    page.route(WHOLE, lambda route: held.append(route))  # noqa: PLW0108 - playwright marks what it is given
    read_film(page, large)
    viewer, readout = page.locator(".viewer"), page.locator(".viewer-readout")
    expect(viewer).to_have_attribute("data-film", "preview")
    expect(page.get_by_role("progressbar", name=loading)).to_be_visible()
    expect(readout).to_contain_text("W 255")
    visitor.shows("W 255")
    fitted = readout.inner_text()
    viewer.hover()
    page.mouse.wheel(0, -400)
    expect(readout).not_to_have_text(fitted)
    viewer.focus()
    page.keyboard.press("f")
    expect(readout).to_have_text(fitted, use_inner_text=True)

    page.evaluate(_BEAT)
    held[0].continue_()
    expect(viewer).to_have_attribute("data-film", "whole")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    page.wait_for_function("beat.ended > 0")
    beat = page.evaluate("beat")
    # What the page does itself is a small share of the load, on a fast machine as on a slow one.
    assert beat["longest"] < 0.5 * (beat["ended"] - beat["began"]), beat
    assert beat["count"] > 20, beat
    visitor.shows("W 255")
    page.unroute(WHOLE)


def test_a_film_that_breaks_off_says_so(page: Page, large: Path) -> None:
    page.route(
        WHOLE,
        lambda route: route.fulfill(body=b"P5\n3520 3580\n255\n", content_type="image/x-portable-graymap"),
    )
    read_film(page, large)
    expect(page.locator(".viewer").get_by_role("alert")).to_contain_text("The image could not be loaded.")
    expect(page.locator(".viewer")).to_have_attribute("data-film", "failed")
