"""Every take-away states the decision of a person, or that nobody has decided, in both languages."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pypdf import PdfReader
from tests.support.hospital_samples import errors_of, header, reading
from tests.support.programs import require
from tests.support.reading_samples import DECISIONS, UNVERIFIED, VERIFIED

from neumo.core.decision import Decision
from neumo.core.reading import Reading
from neumo.results import csv_table, json_lines
from neumo.results.decision import decision_sentences
from neumo.results.dicom import read_back, secondary_capture, structured_report
from neumo.results.dicom.banner import banner_lines
from neumo.results.dicom.decision_items import observer_name
from neumo.results.dicom.files import write_result
from neumo.results.fhir import fhir_report
from neumo.results.page import open_page
from neumo.results.pdf import write_pdf
from neumo.texts.language import LANGUAGES, Language

STATED = {
    ("undecided", "en"): ["Nobody has decided about this reading yet."],
    ("undecided", "es"): ["Nadie ha decidido todavía sobre esta lectura."],
    ("unverified", "en"): [
        "another abnormality: hilar mass",
        "By ana, 2026-01-31 08:05 UTC; not verified.",
        "It contradicts the answer.",
        "before the answer was shown",
        "see lateral view",
    ],
    ("unverified", "es"): [
        "otra anomalía: hilar mass",
        "De ana",
        "sin verificar",
        "Contradice",
        "see lateral",
    ],
    ("verified", "en"): [
        "pneumonia of undetermined cause",
        "Verified by Dra. Ana García López, Hospital Ñuble (bo), 2026-02-01 09:10 UTC.",
        "It agrees with the answer.",
        "tres líneas,",
    ],
    ("verified", "es"): [
        "neumonía de causa indeterminada",
        "Verificada por Dra. Ana García López",
        "una nota",
    ],
}


def _html(decided: Reading, language: Language, folder: Path) -> str:
    with open_page(folder / "a.html", language) as add:
        add(decided)
    return (folder / "a.html").read_text(encoding="utf-8")


def _pdf(decided: Reading, language: Language, folder: Path) -> str:
    write_pdf(decided, folder / "a.pdf", language)
    return " ".join(page.extract_text() for page in PdfReader(folder / "a.pdf").pages)


def _picture(decided: Reading, language: Language, folder: Path) -> str:
    return "\n".join(line.text for line in banner_lines(decided, language))


def _fhir(decided: Reading, language: Language, folder: Path) -> str:
    return str(fhir_report(decided, header(), language=language)["entry"][0]["resource"]["conclusion"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DECISIONS)
@pytest.mark.parametrize("make", [_html, _pdf, _picture, _fhir])
def test_what_people_read_states_it_in_words(
    make: Callable[[Reading, Language, Path], str], name: str, language: Language, tmp_path: Path
) -> None:
    words = " ".join(make(reading(decision=DECISIONS[name]), language, tmp_path).split())
    assert [said for said in STATED[name, language] if said not in words] == []
    others = {said for key, all_ in STATED.items() if key[0] != name for said in all_}
    assert [said for said in others if said in words] == []


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_json_and_csv_hold_it(decision: Decision | None) -> None:
    decided, lines, rows = reading(decision=decision), io.StringIO(), io.StringIO()
    json_lines.write_line(lines, decided)
    stated = json.loads(lines.getvalue())["decision"]
    assert stated == (None if decision is None else decision.to_json())
    assert Reading.from_json(json.loads(lines.getvalue())).decision == decision
    csv_table.write_header(rows)
    csv_table.write_row(rows, decided)
    (row,) = csv.DictReader(io.StringIO(rows.getvalue()))
    keys = ("decided", "decision", "abnormality", "decided_by", "decided_at", "verified", "note")
    if decision is None:
        assert [row[key] for key in keys] == ["no", *[""] * 6]
    else:
        verified = "yes" if decision.verified else "no"
        assert [row[key] for key in keys] == [
            "yes", decision.conclusion, decision.abnormality, decision.person, decision.at, verified, decision.note
        ]  # fmt: skip


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("refused", [False, True])
def test_a_report_is_verified_by_a_verified_decision_alone(
    decision: Decision | None, refused: bool, tmp_path: Path
) -> None:
    made = reading(None, decision=decision) if refused else reading(decision=decision)
    report = structured_report(made, header())
    file = write_result(report, tmp_path)
    assert errors_of(file) == []
    verified = decision is VERIFIED
    reported = read_back(dcmread(file))
    assert reported.conclusion == (None if decision is None else decision.conclusion)
    assert reported.verified is verified
    assert report.VerificationFlag == ("VERIFIED" if verified else "UNVERIFIED")
    assert report.PreliminaryFlag == ("FINAL" if verified else "PRELIMINARY")
    assert ("VerifyingObserverSequence" in report) is verified
    if verified:
        (observer,) = report.VerifyingObserverSequence
        # The radiograph's character set has no accents.
        assert observer.VerifyingObserverName == "Garcia Lopez^Ana^^Dra."
        assert observer.VerifyingOrganization == "Hospital Nuble"
        assert observer.VerificationDateTime == "20260201091011+0000"
    dumped = require("dsrdump", "dcmtk")
    text = subprocess.run([dumped, file], capture_output=True, text=True, check=True).stdout
    if decision is None:
        assert "Nobody has decided" in text and "Person Observer Name" not in text
    else:
        assert "Person Observer Name" in text and "Time of the decision" in text
        assert ("hilar mass" in text) is (decision is UNVERIFIED)


def test_the_models_own_report_stays_beside_the_verified_one() -> None:
    own, unverified, verified = (
        structured_report(reading(decision=decision), header()) for decision in DECISIONS.values()
    )
    assert len({report.SOPInstanceUID for report in (own, unverified, verified)}) == 3
    assert own.SeriesInstanceUID == unverified.SeriesInstanceUID != verified.SeriesInstanceUID
    again = structured_report(reading(decision=VERIFIED), header())
    assert again.SOPInstanceUID == verified.SOPInstanceUID, "the same decision is the same report"
    capture = secondary_capture(reading(decision=VERIFIED), header())
    assert "verified decision" in capture.ImageComments and "verified" in capture.SeriesDescription


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_a_fhir_report_is_final_by_a_verified_decision_alone(decision: Decision | None) -> None:
    resources = [entry["resource"] for entry in fhir_report(reading(decision=decision), header())["entry"]]
    report, *observations = resources[:-1]
    assert report["status"] == ("final" if decision is VERIFIED else "preliminary")
    models = [each for each in observations if "device" in each]
    assert {each["status"] for each in models} == {"preliminary"}, "what the model says, nobody verified"
    peoples = [each for each in observations if "device" not in each]
    assert len(peoples) == (decision is not None)
    if decision is VERIFIED:
        assert report["resultsInterpreter"] == [{"display": "Dra. Ana García López, Hospital Ñuble"}]
        assert report["conclusionCode"][0]["text"] == "pneumonia of undetermined cause"
        assert peoples[0]["status"] == "final" and peoples[0]["issued"].startswith("2026-02-01T09:10:11")
        assert "\x1b" not in json.dumps(resources, ensure_ascii=False)


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("ana", "ana^"),
        ("Dr. Ana Ruiz", "Dr. Ana Ruiz^"),
        ("a=b^c\\d\n", "a b c d^"),
        ("x" * 128, "x" * 63 + "^"),
    ],
)
def test_an_account_becomes_a_person_name(person: str, expected: str) -> None:
    assert observer_name(replace(UNVERIFIED, person=person)) == expected


def test_sentences_end_without_a_note() -> None:
    assert len(decision_sentences(replace(UNVERIFIED, note="", agrees=None, blinded=False), "en")) == 2
