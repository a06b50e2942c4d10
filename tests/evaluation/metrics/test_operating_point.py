import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.report_samples import Simulate

from neumo.core.errors import EvaluationError
from neumo.evaluation.metrics.operating_point import choose_for_cost, choose_for_sensitivity, trade_off
from neumo.evaluation.predictions import Predictions


def with_scores(sick: list[float], well: list[float]) -> Predictions:
    scores = np.array([*sick, *well])
    names = tuple(str(i) for i in range(len(scores)))
    truth = np.array([1] * len(sick) + [0] * len(well))
    return Predictions(names, names, truth, np.stack([1 - scores, scores / 2, scores / 2], axis=1))


def cost(p: Predictions, threshold: float, ratio: float) -> float:
    called, sick = p.pneumonia >= threshold, p.truth != 0
    return float(ratio * (sick & ~called).sum() + (~sick & called).sum())


def sensitivity(p: Predictions, threshold: float) -> float:
    return float((p.pneumonia[p.truth != 0] >= threshold).mean())


SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.9, 0.95, 1.0]), min_size=1, max_size=25)


@settings(max_examples=80)
@given(SCORES, SCORES, st.floats(0.01, 1.0))
def test_sensitivity_is_reached_and_no_larger_threshold_reaches_it(
    sick: list[float], well: list[float], target: float
) -> None:
    p = with_scores(sick, well)
    point = choose_for_sensitivity(p, target)
    assert sensitivity(p, point.threshold) >= target
    assert sensitivity(p, np.nextafter(point.threshold, 2.0)) < target


def test_a_target_that_is_met_exactly_costs_no_further_specificity() -> None:
    p = with_scores([i / 100 for i in range(1, 21)], [0.0])
    point = choose_for_sensitivity(p, 0.95)
    assert sensitivity(p, point.threshold) == 0.95
    assert (point.rule, point.target, point.chosen_on) == ("target-sensitivity", 0.95, "validation")


@settings(max_examples=80)
@given(SCORES, SCORES, st.floats(0.05, 50.0))
def test_no_threshold_costs_less(sick: list[float], well: list[float], ratio: float) -> None:
    p = with_scores(sick, well)
    point = choose_for_cost(p, ratio)
    grid = np.linspace(0.0, 1.0, 401)
    assert 0.0 <= point.threshold <= 1.0
    assert cost(p, point.threshold, ratio) <= min(cost(p, t, ratio) for t in grid) + 1e-9


def test_dearer_misses_lower_the_threshold(simulate: Simulate) -> None:
    p = simulate(400, strength=0.8)
    thresholds = [choose_for_cost(p, ratio).threshold for ratio in (0.2, 1.0, 5.0, 25.0)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[0] > thresholds[-1]


def test_separable_images_are_parted_in_the_middle() -> None:
    point = choose_for_cost(with_scores([0.9, 0.95], [0.1, 0.2]), 3.0)
    assert point.threshold == pytest.approx(0.55)
    assert (point.rule, point.target, point.chosen_on) == ("cost-ratio", 3.0, "validation")


def test_thresholds_that_cost_the_same_yield_the_one_that_misses_least() -> None:
    point = choose_for_cost(with_scores([0.2, 0.6], [0.4]), 1.0)
    assert point.threshold == pytest.approx(0.0)


@pytest.mark.parametrize("target", [0.0, -0.1, 1.01, float("nan")])
def test_impossible_targets_are_named(simulate: Simulate, target: float) -> None:
    with pytest.raises(EvaluationError, match=f"target sensitivity: {target}"):
        choose_for_sensitivity(simulate(20), target)


@pytest.mark.parametrize("ratio", [0.0, -2.0, float("inf"), float("nan")])
def test_impossible_cost_ratios_are_named(simulate: Simulate, ratio: float) -> None:
    with pytest.raises(EvaluationError, match=f"cost ratio: {ratio}"):
        choose_for_cost(simulate(20), ratio)


def test_validation_images_of_one_kind_cannot_decide(simulate: Simulate) -> None:
    with pytest.raises(EvaluationError, match="with pneumonia"):
        choose_for_sensitivity(simulate(10, classes=(0,)), 0.9)
    with pytest.raises(EvaluationError, match="without pneumonia"):
        choose_for_cost(simulate(10, classes=(1, 2)), 2.0)


def test_trade_off_runs_from_calling_all_to_calling_none() -> None:
    p = with_scores([0.9, 0.6, 0.3], [0.4, 0.1])
    table = trade_off(p, np.array([0.0, 0.35, 1.0]))
    assert table.sensitivity == pytest.approx([1.0, 2 / 3, 0.0])
    assert table.specificity == pytest.approx([0.0, 0.5, 1.0])
    assert table.ppv == pytest.approx([0.6, 2 / 3, np.nan], nan_ok=True)
    assert table.npv == pytest.approx([np.nan, 0.5, 0.4], nan_ok=True)


@pytest.mark.parametrize("thresholds", [[], [0.5, 1.2], [float("nan")]])
def test_trade_off_refuses_thresholds_that_are_no_probabilities(
    simulate: Simulate, thresholds: list[float]
) -> None:
    with pytest.raises(EvaluationError, match="from 0 to 1"):
        trade_off(simulate(10), np.array(thresholds))
