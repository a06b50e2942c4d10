"""A bundle that was measured in two hospitals: which one weighs an answer, on the page and in every file."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pydicom import dcmread
from pypdf import PdfReader
from tests.support.node_samples import radiograph, written
from tests.support.tiny_bundle import MEASURED, make_bundle
from tests.support.web_layout import cut_off
from tests.support.web_running import Running, running
from tests.support.web_steps import read_film
from tests.support.web_visitor import HEIGHTS, plain

from neumo.texts.catalogue import texts
from neumo.texts.data_names import data_name
from neumo.texts.language import LANGUAGES, Language

GROWN = tuple(
    replace(entry, data="San Juan de Dios, Lima, test", ages=(18.0, 90.0), value=0.7, low=0.6, high=0.78)
    for entry in MEASURED
)
CHILDREN = tuple(replace(entry, data="Hospital Infantil, test", ages=(1.0, 5.0)) for entry in MEASURED)
CASES = {
    "003Y": (CHILDREN, "90.0 %85.0–94.0 %"),
    "045Y": (GROWN, "70.0 %60.0–78.0 %"),
    "": (GROWN, "70.0 %60.0–78.0 %"),
}
"""By age as DICOM writes it, none where unknown: what weighs the answer, and the sensitivity beside it."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, films: list[Path]) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("two-hospitals")
    bundle = make_bundle(folder / "both", films[0].parents[2], evidence=(*GROWN, *CHILDREN), oldest=90.0)
    with running(folder / "data", bundle) as started:
        yield started


@pytest.mark.parametrize(("language", "age"), [("en", "003Y"), ("en", "045Y"), ("es", "003Y"), ("es", "")])
def test_the_hospital_of_the_patient_s_age_weighs_the_answer_everywhere(
    browser: Browser, served: Running, films: list[Path], tmp_path: Path, language: Language, age: str
) -> None:
    context = browser.new_context(base_url=served.address, locale=language)
    context.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    page = context.new_page()
    weighing, sensitivity = CASES[age]
    other = GROWN if weighing is CHILDREN else CHILDREN
    name, others = data_name(weighing[0], language), data_name(other[0], language)
    film = radiograph(films[LANGUAGES.index(language)], PatientAge=age, SpecificCharacterSet="ISO_IR 192")
    read_film(page, written(film, tmp_path / f"{age}.dcm"))
    say = texts(language)
    for width, height in HEIGHTS.items():
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator("[data-figure=sensitivity] dd")).to_have_text(sensitivity)
        expect(page.locator(".worth + p")).to_have_text(say("workbench.reading.measured_on", data=name))
        assert cut_off(page) == []
    page.get_by_role("slider", name=say("workbench.reading.prevalence")).press("Home")
    expect(page.locator("[data-figure=ppv]")).to_be_visible()
    expect(page.locator(".worth + p")).to_have_text(say("workbench.reading.measured_on", data=name))

    def taken(link: str) -> Path:
        with page.expect_download() as download:
            page.get_by_role("link", name=say(f"workbench.results.{link}")).click()
        return Path(download.value.path())

    html = plain(taken("report_html").read_text())
    pdf = plain(" ".join(sheet.extract_text() for sheet in PdfReader(taken("report_pdf")).pages))
    report = json.dumps(dcmread(taken("sr_dcm")).to_json_dict(), ensure_ascii=False)
    for text in (html, pdf, report):
        assert 0 < text.index(name) < text.index(others), "what weighs the answer comes first"
    stated = json.loads(taken("fhir_json").read_text(encoding="utf-8"))
    methods = [
        observation["resource"]["method"]["text"]
        for observation in stated["entry"]
        if "method" in observation["resource"]
    ]
    assert methods == [name, others]
    answer = json.loads(taken("reading_json").read_text())
    predictive = {entry["metric"]: entry for entry in answer["evidence"] if entry["metric"] in ("ppv", "npv")}
    assert {entry["data"] for entry in predictive.values()} == {weighing[0].data}
    assert predictive["ppv"]["ages"] == list(weighing[0].ages or ())
    context.close()
