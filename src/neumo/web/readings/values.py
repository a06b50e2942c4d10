"""A whole reading as plain values, and back: with the values of its notices, which the published JSON leaves out."""

from collections.abc import Mapping
from typing import Any

from neumo.core.findings import Finding
from neumo.core.reading import Answer, Notice, Reading, Status


def to_values(reading: Reading) -> dict[str, Any]:
    """Return a reading as plain values, without its arrays."""
    answer = reading.answer
    return {
        "file": reading.file,
        "sha256": reading.sha256,
        "status": reading.status.value,
        "answer": None
        if answer is None
        else {
            "finding": answer.finding.value,
            "probabilities": dict(answer.probabilities),
            "prediction_set": list(answer.prediction_set),
            "coverage": answer.coverage,
            "pneumonia": answer.pneumonia,
            "operating_point": answer.operating_point,
            "threshold": answer.threshold,
            "ppv": answer.ppv,
            "npv": answer.npv,
            "prevalence": None if answer.prevalence is None else dict(answer.prevalence),
            "prevalence_given": answer.prevalence_given,
        },
        "warnings": [_notice_json(notice) for notice in reading.warnings],
        "reasons": [_notice_json(notice) for notice in reading.reasons],
        "field_of_view": reading.field_of_view,
        "receipt": reading.receipt,
    }


def _notice_json(notice: Notice) -> dict[str, Any]:
    return {"code": notice.code, "text": notice.text, "values": dict(notice.values)}


def from_values(value: Mapping[str, Any]) -> Reading:
    """Return the reading that `to_values` was called on, without its arrays."""
    return Reading(
        value["file"],
        value["sha256"],
        Status(value["status"]),
        None if value["answer"] is None else _answer(value["answer"]),
        tuple(Notice(**notice) for notice in value["warnings"]),
        tuple(Notice(**notice) for notice in value["reasons"]),
        field_of_view=value["field_of_view"],
        receipt=value["receipt"],
    )


def _answer(value: Mapping[str, Any]) -> Answer:
    shares = value["prevalence"]
    return Answer(
        **{
            **value,
            "finding": Finding(value["finding"]),
            "probabilities": {Finding(name): share for name, share in value["probabilities"].items()},
            "prediction_set": tuple(Finding(name) for name in value["prediction_set"]),
            "prevalence": None if shares is None else {Finding(f): share for f, share in shares.items()},
        }
    )
