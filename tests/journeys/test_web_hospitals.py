"""A bundle that was measured in two hospitals: which one weighs an answer, on the page and in every file."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pydicom import dcmread
from pypdf import PdfReader
from tests.support.node_samples import written
from tests.support.tiny_bundle import MEASURED, make_bundle
from tests.support.web_running import Running, running
from tests.support.web_visitor import Visitor, plain

from neumo.texts.data_names import data_name
from neumo.texts.language import LANGUAGES

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
def visited(tmp_path_factory: pytest.TempPathFactory, films: list[Path]) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("two-hospitals")
    bundle = make_bundle(folder / "both", films[0].parents[2], evidence=(*GROWN, *CHILDREN), oldest=90.0)
    with running(folder / "data", bundle) as started:
        yield started


@pytest.mark.parametrize("ages", [("003Y", "003Y"), ("045Y", "")], ids=["child", "grown or unknown"])
def test_the_hospital_of_the_patient_s_age_weighs_the_answer_everywhere(
    visitor: Visitor, films: list[Path], tmp_path: Path, ages: tuple[str, str]
) -> None:
    page, say, taken = visitor.page, visitor.say, visitor.taken
    age = ages[LANGUAGES.index(visitor.t.language)]
    weighing, sensitivity = CASES[age]
    other = GROWN if weighing is CHILDREN else CHILDREN
    name, others = (data_name(entries[0], visitor.t.language) for entries in (weighing, other))
    visitor.read(
        written(visitor.patients(films[0], PatientAge=age, PatientBirthDate=""), tmp_path / f"age-{age}.dcm")
    )
    expect(page.locator("[data-figure=sensitivity] dd")).to_have_text(sensitivity)
    weighed = page.locator(".worth + p")
    expect(weighed).to_have_text(say("reading.measured_on", data=name))
    page.get_by_role("slider", name=say("reading.prevalence")).press("Home")
    expect(page.locator("[data-figure=ppv]")).to_be_visible()
    expect(weighed).to_have_text(say("reading.measured_on", data=name))
    visitor.shows(say("reading.ppv"), say("reading.measured_on", data=name))

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
