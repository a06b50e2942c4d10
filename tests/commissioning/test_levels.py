from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.tiny_bundle import CONFIGURATION

from neumo.commissioning.levels import Level, Material, choose, fold_numbers
from neumo.commissioning.set_limits import images_for, refusal_codes, site_gate, site_limits
from neumo.commissioning.settings import Wishes, answers_of, decide_site, nested
from neumo.commissioning.softmax_fit import UNCHANGED, basis_of, fit, log_losses
from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import LABELS, PartialLabel
from neumo.evaluation.metrics.weighted import weighted_auroc

UNKNOWN_CAUSE, OTHER = LABELS.index(PartialLabel.PNEUMONIA), LABELS.index(PartialLabel.OTHER_ABNORMAL)


def site(images: int, *, seed: int = 0, shift: float = 0.0, signal: float = 0.0, width: int = 8) -> Material:
    """Images whose labels follow the bundle's logits, but for a shift of normal and for what the features tell."""
    rng = np.random.default_rng(seed)
    base = rng.normal(0, 1.5, (images, 3))
    features = rng.normal(0, 2, (images, width))
    true = base + np.outer(features[:, 0] * signal + shift, [1, 0, 0])
    codes = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
    patients = np.array([f"p{i // 2}" for i in range(images)])
    return Material(base, features, codes, patients, rng.uniform(0.5, 1.0, images), np.full(images, np.nan))


def loss(material: Material, probabilities: NDArray[np.float64]) -> float:
    return float(log_losses(material.codes, probabilities).mean())


def test_a_fit_finds_the_shift_and_stays_near_the_bundle_where_images_are_few() -> None:
    many, few = site(4000, shift=2.0), site(12, shift=2.0)
    found = fit(many.base, many.codes)
    assert found.bias[0] - found.bias[1:].mean() == pytest.approx(2.0, abs=0.2)
    assert found.scale == pytest.approx(1.0, abs=0.1)
    near = fit(few.base, few.codes)
    assert abs(near.bias[0] - near.bias[1:].mean()) < 2.5 and 0.4 < near.scale < 2.5
    strong = fit(many.base, many.codes, many.features, ridge=1e9)
    assert np.allclose(
        strong.probabilities(many.base, many.features),
        found.probabilities(many.base, many.features),
        atol=1e-3,
    )


def test_a_fit_in_the_basis_is_the_same_on_the_features_as_they_are() -> None:
    material, raw = site(60, signal=1.0), np.random.default_rng(1).normal(3, 2, (60, 200))
    basis = basis_of(raw, (50, 150))
    coordinates = basis.coordinates(raw)
    fitted = fit(material.base, material.codes, coordinates, ridge=5.0)
    weights, bias = basis.raw(fitted)
    assert np.allclose(
        fitted.logits(material.base, coordinates),
        fitted.scale * material.base + raw @ weights.T + bias,
        atol=1e-6,
    )


def test_partial_labels_count_with_what_they_allow() -> None:
    material = site(400, shift=1.0)
    partial = replace(material, codes=np.where(material.codes > 0, UNKNOWN_CAUSE, 0))
    found = fit(partial.base, partial.codes)
    assert found.bias[0] - found.bias[1:].mean() == pytest.approx(1.0, abs=0.4)


@pytest.mark.parametrize(
    ("material", "level"),
    [
        (site(400), Level.NOTHING),
        (site(400, shift=2.0), Level.RECALIBRATION),
        (site(600, shift=1.0, signal=1.5), Level.HEAD),
        (site(24, shift=3.0, signal=2.0), Level.NOTHING),
    ],
)
def test_the_simplest_level_that_does_is_taken(material: Material, level: Level) -> None:
    chosen = choose(material)
    assert chosen.level is level
    assert np.allclose(chosen.out_of_fold.sum(axis=1), 1)
    if len(chosen.tried) > 1:
        best = min(chosen.tried, key=lambda one: one.loss)
        taken = next(one for one in chosen.tried if one.level is level)
        assert best.behind == 0 and taken.behind <= taken.error
    assert choose(material, (Level.NOTHING,)).level is Level.NOTHING


