"""Readings as CSV, one row each, flushed as they come."""

from collections.abc import Iterator
from typing import TextIO

from neumo.core import spreadsheets
from neumo.core.answer import Answer
from neumo.core.decision import Decision
from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Reading

COLUMNS = (
    "file",
    "sha256",
    "status",
    "verdict",
    "etiology",
    "finding",
    *(f"p_{finding}" for finding in FINDINGS),
    "prediction_set",
    "coverage",
    "pneumonia",
    "operating_point",
    "ppv",
    "npv",
    "ppv_low",
    "ppv_high",
    "npv_low",
    "npv_high",
    "prevalence",
    "measured_on",
    "warnings",
    "reasons",
    "heatmap",
    "decided",
    "decision",
    "abnormality",
    "decided_by",
    "decided_at",
    "verified",
    "note",
)
"""Lists are joined by " | "; nothing is left empty but what has no value, such as the probabilities of bacterial and
viral pneumonia where the etiology is not assessed.

`prevalence` is that of pneumonia, where one was stated; `measured_on` names the data that predictive values rest on.
"""


def write_header(stream: TextIO) -> None:
    """Write the column names."""
    spreadsheets.write_row(stream, COLUMNS)


def write_row(stream: TextIO, reading: Reading, heatmap: str | None = None) -> None:
    """Write one reading and flush it. Raises OSError."""
    answer = reading.answer
    values = [reading.file, reading.sha256, reading.status.value]
    if answer is None:
        values += [None] * (COLUMNS.index("warnings") - len(values))
    else:
        values += [
            answer.verdict.value,
            None if answer.etiology is None else answer.etiology.value,
            answer.finding.value,
            *(_decimals(answer.probabilities.get(finding)) for finding in FINDINGS),
            " | ".join(answer.prediction_set),
            f"{answer.coverage:g}",
            "yes" if answer.pneumonia else "no",
            answer.operating_point,
            _share(answer.ppv),
            _share(answer.npv),
            *_predictive_intervals(answer),
            _share(1 - answer.prevalence[Finding.NORMAL])
            if answer.prevalence_given and answer.prevalence
            else None,
            next((entry.data for entry in answer.evidence if entry.metric == "ppv"), None),
        ]
    notices = [" | ".join(map(str, reading.warnings)), " | ".join(map(str, reading.reasons))]
    spreadsheets.write_row(stream, [*values, *notices, heatmap, *_decided(reading.decision)])
    stream.flush()


def _predictive_intervals(answer: Answer) -> Iterator[str | None]:
    found = {entry.metric: entry for entry in answer.evidence}
    for metric in ("ppv", "npv"):
        entry = found.get(metric)
        yield from (None, None) if entry is None else (_share(entry.low), _share(entry.high))


def _decimals(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f}"


def _decided(decision: Decision | None) -> list[str]:
    if decision is None:
        return ["no", *[""] * 6]
    return [
        "yes",
        decision.conclusion.value,
        decision.abnormality,
        decision.person,
        decision.at,
        "yes" if decision.verified else "no",
        decision.note,
    ]
