import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from tests.support.hospital_samples import ANSWER, DIGEST, header, reading
from tests.support.reading_samples import DECISIONS, UNVERIFIED, VERIFIED

from neumo.core.decision import Decision
from neumo.core.errors import ConfigError, ResultError
from neumo.core.reading import Notice, Status
from neumo.results.decision import printable
from neumo.results.fhir import fhir_report, write_fhir

KERMANY = replace(
    ANSWER,
    evidence=tuple(replace(entry, data="Kermany chest radiographs, test") for entry in ANSWER.evidence),
)


def resources(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in report["entry"]:
        found.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    return found


def code_of(concept: dict[str, Any]) -> str:
    return str(concept["coding"][0]["code"])


def test_a_report_states_all_of_the_answer(tmp_path: Path) -> None:
    report = json.loads(write_fhir(fhir_report(reading(), header()), tmp_path).read_text())
    Bundle.model_validate(report)
    found = resources(report)
    (main,), (device,) = found["DiagnosticReport"], found["Device"]
    verdict, finding, members, _ = found["Observation"]
    assert main["status"] == "preliminary" and code_of(main["conclusionCode"][0]) == "233604007"
    assert main["conclusionCode"][0]["text"] == "Pneumonia, bacterial or viral undetermined"
    assert all(observation["status"] == "preliminary" for observation in found["Observation"])
    assert code_of(verdict["valueCodeableConcept"]) == "52101004"
    etiology, point, decision, *rest = verdict["component"]
    assert code_of(etiology["valueCodeableConcept"]) == "373068000"
    assert point["valueCodeableConcept"]["text"] == "balanced"
    assert code_of(decision["valueCodeableConcept"]) == "REACHED"
    assert [part["valueQuantity"]["value"] for part in rest] == [0.6, 0.31, 0.98]
    assert verdict["note"][0]["text"] == "Too old."
    assert code_of(finding["valueCodeableConcept"]) == "233604007"
    most_probable, *probabilities = finding["component"]
    assert code_of(most_probable["valueCodeableConcept"]) == "75570004"
    assert [part["valueQuantity"]["value"] for part in probabilities] == [0.2, 0.3, 0.5]
    concepts = [part["valueCodeableConcept"] for part in members["component"][:-1]]
    assert [code_of(concept) for concept in concepts] == ["53084003", "75570004"]
    assert members["component"][-1]["valueQuantity"]["value"] == 0.9
    assert device["identifier"][0]["value"] == DIGEST


def test_what_was_measured_is_coded_with_its_intervals_and_is_said_of_the_device() -> None:
    other = replace(ANSWER.evidence[0], data="set, Lima", low=None, high=None)
    report = fhir_report(reading(replace(ANSWER, evidence=(*ANSWER.evidence, other))), header())
    Bundle.model_validate(report)
    (device,) = (
        entry["fullUrl"] for entry in report["entry"] if entry["resource"]["resourceType"] == "Device"
    )
    main, lima = [each for each in resources(report)["Observation"] if code_of(each["code"]) == "EVIDENCE"]
    stated = {code_of(part["code"]): part for part in main["component"]}
    assert stated["SENSITIVITY"]["valueQuantity"]["value"] == 0.9
    ends = stated["SENSITIVITY-CI95"]["valueRange"]
    assert (ends["low"]["value"], ends["high"]["value"]) == (0.85, 0.94)
    metrics = {"SENSITIVITY", "SPECIFICITY", "ECE", "PPV", "NPV"}
    metrics |= {"COV-NORMAL", "COV-BACTERIAL", "COV-VIRAL"}
    assert stated.keys() == metrics | {f"{metric}-CI95" for metric in metrics}
    assert [code_of(part["code"]) for part in lima["component"]] == ["SENSITIVITY"]
    assert (main["method"]["text"], lima["method"]["text"]) == ("set, test", "set, Lima")
    assert main["focus"] == lima["focus"] == [{"reference": device}]
    assert any("90.0" in note["text"] for note in main["note"])


def said(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Return the texts of a resource that a person reads, by their path."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key in ("display", "text", "div", "conclusion") and isinstance(part, str):
                yield f"{path}.{key}", part
            yield from said(part, f"{path}.{key}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from said(part, f"{path}.{number}")


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("refused", [False, True])
def test_whatever_a_person_reads_is_in_the_language_of_the_report(
    decision: Decision | None, refused: bool
) -> None:
    made = reading(None if refused else KERMANY, decision=decision)
    english, spanish = (dict(said(fhir_report(made, header(), language=code))) for code in ("en", "es"))
    assert english.keys() == spanish.keys() and len(english) > 10
    same = {text for path, text in english.items() if text == spanish[path]}
    names = {"Doe^Jane", "ana", "Dra. Ana García López", "Dra. Ana García López, Hospital Ñuble"}
    parameters = {f"bundle_sha256={DIGEST}", "neumo=0.1.0"}
    assert same <= names | parameters | {"Normal"} | {printable(each.note) for each in (VERIFIED, UNVERIFIED)}
    if not refused:
        assert "radiografías de tórax de Kermany, prueba" in spanish.values()
        assert "Sensibilidad del punto de operación, intervalo del 95\N{NO-BREAK SPACE}%" in spanish.values()


def test_references_lead_somewhere_and_the_study_is_named() -> None:
    report = fhir_report(reading(), header(TimezoneOffsetFromUTC="+0100"))
    urls = {entry["fullUrl"] for entry in report["entry"]}
    (main,) = resources(report)["DiagnosticReport"]
    assert len(urls) == 6 and {result["reference"] for result in main["result"]} < urls
    for observation in resources(report)["Observation"]:
        assert observation["device"]["reference"] in urls
        assert observation["subject"]["identifier"]["value"] == "4711"
        assert observation["effectiveDateTime"] == "2024-03-01T00:01:02+01:00"
    study = main["imagingStudy"][0]["identifier"]
    assert (study["system"], study["value"]) == ("urn:dicom:uid", "urn:oid:1.2.3.4")
    assert main["basedOn"][0]["identifier"]["value"] == "A-1" and main["subject"]["display"] == "Doe^Jane"
    assert main["text"]["div"].count("<p>") == main["conclusion"].count("\n") + 1


def test_a_time_without_its_zone_is_left_out() -> None:
    (main,) = resources(fhir_report(reading(), header()))["DiagnosticReport"]
    assert main["effectiveDateTime"] == "2024-03-01"


def test_a_refusal_is_reported_with_its_reason() -> None:
    found = resources(fhir_report(reading(None), header(), language="es"))
    (observation,), (main,) = found["Observation"], found["DiagnosticReport"]
    assert (
        observation["dataAbsentReason"]["text"]
        == "La imagen está vacía o es casi uniforme; no hay nada que leer."
    )
    assert "valueCodeableConcept" not in observation and "conclusionCode" not in main
    assert "Rechazada" in main["conclusion"] and main["language"] == "es"


def test_without_a_header_nobody_is_named() -> None:
    report = fhir_report(reading())
    (main,) = resources(report)["DiagnosticReport"]
    assert not {"subject", "imagingStudy", "effectiveDateTime", "basedOn"} & main.keys()
    assert report["entry"][0] != fhir_report(reading(sha256="cd" * 32))["entry"][0]


def test_sending_twice_makes_nothing_twice(tmp_path: Path) -> None:
    first = fhir_report(reading(), header())
    assert first == fhir_report(reading(), header())
    for entry in first["entry"]:
        assert entry["request"]["ifNoneExist"].endswith(entry["fullUrl"])
        assert entry["resource"]["identifier"][-1]["value"] == entry["fullUrl"]
    others = [
        fhir_report(reading(replace(ANSWER, pneumonia=False)), header()),
        fhir_report(reading(), header(SOPInstanceUID="1.2.3.4.1.2")),
        fhir_report(reading(), header(PatientID="4712")),
        fhir_report(reading(), header(), language="es"),
        fhir_report(reading(warnings=()), header()),
    ]
    names = {write_fhir(report, tmp_path).name for report in (first, first, *others)}
    assert len(names) == 6 and {file.name for file in tmp_path.iterdir()} == names
    assert len({report["entry"][-1]["fullUrl"] for report in (first, *others)}) == 1, "one device"


def test_words_of_a_header_cannot_become_markup() -> None:
    strange = Notice("strange", "<script>alert(1)</script>")
    (main,) = resources(fhir_report(reading(warnings=(strange,)), header()))["DiagnosticReport"]
    assert "&lt;script&gt;" in main["text"]["div"] and "<script>" not in main["text"]["div"]


def test_what_cannot_be_reported_is_told() -> None:
    failed = reading(None, status=Status.FAILED)
    with pytest.raises(ResultError, match="could not be read"):
        fhir_report(failed)
    with pytest.raises(ResultError, match="StudyInstanceUID"):
        fhir_report(reading(), header(StudyInstanceUID=None))
    with pytest.raises(ConfigError, match="'fr'"):
        fhir_report(reading(), language="fr")  # type: ignore[arg-type]
