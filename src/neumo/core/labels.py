"""Labels of a data set: a finding, or a partial label that leaves open which finding it is."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import FINDINGS, PNEUMONIA, Finding


class PartialLabel(StrEnum):
    """What a radiologist stated where no single finding follows from it."""

    PNEUMONIA = "PNEUMONIA"
    """Bacterial or viral, unknown which."""
    OTHER_ABNORMAL = "OTHER_ABNORMAL"
    """Neither normal nor pneumonia as read; never trained on, kept for evaluation."""


Label = Finding | PartialLabel

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


def parse_label(text: str) -> Label | None:
    """Return the label of a text such as "normal" or "PNEUMONIA"; None where there is no such label."""
    name = text.strip().upper()
    return next((label for label in LABELS if label.value == name), None)
