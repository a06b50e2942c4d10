"""Patient and study in reports, HTML and PDF."""

from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.support.hospital_samples import reading

from neumo.core.patient import PatientStudy
from neumo.results.page import open_page
from neumo.results.patient_lines import age_text, patient_lines
from neumo.results.pdf import write_pdf

AGES = [
    (None, ""), (0.0, "0 days"), (1 / 365.25, "1 day"), (20 / 365.25, "20 days"), (1 / 12, "1 month"),
    (0.5833, "7 months"),
    (1.5, "18 months"), (1.999, "23 months"), (2.0, "2 years"), (5.9999, "6 years"), (43.5, "43 years"),
]  # fmt: skip


@pytest.mark.parametrize(("age", "said"), AGES)
def test_ages_are_said_as_people_say_them(age: float | None, said: str) -> None:
    assert age_text(age, "en") == said


def test_only_what_is_stated_is_said_in_the_language() -> None:
    assert patient_lines(None, "en") == patient_lines(PatientStudy(), "en") == []
    stated = PatientStudy(name="Doe^Jane", sex="F", age=1.0, study_date="2024-02-29")
    assert patient_lines(stated, "es") == [
        ("Paciente", "Doe, Jane"),
        ("Edad", "12 meses"),
        ("Sexo", "femenino"),
        ("Fecha del estudio", "2024-02-29"),
    ]
    assert patient_lines(PatientStudy(sex="X?"), "en") == [("Sex", "X?")]


@pytest.mark.parametrize(
    ("name", "said"),
    [("García^Ñu", "García, Ñu"), ("Wałęsa^Zażółć", "Wałęsa, Zażółć"), ("Đặng^Thị", "Đặng, Thị"),
     ("Ivanov^Ivan=Иванов", "Ivanov, Ivan (Иванов)"), ("<b>^&amp;", "<b>, &amp;")],
)  # fmt: skip
def test_a_pdf_names_the_patient_in_letters_that_it_can_draw(tmp_path: Path, name: str, said: str) -> None:
    target = tmp_path / "a.pdf"
    write_pdf(reading(), target, "en", PatientStudy(name=name, id="4711"))
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(target).pages).split())
    assert f"Patient: {said} · Patient ID: 4711" in text


def test_a_page_names_the_patient_and_runs_nothing_of_it(tmp_path: Path) -> None:
    target = tmp_path / "a.html"
    with open_page(target) as add:
        add(reading(), PatientStudy(name="<script>alert(1)</script>^Jane", id="4711"))
        add(reading())
    page = target.read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;, Jane" in page and "<script>alert" not in page
    assert page.count('class="patient"') == 1
