"""An answer whose etiology is not assessed: every result says so, and none names a kind of pneumonia."""

import csv
import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pypdf import PdfReader
from rich.console import Console
from tests.support.hospital_samples import header, reading

from neumo.core.answer import Answer, Etiology
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PNEUMONIA_OR_NOT, PartialLabel
from neumo.core.reading import Reading
from neumo.results.csv_table import COLUMNS, write_row
from neumo.results.dicom import read_back, structured_report
from neumo.results.dicom.banner import banner_lines
from neumo.results.dicom.files import write_result
from neumo.results.fhir import fhir_report
from neumo.results.page import open_page
from neumo.results.pdf import write_pdf
from neumo.results.table import evidence_lines, readings_table
from neumo.texts.language import LANGUAGES, Language

ANSWERS = {
    "pneumonia": Answer(
        finding=PartialLabel.PNEUMONIA,
        probabilities={Finding.NORMAL: 0.125, PartialLabel.PNEUMONIA: 0.875},
        prediction_set=(PartialLabel.PNEUMONIA,),
        coverage=0.9,
        pneumonia=True,
        operating_point="balanced",
        threshold=0.6,
        prevalence=dict.fromkeys(FINDINGS, 1 / 3),
    )
}
ANSWERS["undetermined"] = replace(ANSWERS["pneumonia"], prediction_set=PNEUMONIA_OR_NOT)
ANSWERS["no pneumonia"] = replace(
    ANSWERS["pneumonia"],
    finding=Finding.NORMAL,
    probabilities={Finding.NORMAL: 0.9, PartialLabel.PNEUMONIA: 0.1},
    prediction_set=(Finding.NORMAL,),
    pneumonia=False,
)
_KIND = re.compile(r"bacteri|viral|53084003|75570004", re.IGNORECASE)
_NOT_ASSESSED = {"en": "etiology not assessed", "es": "etiología no valorada"}


def _table(given: Reading, language: Language, _folder: Path) -> str:
    console = Console(width=250, record=True, file=io.StringIO())
    console.print(readings_table([given], language))
    return console.export_text() + " ".join(evidence_lines([given], language))


def _page(given: Reading, language: Language, folder: Path) -> str:
    with open_page(folder / "page.html", language) as add:
        add(replace(given, receipt=None))
    return html.unescape(
        re.sub("<style>.*?</style>", "", (folder / "page.html").read_text(), flags=re.DOTALL)
    )


def _pdf(given: Reading, language: Language, folder: Path) -> str:
    write_pdf(given, folder / "a.pdf", language)
    return " ".join(" ".join(page.extract_text() for page in PdfReader(folder / "a.pdf").pages).split())


def _banner(given: Reading, language: Language, _folder: Path) -> str:
    return " ".join(line.text for line in banner_lines(given, language))


def _fhir(given: Reading, language: Language, _folder: Path) -> str:
    return json.dumps(fhir_report(given, header(), language=language), ensure_ascii=False)


@pytest.mark.parametrize("form", [_table, _page, _pdf, _banner, _fhir])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ANSWERS)
def test_what_people_read_says_that_and_names_no_kind(
    name: str, language: Language, form: Callable[[Reading, Language, Path], str], tmp_path: Path
) -> None:
    said = form(reading(ANSWERS[name], warnings=()), language, tmp_path)
    assert not _KIND.search(said), said
    assert (_NOT_ASSESSED[language] in said) is (name != "no pneumonia"), said


@pytest.mark.parametrize("name", ANSWERS)
def test_a_structured_report_says_it_in_codes_and_is_read_back(name: str, tmp_path: Path) -> None:
    answer = ANSWERS[name]
    report = structured_report(reading(answer, warnings=()), header())
    file = write_result(report, tmp_path)
    assert read_back(dcmread(file)).answer == replace(
        answer, prevalence=answer.prevalence and dict.fromkeys(FINDINGS, 0.3333)
    )
    said = re.sub(r"prevalence_\w+", "", str(report))
    assert not _KIND.search(said), said
    assert ("NOT-ASSESSED" in said) is (answer.etiology is Etiology.NOT_ASSESSED)


@pytest.mark.parametrize("name", ANSWERS)
def test_json_and_csv_hold_the_same_outcomes(name: str) -> None:
    answer = ANSWERS[name]
    plain = json.loads(json.dumps(reading(answer).to_json(), sort_keys=True))
    assert Reading.from_json(plain).answer == answer
    assert (
        set(plain["probabilities"]) == {"NORMAL", "PNEUMONIA"} and plain["finding"] in plain["probabilities"]
    )
    assert plain["etiology"] == (None if name == "no pneumonia" else "not_assessed")
    stream = io.StringIO()
    write_row(stream, reading(answer))
    row = dict(zip(COLUMNS, next(csv.reader(io.StringIO(stream.getvalue()))), strict=True))
    assert (row["p_BACTERIAL_PNEUMONIA"], row["p_VIRAL_PNEUMONIA"]) == ("", "")
    assert float(row["p_NORMAL"]) == pytest.approx(answer.probabilities[Finding.NORMAL])
    assert row["etiology"] == (plain["etiology"] or "") and row["prediction_set"] == " | ".join(
        answer.prediction_set
    )
