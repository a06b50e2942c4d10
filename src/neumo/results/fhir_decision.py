"""The decision of a person in a FHIR report: an Observation of its own, and what makes the report final."""

from typing import Any, Final

from neumo.core.decision import Decision
from neumo.results.decision import conclusion_text, printable, readable_name
from neumo.results.dicom import codes as own
from neumo.results.dicom.decision_items import CONCLUSION_CODES
from neumo.results.fhir_observations import Resource, concept, observation
from neumo.texts.language import Language

PRELIMINARY: Final = "preliminary"


def report_status(decision: Decision | None) -> str:
    """Return the report's status: final once somebody with the right to verify it has decided."""
    return "final" if decision is not None and decision.verified else PRELIMINARY


def decision_observation(decision: Decision, language: Language) -> Resource:
    """Return the decision as an Observation of the person who made it, without patient and time of the study."""
    noted: Resource = {}
    if decision.note:
        noted["note"] = [
            {"text": printable(decision.note), "authorString": _name(decision), "time": decision.at}
        ]
    return {
        **observation(own.DECISION, language, own.QUALITATIVE_EVALUATIONS),
        "status": report_status(decision),
        "valueCodeableConcept": decided_concept(decision, language),
        "performer": [{"display": _name(decision)}],
        "issued": decision.at,
        **noted,
    }


def decided_concept(decision: Decision, language: Language) -> Resource:
    """Return the conclusion of a decision as a FHIR CodeableConcept: its code, and `text` in the language asked for."""
    return {
        **concept(CONCLUSION_CODES[decision.conclusion], language),
        "text": conclusion_text(decision, language),
    }


def signature(decision: Decision | None) -> dict[str, Any]:
    """Return who interprets the report and when that person signed it; nothing of an unverified one."""
    if decision is None or not decision.verified:
        return {}
    return {
        "resultsInterpreter": [{"display": f"{_name(decision)}, {decision.organization}"}],
        "issued": decision.at,
    }


def _name(decision: Decision) -> str:
    return readable_name(decision.verifier) if decision.verifier else decision.person
