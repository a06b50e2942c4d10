"""Readings as CSV, one row each, flushed as they come."""

import csv
from typing import TextIO

from neumo.core.decision import Decision
from neumo.core.findings import FINDINGS
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
"""Lists are joined by " | "; nothing is left empty but what has no value."""


def write_header(stream: TextIO) -> None:
    """Write the column names."""
    csv.writer(stream, lineterminator="\n").writerow(COLUMNS)


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
            *(f"{answer.probabilities[finding]:.6f}" for finding in FINDINGS),
            " | ".join(answer.prediction_set),
            f"{answer.coverage:g}",
            "yes" if answer.pneumonia else "no",
            answer.operating_point,
            None if answer.ppv is None else f"{answer.ppv:.4f}",
            None if answer.npv is None else f"{answer.npv:.4f}",
        ]
    notices = [" | ".join(map(str, reading.warnings)), " | ".join(map(str, reading.reasons))]
    csv.writer(stream, lineterminator="\n").writerow(
        [*values, *notices, heatmap, *_decided(reading.decision)]
    )
    stream.flush()


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
