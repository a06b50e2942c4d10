"""Labels of a data set: a finding, or a partial label that leaves open which finding it is."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import FINDINGS, PNEUMONIA, Finding


class PartialLabel(StrEnum):
    """Labels of radiologists that allow more than one finding, or none."""

    PNEUMONIA = "PNEUMONIA"
    """Bacterial or viral, unknown which."""
    OTHER_ABNORMAL = "OTHER_ABNORMAL"
    """Neither normal nor pneumonia as read: never trained on as one of them, kept for evaluation."""


Label = Finding | PartialLabel

Outcome = Finding | Literal[PartialLabel.PNEUMONIA]
"""Outcomes of an answer: a finding, or pneumonia where its cause is not assessed."""

PNEUMONIA_OR_NOT: Final[tuple[Outcome, ...]] = (Finding.NORMAL, PartialLabel.PNEUMONIA)
"""The outcomes of an answer whose etiology is not assessed, in their order; those of the others are the findings."""

LABELS: tuple[Label, ...] = (*FINDINGS, *PartialLabel)
"""The findings, then the partial labels: codes 0-4 in arrays of labels."""


def allowed_findings(label: Label) -> tuple[Finding, ...]:
    """Return the findings that a label leaves possible; none for OTHER_ABNORMAL."""
    if isinstance(label, Finding):
        return (label,)
    return PNEUMONIA if label is PartialLabel.PNEUMONIA else ()


ALLOWED: NDArray[np.bool_] = np.array(
    [[finding in allowed_findings(label) for finding in FINDINGS] for label in LABELS]
)
"""Whether a label (row, in the order of LABELS) allows a finding (column), shape (5, 3)."""


def outcome_of(name: str) -> Outcome:
    """Parse the name of an outcome, such as "NORMAL" or "PNEUMONIA". Raises ValueError for an unknown name."""
    return PartialLabel.PNEUMONIA if name == PartialLabel.PNEUMONIA else Finding(name)


def findings_of(outcomes: Iterable[Outcome]) -> frozenset[Finding]:
    """Return the findings that one of some outcomes leaves possible."""
    return frozenset(finding for outcome in outcomes for finding in allowed_findings(outcome))


def without_kinds(shares: Mapping[Finding, float]) -> dict[Outcome, float]:
    """Return shares of the findings as those of NORMAL and PNEUMONIA."""
    kinds = sum(shares[kind] for kind in PNEUMONIA)
    return {Finding.NORMAL: shares[Finding.NORMAL], PartialLabel.PNEUMONIA: kinds}


def parse_label(text: str) -> Label | None:
    """Return the label of a text such as "normal" or "PNEUMONIA"; None where there is no such label."""
    name = text.strip().upper()
    return next((label for label in LABELS if label.value == name), None)
