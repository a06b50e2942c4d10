import json

import numpy as np
import pytest

from neumo.core.errors import EvaluationError
from neumo.core.findings import FINDINGS, Finding
from neumo.evaluation.explanations.checks import MEASURES, ExplanationChecks, check_explanations, markdown

GOOD = {
    "randomised_correlation": 0.2,
    "randomised_overlap": 0.1,
    "share_inside": 0.9,
    "outside": 0.0,
    "deletion_area": 0.4,
    "deletion_gain": 0.1,
    "insertion_area": 0.7,
    "insertion_gain": 0.1,
    "alarm": 0.0,
}
IMAGES = 30


def checked(**means: float) -> ExplanationChecks:
    rng = np.random.default_rng(0)
    spread = rng.normal(0, 0.02, IMAGES)
    measured = {
        key: np.full(IMAGES, value) + (spread if key not in ("outside", "alarm") else 0)
        for key, value in {**GOOD, **means}.items()
    }
    return check_explanations(
        measured,
        [f"p{i // 2}" for i in range(IMAGES)],
        [FINDINGS[i % 2] for i in range(IMAGES)],
        field="fixed",
        field_area=0.66,
        resamples=200,
    )


def test_sound_maps_pass_every_check() -> None:
    checks = checked()
    assert not checks.failed and len(checks.verdicts) == 5
    assert (checks.images, checks.patients) == (IMAGES, IMAGES // 2)
    assert set(checks.by_finding) == {Finding.NORMAL, Finding.BACTERIAL_PNEUMONIA}


@pytest.mark.parametrize(
    ("key", "value", "check"),
    [
        ("randomised_correlation", 0.6, "randomised_weights"),
        ("share_inside", 0.6, "thorax"),
        ("outside", 0.2, "thorax"),
        ("deletion_gain", 0.0, "deletion"),
        ("insertion_gain", -0.1, "insertion"),
        ("alarm", 0.2, "alarms"),
        ("randomised_correlation", float("nan"), "randomised_weights"),
        ("deletion_gain", float("nan"), "deletion"),
    ],
)
def test_each_fault_fails_its_check_alone(key: str, value: float, check: str) -> None:
    checks = checked(**{key: value})
    assert checks.failed == (check,)
    assert f"| {check.replace('_', ' ')} | **failed** |" in markdown(checks)
    json.dumps(checks.to_json(), allow_nan=False)


def test_a_finding_that_does_worse_than_random_is_named_though_all_together_pass() -> None:
    rng = np.random.default_rng(1)
    called = [FINDINGS[1] if i % 3 == 0 else FINDINGS[0] for i in range(IMAGES)]
    measured = {key: np.full(IMAGES, value) for key, value in GOOD.items()}
    measured["insertion_gain"] = np.where([f is FINDINGS[1] for f in called], -0.05, 0.3)
    measured["insertion_gain"] += rng.normal(0, 0.01, IMAGES)
    checks = check_explanations(
        measured, [f"p{i}" for i in range(IMAGES)], called, field="fixed", field_area=0.66, resamples=200
    )
    assert not checks.failed
    assert checks.worse_than_random == ((Finding.BACTERIAL_PNEUMONIA, "insertion"),)
    assert "Called BACTERIAL_PNEUMONIA: insertion is worse" in markdown(checks)
    assert checks.to_json()["worse_than_random"] == [{"finding": "BACTERIAL_PNEUMONIA", "check": "insertion"}]


def test_nothing_cannot_be_checked() -> None:
    with pytest.raises(EvaluationError, match="no reading with a heat map"):
        check_explanations({key: np.empty(0) for key in MEASURES}, [], [], field="fixed", field_area=0.66)
