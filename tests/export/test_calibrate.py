from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neumo.core.findings import FINDINGS
from neumo.core.labels import LABELS, PartialLabel
from neumo.datasets.balance import Balance
from neumo.evaluation.sources.values import Images
from neumo.evaluation.uncertainty.temperature import tempered
from neumo.export.calibrate import decide
from neumo.export.held_out import HeldOut

NORMAL, BACTERIAL, VIRAL, PNEUMONIA, OTHER = range(len(LABELS))


def held_out(hard: float) -> HeldOut:
    """Children with all findings, and adults with partial labels, whose pneumonia is told apart less well by `hard`."""
    rng = np.random.default_rng(9)
    children = rng.choice([NORMAL, BACTERIAL, VIRAL], size=1500, p=[0.3, 0.5, 0.2])
    adults = rng.choice([NORMAL, PNEUMONIA, OTHER], size=900, p=[0.6, 0.3, 0.1])
    codes = np.concatenate([children, adults])
    from_adults = np.arange(len(codes)) >= len(children)
    sick = (codes != NORMAL) & (codes != OTHER)
    margin = np.where(sick, 2.5, -2.5) - from_adults * hard + rng.normal(scale=1.2, size=len(codes))
    kind = np.where(codes == VIRAL, -2.0, 2.0) + rng.normal(size=len(codes))
    logits = np.stack([np.zeros(len(codes)), margin + kind / 2, margin - kind / 2], axis=1)
    powers = np.exp(logits)
    images = Images(
        sources=tuple(np.where(from_adults, "adults", "children").tolist()),
        views=("",) * len(codes),
        patients=tuple(map(str, range(len(codes)))),
        codes=codes.astype(np.int64),
        refused=("",) * len(codes),
        probabilities=powers / powers.sum(axis=1, keepdims=True),
    )
    distances = np.where(from_adults, 3.0, 1.0) * rng.random((3, len(codes)))
    paths, log_odds = tuple(map(str, range(len(codes)))), 4 * distances - 9
    return HeldOut(images, paths, distances.astype(np.float32), log_odds, (Path(),), True)


def test_operating_points_hold_in_the_hospital_that_is_served_worst() -> None:
    held = held_out(hard=2.0)
    decisions = decide(held, Balance.LOGIT_ADJUSTMENT)
    pneumonia = 1 - tempered(held.images.probabilities, decisions.temperature)[:, 0]
    codes, sources = held.images.codes, np.array(held.images.sources)
    for source in ("adults", "children"):
        sick = (sources == source) & (codes != NORMAL) & (codes != OTHER)
        well = (sources == source) & (codes == NORMAL)
        assert (pneumonia[sick] >= decisions.operating_points["high_sensitivity"].threshold).mean() >= 0.99
        assert (pneumonia[well] < decisions.operating_points["high_specificity"].threshold).mean() >= 0.99
        balanced = decisions.operating_points["balanced"]
        assert balanced.sensitivity <= (pneumonia[sick] >= balanced.threshold).mean() + 1e-9


def test_the_gate_lets_in_the_films_of_the_farthest_hospital() -> None:
    held = held_out(hard=0.0)
    decisions = decide(held, Balance.LOGIT_ADJUSTMENT)
    adults = np.array(held.images.sources) == "adults"
    assert (held.distances[:, adults] <= decisions.gate_distance).mean() == pytest.approx(0.985, abs=0.002)
    assert (held.log_odds[:, adults] <= decisions.gate_log_odds).mean() == pytest.approx(0.995, abs=0.002)


def test_other_disease_decides_nothing() -> None:
    held = held_out(hard=0.0)
    changed = held.images.probabilities.copy()
    changed[held.images.codes == OTHER] = (0.0, 0.5, 0.5)
    others = decide(
        replace(held, images=replace(held.images, probabilities=changed)), Balance.LOGIT_ADJUSTMENT
    )
    assert others == decide(held, Balance.LOGIT_ADJUSTMENT)


def test_each_hospital_counts_alike_and_priors_are_those_of_findings() -> None:
    decisions = decide(held_out(hard=0.0), Balance.LOGIT_ADJUSTMENT)
    assert set(decisions.priors.values()) == {1 / len(FINDINGS)}
    assert LABELS[PNEUMONIA] is PartialLabel.PNEUMONIA
