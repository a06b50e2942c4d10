"""The viewer: what the canvas shows, pixel by pixel, after each tool."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from tests.support.node_samples import radiograph, written
from tests.support.web_steps import read_film

from neumo.explain.overlay import heat_colours
from neumo.web.routes.pages import ROOM

_PIXELS = """(points) => {
  const canvas = document.querySelector(".viewer-canvas");
  const context = canvas.getContext("2d");
  return points.map(([x, y]) =>
    [...context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data].slice(0, 3));
}"""
CENTRE = (0.5, 0.5)


def pixels(page: Page, *points: tuple[float, float]) -> list[list[int]]:
    """Return the colours at points, as shares of the canvas, once the frame under way is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    colours: list[list[int]] = page.evaluate(_PIXELS, [list(point) for point in points])
    return colours


def is_grey(colour: list[int]) -> bool:
    return max(colour) - min(colour) <= 2


@pytest.fixture
def film(page: Page, films: list[Path]) -> Page:
    read_film(page, films[0])
    expect(page.locator(".viewer-readout")).to_contain_text("%")
    return page


def test_inverting_turns_each_grey_level_round(film: Page) -> None:
    before = pixels(film, CENTRE, (0.4, 0.3))
    film.get_by_role("button", name="Invert").click()
    after = pixels(film, CENTRE, (0.4, 0.3))
    for was, now in zip(before, after, strict=True):
        assert is_grey(was) and now == [255 - level for level in was]
    film.keyboard.press("i")
    assert pixels(film, CENTRE, (0.4, 0.3)) == before


def test_a_narrow_window_leaves_black_and_white(film: Page) -> None:
    box = film.locator(".viewer").bounding_box()
    assert box is not None
    film.mouse.move(box["x"] + 400, box["y"] + 300)
    film.mouse.down()
    film.mouse.move(box["x"] + 50, box["y"] + 300, steps=4)
    film.mouse.up()
    expect(film.locator(".viewer-readout")).to_contain_text("W 4 ")
    grid = [(x / 20, y / 20) for x in range(7, 14) for y in range(3, 18)]
    levels = {colour[0] for colour in pixels(film, *grid)}
    assert min(levels) == 0 and max(levels) == 255
    film.get_by_role("button", name="Reset view").click()
    expect(film.locator(".viewer-readout")).to_contain_text("W 255")
    film.get_by_role("combobox", name="Window preset").select_option("dense")
    expect(film.locator(".viewer-readout")).not_to_contain_text("W 255")
    film.keyboard.press("1")
    expect(film.locator(".viewer-readout")).to_contain_text("W 255")


def test_a_film_is_turned_and_mirrored_and_says_so(film: Page) -> None:
    """Of the view's sides, the longer one is the height, whatever the film's."""
    whole = pixels(film, CENTRE, (0.42, 0.4), (0.58, 0.4))
    film.keyboard.press("h")
    expect(film.locator(".viewer-readout")).to_contain_text("mirrored")
    seen = pixels(film, (0.42, 0.4), (0.58, 0.4))
    assert all(abs(a[0] - b[0]) <= 12 for a, b in zip(seen, reversed(whole[1:]), strict=True))
    film.get_by_role("button", name="Turn right").click()
    expect(film.locator(".viewer-readout")).to_contain_text("90°")
    film.keyboard.press("l")
    film.get_by_role("button", name="Mirror").click()
    assert pixels(film, CENTRE, (0.42, 0.4), (0.58, 0.4)) == whole
    film.keyboard.press("r")
    film.locator(".viewer").focus()
    film.keyboard.press(" ")
    assert pixels(film, CENTRE, (0.42, 0.4), (0.58, 0.4)) == whole


def drag(page: Page, button: Literal["left", "middle", "right"], by: tuple[int, int]) -> None:
    box = page.locator(".viewer").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + by[0], y + by[1], steps=3)
    page.mouse.up(button=button)


def test_buttons_of_the_mouse_do_what_they_do_in_other_viewers(film: Page) -> None:
    readout = film.locator(".viewer-readout")
    fitted = readout.inner_text()
    drag(film, "middle", (60, 40))
    expect(readout).to_have_text(fitted, use_inner_text=True)
    drag(film, "right", (0, -80))
    expect(readout).not_to_have_text(fitted, use_inner_text=True)
    expect(readout).to_contain_text("W 255")
    drag(film, "left", (-40, 0))
    expect(readout).to_contain_text("W 215")


def test_a_length_is_measured_and_an_unknown_size_is_said_to_be(film: Page) -> None:
    film.keyboard.press("t")
    expect(film.get_by_role("button", name="Measure")).to_have_attribute("aria-pressed", "true")
    drag(film, "left", (100, 0))
    expect(film.locator(".viewer-measured")).to_contain_text("the size is unknown")
    film.keyboard.press("Delete")
    expect(film.locator(".viewer-measured")).to_be_empty()


