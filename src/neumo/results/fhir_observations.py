"""FHIR Observations of a reading: the verdict, the findings, the prediction set, or a refusal."""

from typing import Any, Final

from pydicom.sr.coding import Code

from neumo.core.answer import Answer
from neumo.core.reading import Reading
from neumo.results.dicom import codes as own
from neumo.results.dicom.evidence_items import coded, rounded
from neumo.results.dicom.uids import CODING_SCHEME
from neumo.results.sentences import notice_text, performance_sentences, verdict_text
from neumo.texts.language import Language

_SYSTEMS: Final = {
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    own.SCHEME: f"urn:oid:{CODING_SCHEME}",
}
TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_FINDING: Final = Code("121071", "DCM", "Finding")

Resource = dict[str, Any]
"""A FHIR resource or a part of one, as plain JSON values."""


def observations_of(reading: Reading, language: Language) -> dict[str, Resource]:
    """Return the Observations of a reading by what they are, without patient, time and device.

    Parameters
    ----------
    reading : Reading
        Read or refused.
    language : str
        Of notes and reasons: "en" or "es".
    """
    if reading.answer is None:
        return {"finding": _refusal(reading, language)}
    return {
        "pneumonia": {**_verdict(reading.answer, language), **_notes(reading, language)},
        "finding": _finding(reading.answer, language),
        "prediction set": _prediction_set(reading.answer),
        **_evidence(reading.answer, language),
    }


def _verdict(answer: Answer, language: Language) -> Resource:
    point = own.operating_point_code(answer.operating_point)
    etiology = own.etiology_code(answer)
    numbers = ((own.THRESHOLD, answer.threshold), (own.PPV, answer.ppv), (own.NPV, answer.npv))
    return {
        **observation(own.PNEUMONIA),
        "valueCodeableConcept": {**concept(own.verdict_code(answer)), "text": verdict_text(answer, language)},
        "component": [
            *([] if etiology is None else [_coded(own.ETIOLOGY, concept(etiology))]),
            _coded(own.OPERATING_POINT, {**concept(point), "text": answer.operating_point}),
            _coded(own.POINT_DECISION, concept(own.REACHED if answer.pneumonia else own.BELOW)),
            *(_number(code, value) for code, value in numbers if value is not None),
        ],
    }


def _finding(answer: Answer, language: Language) -> Resource:
    return {
        **observation(_FINDING),
        "valueCodeableConcept": lead_concept(answer, language),
        "component": [
            _coded(own.MOST_PROBABLE, concept(own.FINDING_CODES[answer.finding])),
            *(_number(own.PROBABILITY_CODES[outcome], p) for outcome, p in answer.probabilities.items()),
        ],
    }


def _prediction_set(answer: Answer) -> Resource:
    return {
        **observation(own.PREDICTION_SET),
        "component": [
            *(
                _coded(own.SET_MEMBER, concept(own.FINDING_CODES[finding]))
                for finding in answer.prediction_set
            ),
            _number(own.COVERAGE, answer.coverage),
        ],
    }


def _evidence(answer: Answer, language: Language) -> dict[str, Resource]:
    """Return what was measured of the model on each set of data, each metric beside its 95 % interval."""
    by_data: dict[str, list[Resource]] = {}
    for entry, code in coded(answer.evidence):
        components = by_data.setdefault(entry.data, [])
        assert entry.value is not None
        components.append(_number(code, entry.value))
        if entry.low is not None and entry.high is not None:
            ends = {"low": _quantity(entry.low), "high": _quantity(entry.high)}
            components.append({"code": concept(own.interval_code(code)), "valueRange": ends})
    notes = [{"text": text} for text in performance_sentences(answer, language)]
    return {
        "evidence" if place == 0 else f"evidence {place}": {
            **observation(own.EVIDENCE),
            "method": {"text": data},
            "component": components,
            **({"note": notes} if place == 0 else {}),
        }
        for place, (data, components) in enumerate(by_data.items())
    }


def _notes(reading: Reading, language: Language) -> Resource:
    notes = [{"text": notice_text(warning, language)} for warning in reading.warnings]
    return {"note": notes} if notes else {}


def _refusal(reading: Reading, language: Language) -> Resource:
    reasons = " ".join(notice_text(reason, language) for reason in reading.reasons)
    absent = {"system": f"{TERMS}/data-absent-reason", "code": "not-performed", "display": "Not Performed"}
    return {**observation(_FINDING), "dataAbsentReason": {"coding": [absent], "text": reasons}}


def observation(code: Code) -> Resource:
    """Return an Observation of the chest, without its value."""
    kind = {"system": f"{TERMS}/observation-category", "code": "imaging", "display": "Imaging"}
    return {
        "resourceType": "Observation",
        "category": [{"coding": [kind]}],
        "code": concept(code),
        "bodySite": concept(own.CHEST),
    }


def lead_concept(answer: Answer, language: Language) -> Resource:
    """Return verdict and etiology as one CodeableConcept with their words."""
    return {**concept(own.lead_code(answer)), "text": verdict_text(answer, language)}


def concept(code: Code) -> Resource:
    """Return a code as a CodeableConcept."""
    return {
        "coding": [{"system": _SYSTEMS[code.scheme_designator], "code": code.value, "display": code.meaning}]
    }


def _coded(code: Code, value: Resource) -> Resource:
    return {"code": concept(code), "valueCodeableConcept": value}


def _number(code: Code, value: float) -> Resource:
    return {"code": concept(code), "valueQuantity": _quantity(value)}


def _quantity(value: float) -> Resource:
    return {"value": rounded(value), "system": "http://unitsofmeasure.org", "code": "1"}
