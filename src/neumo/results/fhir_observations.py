"""FHIR Observations of a reading: the verdict, the findings, the prediction set, or why there is none.

What a person reads of them (`display`, `text`, notes) is in the report's language; codes and numbers are the same.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydicom.sr.coding import Code

from neumo.core.answer import Answer, Verdict
from neumo.core.reading import Reading, Status
from neumo.results.dicom import codes as own
from neumo.results.dicom.evidence_items import coded, rounded
from neumo.results.dicom.meanings import meaning
from neumo.results.dicom.uids import CODING_SCHEME
from neumo.results.sentences import notice_text, performance_sentences, verdict_text
from neumo.texts.catalogue import texts
from neumo.texts.data_names import data_name
from neumo.texts.language import Language
from neumo.texts.metric_words import point_name

_SYSTEMS: Final = {
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "LN": "http://loinc.org",
    "UMLS": "http://terminology.hl7.org/CodeSystem/umls",
    own.SCHEME: f"urn:oid:{CODING_SCHEME}",
}
TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_FINDING: Final = Code("121071", "DCM", "Finding")
_GROUP: Final = Code("125007", "DCM", "Measurement Group")
_INTERPRETATIONS: Final[Mapping[Verdict, tuple[str, ...]]] = {
    Verdict.PNEUMONIA: ("POS", "A"),
    Verdict.NO_PNEUMONIA: ("NEG",),
    Verdict.UNDETERMINED: ("IND",),
}
"""Flags of v3-ObservationInterpretation (HL7 v2's OBX-8): positive and abnormal, negative, indeterminate.

None is critical or normal: the model knows no other disease, and how urgent a pneumonia is a person decides.
"""
MEMBERS: Final = ("pneumonia", "prediction set")
"""Observations of the measurement group, which is "finding"."""

Resource = dict[str, Any]
"""A FHIR resource or a part of one, as plain JSON values."""


def observations_of(reading: Reading, language: Language) -> dict[str, Resource]:
    """Return the Observations of a reading by what they are, without patient, time and device.

    Parameters
    ----------
    reading : Reading
        Read, refused, or failed and decided on.
    language : str
        Of notes and reasons: "en" or "es".
    """
    if reading.answer is None:
        return {"finding": _without_answer(reading, language)}
    return {
        "pneumonia": {**_verdict(reading.answer, language), **_notes(reading, language)},
        "finding": _finding(reading.answer, language),
        "prediction set": _prediction_set(reading.answer, language),
        **_evidence(reading.answer, language),
    }


def _verdict(answer: Answer, language: Language) -> Resource:
    point = own.operating_point_code(answer.operating_point)
    etiology = own.etiology_code(answer)
    numbers = ((own.THRESHOLD, answer.threshold), (own.PPV, answer.ppv), (own.NPV, answer.npv))
    at_point = {**concept(point, language), "text": point_name(answer.operating_point, language)}
    decision = own.REACHED if answer.pneumonia else own.BELOW
    return {
        **observation(own.PNEUMONIA, language, own.QUALITATIVE_EVALUATIONS),
        "interpretation": [
            {
                "coding": [
                    term("v3-ObservationInterpretation", flag, f"readings.fhir.{flag.lower()}", language)
                ]
            }
            for flag in _INTERPRETATIONS[answer.verdict]
        ],
        "valueCodeableConcept": {
            **concept(own.verdict_code(answer), language),
            "text": verdict_text(answer, language),
        },
        "component": [
            *([] if etiology is None else [_coded(own.ETIOLOGY, etiology, language)]),
            {"code": concept(own.OPERATING_POINT, language), "valueCodeableConcept": at_point},
            _coded(own.POINT_DECISION, decision, language),
            *(_number(code, value, language) for code, value in numbers if value is not None),
        ],
    }


def _finding(answer: Answer, language: Language) -> Resource:
    return {
        **observation(_FINDING, language, _GROUP),
        "valueCodeableConcept": lead_concept(answer, language),
        "component": [
            _coded(own.MOST_PROBABLE, own.FINDING_CODES[answer.finding], language),
            *(
                _number(own.PROBABILITY_CODES[outcome], p, language)
                for outcome, p in answer.probabilities.items()
            ),
        ],
    }


def _prediction_set(answer: Answer, language: Language) -> Resource:
    return {
        **observation(own.PREDICTION_SET, language, own.QUALITATIVE_EVALUATIONS),
        "component": [
            *(
                _coded(own.SET_MEMBER, own.FINDING_CODES[finding], language)
                for finding in answer.prediction_set
            ),
            _number(own.COVERAGE, answer.coverage, language),
        ],
    }


def _evidence(answer: Answer, language: Language) -> dict[str, Resource]:
    """Return observations of the model's evidence by data set, each metric beside its 95 % interval."""
    by_data: dict[str, tuple[str, list[Resource]]] = {}
    for entry, code in coded(answer.evidence):
        _, components = by_data.setdefault(entry.data, (data_name(entry, language), []))
        assert entry.value is not None
        components.append(_number(code, entry.value, language))
        if entry.low is not None and entry.high is not None:
            ends = {"low": _quantity(entry.low), "high": _quantity(entry.high)}
            components.append({"code": _interval(code, language), "valueRange": ends})
    notes = [{"text": text} for text in performance_sentences(answer, language)]
    return {
        "evidence" if place == 0 else f"evidence {place}": {
            **observation(own.EVIDENCE, language, _GROUP),
            "method": {"text": name},
            "component": components,
            **({"note": notes} if place == 0 else {}),
        }
        for place, (name, components) in enumerate(by_data.values())
    }


def _notes(reading: Reading, language: Language) -> Resource:
    notes = [{"text": notice_text(warning, language)} for warning in reading.warnings]
    return {"note": notes} if notes else {}


def _without_answer(reading: Reading, language: Language) -> Resource:
    reasons = " ".join(notice_text(reason, language) for reason in reading.reasons)
    absent = term("data-absent-reason", "not-performed", "readings.fhir.not_performed", language)
    if reading.status is Status.FAILED:
        absent = term("data-absent-reason", "error", "readings.fhir.error", language)
    return {
        **observation(_FINDING, language, _GROUP),
        "dataAbsentReason": {"coding": [absent], "text": reasons},
    }


def observation(code: Code, language: Language, part: Code) -> Resource:
    """Return an Observation of the chest, without its value; `part` says which part of a TID 1500 report it is."""
    kind = term("observation-category", "imaging", "readings.fhir.imaging", language)
    return {
        "resourceType": "Observation",
        "category": [{"coding": [kind]}, concept(part, language)],
        "code": concept(code, language),
        "bodySite": concept(own.CHEST, language),
    }


def lead_concept(answer: Answer, language: Language) -> Resource:
    """Return verdict and etiology as one CodeableConcept with their words."""
    return {**concept(own.lead_code(answer), language), "text": verdict_text(answer, language)}


def concept(code: Code, language: Language) -> Resource:
    """Return a code as a CodeableConcept, with its meaning in a language."""
    known = texts(language).find(f"readings.fhir.terms.{code.value}", "")
    said = known or meaning(code, language)
    return {"coding": [{"system": _SYSTEMS[code.scheme_designator], "code": code.value, "display": said}]}


def term(scheme: str, code: str, key: str, language: Language) -> Resource:
    """Return the Coding of one of FHIR's own terms, with its meaning by the key of a message."""
    return {"system": f"{TERMS}/{scheme}", "code": code, "display": texts(language)(key)}


def _interval(metric: Code, language: Language) -> Resource:
    said = texts(language)("readings.fhir.interval", metric=meaning(metric, language))
    return concept(Code(f"{metric.value}-CI95", own.SCHEME, said), language)


def _coded(code: Code, value: Code, language: Language) -> Resource:
    return {"code": concept(code, language), "valueCodeableConcept": concept(value, language)}


def _number(code: Code, value: float, language: Language) -> Resource:
    return {"code": concept(code, language), "valueQuantity": _quantity(value)}


def _quantity(value: float) -> Resource:
    return {"value": rounded(value), "system": "http://unitsofmeasure.org", "code": "1"}
