"""Folds: training material divided so that patients stay together and labels and sources are spread evenly."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from neumo.core.errors import SplitError
from neumo.core.findings import FINDINGS
from neumo.core.labels import LABELS
from neumo.core.message import Message
from neumo.datasets.manifest import Entry

_FINEST: Final = 20
"""Shares are built from at most this many equal patient-grouped folds, so they are multiples of 5 % or 1/3, say."""


def grouped_folds(material: Sequence[Entry], folds: int, seed: int) -> list[list[int]]:
    """Return the positions of each fold: patients stay together, each source and label is spread evenly.

    Raises
    ------
    SplitError
        A label has fewer patients than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    strata = sorted({(entry.source, entry.code) for entry in material} | _required_strata(material))
    for source, code in strata:
        patients = len({e.patient for e in material if e.source == source and e.code == code})
        if patients < folds:
            label = (
                Message("{label} in source {source}", label=LABELS[code], source=source)
                if source
                else LABELS[code]
            )
            raise SplitError(
                "split: {patients} patients of {label} cannot be divided into {folds} parts; "
                "add images, or use fewer folds or coarser shares (0.2 needs 5 parts, 0.15 needs 20)",
                patients=patients,
                label=label,
                folds=folds,
            )
    number = {stratum: position for position, stratum in enumerate(strata)}
    labels = np.array([number[entry.source, entry.code] for entry in material])
    groups = np.array([entry.patient for entry in material])
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    return [held_out.tolist() for _, held_out in splitter.split(labels, labels, groups)]


def _required_strata(material: Sequence[Entry]) -> set[tuple[str, int]]:
    """Return the three findings where the data set has one source and no partial label: each must be there."""
    single = {entry.source for entry in material} == {""} and all(entry.is_complete for entry in material)
    return {("", finding.index) for finding in FINDINGS} if single else set()


def folds_of_shares(shares: Sequence[float], key: str) -> tuple[int, list[int]]:
    """Return the smallest number of equal folds that the shares can be built from, and how many each takes.

    Raises
    ------
    SplitError
        A share is no multiple of 0.05 or of another small fraction; the message names `key`.
    """
    fractions = [Fraction(share).limit_denominator(_FINEST) for share in shares]
    for share, fraction in zip(shares, fractions, strict=True):
        if not 0 < share < 1 or abs(fraction - Fraction(share)) > Fraction(1, 1000):
            raise SplitError(
                "{key}: {share} must lie between 0 and 1 and be a multiple of 0.05 (or 1/3, say)",
                key=key,
                share=share,
            )
    grain = math.lcm(*(fraction.denominator for fraction in fractions))
    return grain, [int(fraction * grain) for fraction in fractions]
