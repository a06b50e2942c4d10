"""Nothing is cut off: every page in both languages at five widths, looked at by the page itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from tests.support.dicom_samples import dicom_file
from tests.support.small_runs import make_run
from tests.support.web_running import Running, running
from tests.support.web_visitor import PHONE, Visitor

import neumo.bundle
from neumo.bundle.folder import load_bundle
from neumo.core.findings import FINDINGS
from neumo.results.sentences import with_interval
from neumo.samples import sample_files
from neumo.texts.data_names import data_name

HEIGHTS = {1920: 900, 1440: 900, 1280: 900, 1024: 900, PHONE: 844}
"""Screen sizes of these tests, more than `web_visitor.HEIGHTS`: height in pixels by width."""
BUILT_IN = Path(neumo.bundle.__file__).parent / "default"
REFUSED = {"/readings/5": "inverted", "/readings/6": "far_from_training"}
"""Readings that are refused, and why."""
PAGES = (
    "/", "/readings/1", "/readings/4", *REFUSED, "/worklist", "/research", "/bundle", "/settings", "/nothing-here",
    "/api/docs",
)  # fmt: skip
PATIENT: dict[str, Any] = {
    "PatientName": "Quijano de la Mancha^Dulcinea Aldonza",
    "PatientID": "MRN-0012345",
    "PatientBirthDate": "20210314",
    "PatientAge": "003Y",
    "PatientSex": "F",
    "AccessionNumber": "ACC-2024-000917",
    "InstitutionName": "Hospital Universitario Toboso",
    "StudyDate": "20240502",
    "ViewPosition": "PA",
    "BodyPartExamined": "CHEST",
}


_WIDER = """() => [...document.querySelectorAll("main .scroll")]
  .filter((place) => place.scrollWidth > place.clientWidth + 1).map((place) => place.getAttribute("aria-label"))"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The built-in bundle, whose operating points have the longest names, readings of it, one with a patient; a run."""
    base = tmp_path_factory.mktemp("layout")
    make_run(base / "runs" / "small", 1, 3.0)
    sent = {film.name: film.read_bytes() for film in (sample_files()[i] for i in (1, 0, 2))}
    with Image.open(sample_files()[0]) as image:
        upright = np.asarray(image.convert("L"))
    sent["IM0001.dcm"] = dicom_file(upright, **PATIENT)
    rows, columns = np.indices((400, 400))
    rings = 127 + 120 * np.sin(np.hypot(rows - 200, columns - 120) / 9)
    for name, pixels in (("inverted.png", 255 - upright), ("rings.png", rings.astype(np.uint8))):
        Image.fromarray(pixels).save(base / name)
        sent[name] = (base / name).read_bytes()
    with running(base / "data", BUILT_IN, runs=base / "runs") as started:
        for name, content in sent.items():
            files = {"f": (name, content)}
            httpx.post(f"{started.address}api/readings", files=files, timeout=120).raise_for_status()
        yield started


@pytest.fixture(scope="module")
def visited(served: Running) -> Running:
    return served


def test_nothing_is_cut_off(visitor: Visitor) -> None:
    page, say = visitor.page, visitor.say
    for path in PAGES:
        page.set_viewport_size({"width": max(HEIGHTS), "height": HEIGHTS[max(HEIGHTS)]})
        page.goto(path)
        expect(page.locator("h1").first).to_be_attached()
        told: tuple[str, ...] = ()
        if path in REFUSED:
            expect(page.locator(f"[data-code={REFUSED[path]}]")).to_be_visible()
            told = ("(0028,0004)" if REFUSED[path] == "inverted" else say("remedies.far_from_training"),)
        elif path.startswith("/readings"):
            page.keyboard.press("o")
            expect(page.locator(".viewer-legend")).to_be_visible()
            expect(page.locator("[data-figure]").first).to_be_visible()
        visitor.shows(*told, heights=HEIGHTS)
        if path in ("/research", "/bundle"):
            page.set_viewport_size({"width": 1280, "height": HEIGHTS[1280]})
            assert page.evaluate(_WIDER) == [], "at a desk no table needs to be scrolled sideways"
        if path.startswith("/readings") and visitor.width == PHONE:
            share = page.evaluate("document.querySelector('.viewer').clientHeight / innerHeight")
            assert share >= 0.5, "on a telephone the film has at least half of the height"


def test_calibration_and_coverage_are_stated_with_how_well_they_held(visitor: Visitor) -> None:
    measured = [entry for entry in load_bundle(BUILT_IN).evidence if not entry.chose]
    (error,) = (entry for entry in measured if entry.metric == "expected_calibration_error")
    covered = [
        entry
        for entry in measured
        if entry.metric == "coverage" and entry.conditions["coverage"] == 0.9 and entry.conditions["finding"]
    ]
    assert len(covered) == len(FINDINGS)
    visitor.page.goto("/readings/1")
    for metrics in ([error], covered):
        sentence = visitor.page.locator("p", has_text=with_interval(metrics[0]))
        expect(sentence).to_contain_text(data_name(metrics[0], visitor.t.language))
        for metric in metrics:
            expect(sentence).to_contain_text(with_interval(metric))
    named = visitor.t("terms.metrics.expected_calibration_error").partition(" (")[0]
    visitor.shows(named, *map(with_interval, (error, *covered)))


def test_an_operation_of_the_api_is_tried_on_its_page(visitor: Visitor) -> None:
    page, say = visitor.page, visitor.say
    page.goto("/api/docs")
    section = page.locator("section", has=page.get_by_role("heading", name="GET /api/readings", exact=True))
    section.get_by_text(say("api.try")).click()
    visitor.shows("GET /api/readings", say("api.send"))
    section.get_by_role("textbox", name="limit").fill("1")
    section.get_by_role("button", name=say("api.send")).click()
    expect(section.locator(".api-answer")).to_contain_text("200 OK")
    expect(section.locator(".api-answer")).to_contain_text("rings.png")
    visitor.shows("200 OK")