def test_a_measured_length_is_in_millimetres(page: Page, films: list[Path], tmp_path: Path) -> None:
    header = radiograph(films[0])
    header.PixelSpacing = [0.5, 0.5]
    header.PixelSpacingCalibrationType = "FIDUCIAL"
    read_film(page, written(header, tmp_path / "film.dcm"))
    expect(page.locator(".viewer[data-film=whole]")).to_be_visible()
    page.keyboard.press("t")
    scale = float(page.locator(".viewer-readout").inner_text().split("%")[0]) / 100
    drag(page, "left", (0, 100))
    text = page.locator(".viewer-measured").inner_text()
    assert float(text.removesuffix(" mm")) == pytest.approx(0.5 * 100 / scale, rel=0.02)


def test_zoom_keeps_what_is_under_the_pointer_and_fit_brings_all_back(film: Page) -> None:
    whole = pixels(film, (0.5, 0.02), CENTRE)
    fitted = film.locator(".viewer-readout").inner_text()
    film.locator(".viewer").hover()
    for _ in range(4):
        film.mouse.wheel(0, -400)
    expect(film.locator(".viewer-readout")).not_to_have_text(fitted)
    enlarged = pixels(film, CENTRE)[0]
    assert abs(enlarged[0] - whole[1][0]) < 40, "the middle is still the middle"
    film.keyboard.press("f")
    expect(film.locator(".viewer-readout")).to_have_text(fitted, use_inner_text=True)
    assert pixels(film, (0.5, 0.02), CENTRE) == whole
    film.keyboard.press("0")
    expect(film.locator(".viewer-readout")).to_contain_text("100 %")


def test_heat_maps_lie_over_beside_and_behind_the_divider(film: Page) -> None:
    film.keyboard.press("o")
    expect(film.get_by_role("img", name="with the heat map of Normal")).to_be_visible()
    expect(film.locator(".viewer-legend")).to_contain_text("It is no proof")
    grid = [(x / 20, y / 20) for x in range(6, 15) for y in range(4, 16)]
    film.wait_for_function("() => !document.querySelector('.toolbar [aria-label^=Opacity]').disabled")
    expect_coloured(film, grid, True)
    film.get_by_role("slider", name="Opacity").press("Home")
    expect_coloured(film, grid, False)
    film.get_by_role("slider", name="Opacity").press("End")
    film.get_by_role("button", name="Before and after").click()
    divider = film.get_by_role("slider", name="Divider")
    divider.press("End")
    expect_coloured(film, grid, False)
    divider.press("Home")
    expect_coloured(film, grid, True)
    film.get_by_role("button", name="Side by side").click()
    expect_coloured(film, [(x / 40, y / 20) for x in range(2, 19) for y in range(6, 15)], False)
    expect_coloured(film, [(0.5 + x / 40, y / 20) for x in range(2, 19) for y in range(6, 15)], True)


def test_a_map_that_does_not_come_leaves_none_of_another_finding(film: Page) -> None:
    grid = [(x / 20, y / 20) for x in range(6, 15) for y in range(4, 16)]
    film.keyboard.press("o")
    expect_coloured(film, grid, True)
    shown = film.get_by_role("combobox", name="Heat map").input_value()
    other = "VIRAL_PNEUMONIA" if shown != "VIRAL_PNEUMONIA" else "NORMAL"
    film.route(f"**/heatmap.png?finding={other}*", lambda route: route.fulfill(status=503))
    film.get_by_role("combobox", name="Heat map").select_option(other)
    expect_coloured(film, grid, False)
    expect(film.get_by_role("img", name="with the heat map")).to_have_count(0)


def expect_coloured(page: Page, points: list[tuple[float, float]], wanted: bool) -> None:
    """Wait at most five seconds until some of the points are coloured, or all are grey."""
    for _ in range(50):
        coloured = not all(is_grey(colour) for colour in pixels(page, *points))
        if coloured == wanted:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"coloured is not {wanted}")


_PINCH = """() => {
  const viewer = document.querySelector(".viewer");
  const box = viewer.getBoundingClientRect();
  viewer.setPointerCapture = () => {};
  const send = (type, id, x) => viewer.dispatchEvent(new PointerEvent(type,
    {pointerId: id, pointerType: "touch", clientX: box.left + x, clientY: box.top + 200, bubbles: true}));
  send("pointerdown", 11, 200);
  send("pointerdown", 12, 300);
  send("pointermove", 12, 500);
  send("pointerup", 11, 200);
  send("pointerup", 12, 500);
}"""


@pytest.mark.parametrize("tool", ["Move", "Window and level"])
def test_two_fingers_enlarge_whatever_the_tool(film: Page, tool: str) -> None:
    film.get_by_role("button", name=tool, exact=False).click()
    before = film.locator(".viewer-readout").inner_text()
    film.evaluate(_PINCH)
    expect(film.locator(".viewer-readout")).not_to_have_text(before)
    expect(film.locator(".viewer-readout")).to_contain_text("W 255")


def test_the_legend_has_the_colours_of_heat_maps() -> None:
    style = (ROOM / "static" / "viewer" / "viewer.css").read_text(encoding="utf-8")
    scale = style[style.index(".heat-scale") :].partition("}")[0]
    stops = [bytes.fromhex(part[:6]) for part in scale.split("#")[1:]]
    colours = heat_colours()
    assert [bytes(colours[round(at * 255 / 8)]) for at in range(9)] == stops
