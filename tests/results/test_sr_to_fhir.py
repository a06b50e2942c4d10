"""A Structured Report walked element by element beside its FHIR report, by HL7's "DICOM SR to FHIR Resource Mapping".

The table of docs/reference/dicom-results.md states the same; what it says is left out is `NOT_MAPPED` here.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.dataset import Dataset as Item
from tests.support.hospital_samples import header, reading
from tests.support.reading_samples import VERIFIED

from neumo.core.decision import Decision
from neumo.results.dicom import structured_report
from neumo.results.dicom.source import reference_of
from neumo.results.fhir import fhir_report

DCM, SCT = "http://dicom.nema.org/resources/ontology/DCM", "http://snomed.info/sct"
UMLS = "http://terminology.hl7.org/CodeSystem/umls"
FILM = {
    "TimezoneOffsetFromUTC": "-0500",
    "IssuerOfPatientID": "Hospital",
}
NOT_MAPPED = {
    "121049",  # Language: each resource states it by `language`
    "121005", "121012", "121013", "121014", "121015", "121016",  # the observer, which is the Device
    "121058",  # Procedure reported
    "112039",  # Tracking Identifier: the same text in every report
    "STATUS",  # a refusal is an Observation with `dataAbsentReason`
    "CI95-LOW", "CI95-HIGH", "IMAGES", "121405",  # of a metric: `valueRange`, and sentences in notes
    "DISCLAIMER", "WARNING", "EVIDENCE", "PREVALENCE", "REFUSAL-REASON",  # `conclusion` and notes
    "121008", "DECIDED-AT", "ABNORMALITY", "DECISION-NOTE",  # `performer`, `issued`, `note`
}  # fmt: skip
"""Concept names of content items that have no code of their own in the FHIR report, and where they are instead."""


def content(item: Item) -> Iterator[Item]:
    for inner in item.get("ContentSequence", ()):
        yield inner
        yield from content(inner)


def name_of(item: Item) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def coded(concept: dict[str, Any]) -> tuple[str, str]:
    return concept["coding"][0]["system"], concept["coding"][0]["code"]


def of_kind(report: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in report["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


def stated(observations: list[dict[str, Any]]) -> set[tuple[str, Any]]:
    """Codes with their values: of observations and of their components."""
    found = set()
    for part in (p for one in observations for p in (one, *one.get("component", ()))):
        code = coded(part["code"])[1]
        if "valueCodeableConcept" in part:
            found.add((code, coded(part["valueCodeableConcept"])[1]))
        if "valueQuantity" in part:
            found.add((code, part["valueQuantity"]["value"]))
    return found


def in_report(item: Item) -> tuple[str, Any]:
    """Code and value of a content item."""
    if item.ValueType == "NUM":
        return name_of(item), float(item.MeasuredValueSequence[0].NumericValue)
    return name_of(item), str(item.ConceptCodeSequence[0].CodeValue)


@pytest.mark.parametrize("decision", [None, VERIFIED], ids=["undecided", "verified"])
def test_every_content_item_is_in_the_fhir_report_or_on_the_list_of_those_that_are_not(
    decision: Decision | None,
) -> None:
    made = reading(decision=decision)
    report, fhir = structured_report(made, header(**FILM)), fhir_report(made, header(**FILM))
    observations, (device,) = of_kind(fhir, "Observation"), of_kind(fhir, "Device")
    beside = stated(observations)
    algorithm = {"111001", "111003", "111002", "122405", "111000"}
    seen = 0
    for item in content(report):
        name = name_of(item)
        if item.ValueType in ("CONTAINER", "IMAGE", "UIDREF") or name in NOT_MAPPED | algorithm:
            continue
        if name in ("121139", "363698007"):  # Modality, Finding site
            continue
        if in_report(item) == ("DECISION", "NO-DECISION"):  # `status` is preliminary
            continue
        assert in_report(item) in beside, name
        seen += 1
    assert seen > 15
    texts = {name_of(item): item.TextValue for item in content(report) if item.ValueType == "TEXT"}
    assert device["deviceName"][0]["name"] == texts["111001"]
    assert device["version"][0]["value"] == texts["111003"] and device["manufacturer"] == texts["122405"]
    of_bundle = {one["valueCode"][0]["text"] for one in device["property"]}
    parameters = {item.TextValue for item in content(report) if name_of(item) == "111002"}
    assert of_bundle < parameters and {text.split("=")[0] for text in parameters - of_bundle} == {
        "operating_point", "prevalence_given",
        "prevalence_NORMAL", "prevalence_BACTERIAL_PNEUMONIA", "prevalence_VIRAL_PNEUMONIA",
    }  # fmt: skip
    (family,) = (item for item in content(report) if name_of(item) == "111000")
    assert coded(device["type"]) == (DCM, family.ConceptCodeSequence[0].CodeValue)


def test_a_measurement_group_is_an_observation_with_its_members() -> None:
    report, fhir = structured_report(reading(), header(**FILM)), fhir_report(reading(), header(**FILM))
    group, *_ = (item for item in content(report) if name_of(item) == "125007")
    verdict, finding, members, evidence = of_kind(fhir, "Observation")
    items = {name_of(item): item for item in content(group)}
    assert coded(finding["valueCodeableConcept"]) == (SCT, items["121071"].ConceptCodeSequence[0].CodeValue)
    assert coded(finding["bodySite"]) == (SCT, items["363698007"].ConceptCodeSequence[0].CodeValue)
    (tracking,) = finding["focus"]
    assert coded(tracking["identifier"]["type"]) == (DCM, "112040")
    assert tracking["identifier"]["value"] == f"urn:oid:{items['112040'].UID}"
    assert {coded(kind)[1] for kind in finding["category"]} == {"imaging", "125007"}
    urls = {entry["fullUrl"]: entry["resource"] for entry in fhir["entry"]}
    assert [urls[one["reference"]] for one in finding["hasMember"]] == [verdict, members]
    assert all((UMLS, "C0034375") in map(coded, one["category"]) for one in (verdict, members))
    assert [coded(flag)[1] for flag in verdict["interpretation"]] == ["POS", "A"]
    (about,) = evidence["focus"]
    assert urls[about["reference"]]["resourceType"] == "Device" and "partOf" not in evidence
    device = urls[finding["device"]["reference"]]
    assert device["modelNumber"] == report.ManufacturerModelName
    assert device["serialNumber"] == report.DeviceSerialNumber


def test_patient_study_order_and_status_are_those_of_the_report() -> None:
    issuer, qualifiers = Dataset(), Dataset()
    issuer.LocalNamespaceEntityID = "RIS"
    qualifiers.UniversalEntityID, qualifiers.UniversalEntityIDType = "1.2.3.99", "ISO"
    film = header(
        **FILM,
        IssuerOfAccessionNumberSequence=[issuer],
        IssuerOfPatientIDQualifiersSequence=[qualifiers],
    )
    report, fhir = structured_report(reading(), film), fhir_report(reading(), film)
    (main,) = of_kind(fhir, "DiagnosticReport")
    verdict, finding, members, evidence = of_kind(fhir, "Observation")
    for one in (verdict, finding, members):
        (study,), (order,) = one["partOf"], one["basedOn"]
        assert study["identifier"]["value"] == f"urn:oid:{report.StudyInstanceUID}"
        assert coded(study["identifier"]["type"]) == (DCM, "110180")
        assert order["identifier"]["value"] == report.AccessionNumber
        assert coded(order["identifier"]["type"])[1] == "ACSN"
        assert order["identifier"]["assigner"] == {"display": "RIS"}
    assert main["imagingStudy"] == finding["partOf"] and main["basedOn"] == finding["basedOn"]
    for one in (main, verdict, finding, members, evidence):
        assert one["status"] == report.PreliminaryFlag.lower()
        patient = one["subject"]["identifier"]
        assert (patient["value"], patient["system"]) == (report.PatientID, "urn:oid:1.2.3.99")
        assert patient["assigner"] == {"display": report.IssuerOfPatientID}
        assert one["effectiveDateTime"] == "2024-03-01T00:01:02-05:00"
    assert (report.ContentDate, report.ContentTime) == ("20240301", "000102")
    assert reference_of(film).study == report.StudyInstanceUID


def test_what_says_nothing_of_a_study_refers_to_none() -> None:
    of_file = fhir_report(reading())
    for one in of_kind(of_file, "Observation"):
        assert not {"partOf", "basedOn", "subject"} & one.keys()
    refusal, *_ = of_kind(fhir_report(reading(None), header(**FILM)), "Observation")
    assert refusal["partOf"] and "interpretation" not in refusal and "hasMember" not in refusal