def test_folds_keep_patients_together_and_hold_images_that_set_nothing() -> None:
    material = site(120)
    codes = material.codes.copy()
    codes[:10] = OTHER
    numbers = fold_numbers(replace(material, codes=codes), 0)
    assert set(numbers) == set(range(5))
    for patient in set(material.patients.tolist()):
        assert len(set(numbers[material.patients == patient])) == 1


def test_no_image_is_answered_by_what_it_set() -> None:
    """Labels that are drawn by lot, and features enough to learn them by heart: honest answers know nothing."""
    rng = np.random.default_rng(3)
    material = replace(
        site(120, width=120), codes=rng.integers(0, 3, 120), features=rng.normal(0, 6, (120, 120))
    )
    honest = nested(material, CONFIGURATION, Wishes())
    for probabilities in honest.by_level.values():
        area = weighted_auroc(~material.normal, 1 - probabilities[:, 0], np.ones((1, 120)))[0]
        assert 0.3 < area < 0.7
    learnt = fit(material.base, material.codes, material.features, ridge=0.1)
    by_heart = weighted_auroc(
        ~material.normal,
        1 - learnt.probabilities(material.base, material.features)[:, 0],
        np.ones((1, 120)),
    )[0]
    assert by_heart > 0.95


def test_settings_hold_on_other_images_of_the_site() -> None:
    local, later = site(400, shift=1.5, seed=5), site(4000, shift=1.5, seed=6)
    settings = decide_site(local, CONFIGURATION, Wishes(target_sensitivity=0.9))
    answers = answers_of(settings, later)
    sick = ~later.normal
    assert answers.flagged[sick].mean() == pytest.approx(0.9, abs=0.06)
    sets = answers.sets[0.9]
    for finding in FINDINGS:
        held = sets[later.codes == finding.index, finding.index].mean()
        assert held > 0.85, finding
    assert set(settings.guaranteed[0.9]) == {"PNEUMONIA", *(f.value for f in FINDINGS)}
    assert loss(later, answers.probabilities) < loss(
        later, UNCHANGED.probabilities(later.base, later.features)
    )
    assert sum(settings.priors.values()) == pytest.approx(1)
    costly = decide_site(local, CONFIGURATION, Wishes(cost_ratio=50.0))
    assert costly.points["site"].sensitivity > 0.95


@pytest.mark.parametrize(
    "wrong", [{"target_sensitivity": 1.0}, {"cost_ratio": 0.0}, {"cost_ratio": float("nan")}]
)
def test_wishes_out_of_bounds_are_errors(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Wishes(**wrong)


def test_a_kind_with_too_few_images_shares_the_limit_of_pneumonia() -> None:
    assert (images_for(0.9), images_for(0.95)) == (9, 19)
    material = site(300)
    chances = UNCHANGED.probabilities(material.base, material.features)
    codes = np.where(material.codes == Finding.BACTERIAL_PNEUMONIA.index, UNKNOWN_CAUSE, material.codes)
    limits, guaranteed = site_limits(codes, chances, 0.9)
    assert guaranteed == ("NORMAL", "PNEUMONIA", "VIRAL_PNEUMONIA")
    assert limits[Finding.BACTERIAL_PNEUMONIA] < 1
    few = np.flatnonzero(material.normal)[:5]
    rows = np.concatenate([few, np.flatnonzero(~material.normal)])
    limits, guaranteed = site_limits(material.codes[rows], chances[rows], 0.9)
    assert limits[Finding.NORMAL] == 1 and "NORMAL" not in guaranteed


def test_the_gate_is_widened_no_further_than_it_was_examined() -> None:
    base = CONFIGURATION.gate
    near, ages = np.full(100, 0.5), np.full(100, np.nan)
    assert site_gate(base, near, ages) == base
    assert site_gate(base, np.full(100, 1.2), ages).distance == pytest.approx(1.2)
    assert site_gate(base, np.full(100, 9.0), ages).distance == pytest.approx(1.3)
    adults = np.linspace(20, 80, 100)
    assert site_gate(base, near, adults).age_years == (20.0, 79.0)
    assert site_gate(base, near[:40], adults[:40]).age_years == base.age_years
    codes = refusal_codes(
        np.array(["", "blank", "", ""]),
        np.array([0.5, np.nan, 2.0, 0.5]),
        np.array([np.nan, np.nan, 3.0, 30.0]),
        base,
    )
    assert codes == ["", "blank", "far_from_training", "outside_age_range"]
