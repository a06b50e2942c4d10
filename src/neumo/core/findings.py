"""The three findings and their order in arrays."""

from enum import StrEnum


class Finding(StrEnum):
    """Findings: the three classes of frontal chest radiographs (Kermany et al., Cell 2018)."""

    NORMAL = "NORMAL"
    BACTERIAL_PNEUMONIA = "BACTERIAL_PNEUMONIA"
    VIRAL_PNEUMONIA = "VIRAL_PNEUMONIA"

    @property
    def index(self) -> int:  # type: ignore[override]  # str.index has no use on a finding
        """Position of this finding in every array of logits, probabilities or counts (0, 1, 2)."""
        return FINDINGS.index(self)


FINDINGS: tuple[Finding, ...] = tuple(Finding)
"""NORMAL, BACTERIAL_PNEUMONIA, VIRAL_PNEUMONIA: index 0, 1, 2 everywhere."""

PNEUMONIA: tuple[Finding, ...] = (Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA)
"""The two findings whose probabilities add up to the probability of pneumonia."""
