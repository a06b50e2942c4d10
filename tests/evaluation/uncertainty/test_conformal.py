import numpy as np
import pytest

from neumo.core.findings import FINDINGS
from neumo.core.labels import LABELS, PartialLabel
from neumo.evaluation.metrics.weighted import FloatArray, IntArray
from neumo.evaluation.uncertainty.conformal import conformal_limits, measure_coverage, prediction_sets

PNEUMONIA = LABELS.index(PartialLabel.PNEUMONIA)


def images(rng: np.random.Generator, count: int) -> tuple[IntArray, FloatArray]:
    """Unbalanced classes, one of them hard, and probabilities that are far from calibrated."""
    truth = rng.choice(3, size=count, p=[0.25, 0.6, 0.15]).astype(np.int64)
    logits = (
        rng.normal(size=(count, 3)) + 3.0 * np.eye(3)[truth] * np.array([1.0, 1.0, 0.3])[truth][:, np.newaxis]
    )
    powers = np.exp(2 * logits)
    return truth, powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("nominal", [0.9, 0.95])
def test_every_finding_is_covered_as_promised_on_fresh_images(nominal: float) -> None:
    rng = np.random.default_rng(4)
    limits = conformal_limits(*images(rng, 4000), nominal)
    truth, probabilities = images(rng, 40_000)
    measured = measure_coverage(truth, prediction_sets(probabilities, limits), nominal)
    for finding in FINDINGS:
        assert measured[finding].measured == pytest.approx(nominal, abs=0.025), finding
        assert measured[finding].low < measured[finding].measured < measured[finding].high
    assert measured[None].mean_size > 1, "the hard class makes sets larger than one"


def test_the_promise_holds_on_average_even_with_few_images() -> None:
    """The correction for finite samples: without it, 19 images would give 0.85 where 0.9 is nominal."""
    rng = np.random.default_rng(5)
    held = []
    for _ in range(400):
        truth = np.repeat(np.arange(3), 19)
        scores = rng.random((57, 3))
        limits = conformal_limits(truth, scores / scores.sum(axis=1, keepdims=True), 0.9)
        fresh = rng.random((200, 3))
        members = prediction_sets(fresh / fresh.sum(axis=1, keepdims=True), limits)
        held.append(members.mean())
    assert np.mean(held) >= 0.9 - 3 * np.std(held) / np.sqrt(len(held))


def test_a_finding_with_too_few_images_for_the_promise_is_in_every_set() -> None:
    truth = np.array([0] * 8 + [1] * 9 + [2] * 9)
    limits = conformal_limits(truth, np.full((26, 3), 1 / 3), 0.9)
    assert limits[FINDINGS[0]] == 1.0
    assert limits[FINDINGS[1]] == limits[FINDINGS[2]] == pytest.approx(2 / 3)
    assert prediction_sets(np.array([[0.0, 1.0, 0.0]]), limits)[0, 0]


def test_sizes_and_intervals_of_a_known_case() -> None:
    truth = np.array([0, 0, 1, 2])
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.45, 0.55, 0.0], [0.5, 0.5, 0.0]])
    sets = prediction_sets(probabilities, dict.fromkeys(FINDINGS, 0.55))
    measured = measure_coverage(truth, sets, 0.9)
    everything = measured[None]
    assert (everything.measured, everything.mean_size, everything.single, everything.empty) == (
        0.5,
        1.5,
        0.5,
        0.0,
    )
    assert measured[FINDINGS[2]].measured == 0.0 and measured[FINDINGS[2]].low == 0.0
    assert measured[FINDINGS[1]].high == 1.0


def test_the_coverage_holds_in_every_source_by_itself() -> None:
    """The second source is harder, and states no kind of pneumonia: its normals and its pneumonia widen the limits."""
    rng = np.random.default_rng(6)

    def two_sources(count: int) -> tuple[IntArray, FloatArray, list[str]]:
        codes, probabilities = images(rng, count)
        softened = probabilities**0.3
        softened /= softened.sum(axis=1, keepdims=True)
        elsewhere = rng.random(count) < 0.3
        unknown = elsewhere & (codes > 0)
        return (
            np.where(unknown, PNEUMONIA, codes),
            np.where(elsewhere[:, np.newaxis], softened, probabilities),
            ["b" if other else "a" for other in elsewhere],
        )

    codes, probabilities, sources = two_sources(6000)
    pooled = conformal_limits(np.where(codes == PNEUMONIA, 2, codes), probabilities, 0.9)
    limits = conformal_limits(codes, probabilities, 0.9, sources)
    assert limits[FINDINGS[0]] > pooled[FINDINGS[0]]
    codes, probabilities, sources = two_sources(40_000)
    members = prediction_sets(probabilities, limits)
    for source in ("a", "b"):
        here = np.array(sources) == source
        assert members[here & (codes == 0), 0].mean() >= 0.88, source
        assert members[here & (codes > 0)][:, 1:].any(axis=1).mean() >= 0.88, source
        without_kinds = probabilities[here & (codes > 0), 0] <= limits[PartialLabel.PNEUMONIA]
        assert without_kinds.mean() >= 0.88, "pneumonia as a whole"
