from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pytest

from neumo.bundle.acceptance import AcceptanceRecord
from neumo.bundle.config import OperatingPoint
from neumo.bundle.folder import Bundle
from neumo.bundle.site import Acceptance, SiteStatement
from neumo.monitoring.estimated import CALIBRATION, Estimated, estimated

RECORD = AcceptanceRecord({CALIBRATION: 0.15}, {CALIBRATION: True}, 300, 10, frozenset())
ACCEPTED = Acceptance("A", "physicist", "2026-01-01", "2999-01-01")
SITE = SiteStatement("X", {"digest": "0"}, (), 300, 200, "2026-01-01", {}, ACCEPTED)


@dataclass(frozen=True)
class _Config:
    operating_points: Mapping[str, OperatingPoint]
    default_operating_point: str = "site"


@dataclass(frozen=True)
class _Bundle:
    site: SiteStatement | None
    digest: str = "b" * 64
    config: _Config = _Config({"site": OperatingPoint(0.4, 0.9, 0.8, "target")})


def _estimated(
    site: SiteStatement | None = SITE,
    record: AcceptanceRecord | None = RECORD,
    n: int = 4000,
    digest: str = "b" * 64,
) -> tuple[Estimated, float, float]:
    generator = np.random.default_rng(6)
    pneumonia = generator.beta(0.5, 0.9, n)
    sick = generator.random(n) < pneumonia
    flagged = pneumonia >= 0.4
    found = estimated(cast(Bundle, _Bundle(site)), record, digest, pneumonia)
    return found, float(flagged[sick].mean()), float((~flagged[~sick]).mean())


def test_calibrated_probabilities_say_what_labels_will() -> None:
    found, sensitivity, specificity = _estimated()
    assert found.reason == "" and found.n == 4000 and found.operating_point == "site"
    for name, truth in (("sensitivity", sensitivity), ("specificity", specificity)):
        expected = found.metrics[name]
        assert expected.value == pytest.approx(truth, abs=0.02) and expected.low < truth < expected.high
    assert set(found.metrics) == {"accuracy", "sensitivity", "specificity", "prevalence"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"digest": "c" * 64}, "other_bundle"),
        ({"site": None}, "not_commissioned"),
        ({"site": replace(SITE, acceptance=None)}, "not_accepted"),
        ({"record": replace(RECORD, met={})}, "not_a_criterion"),
        ({"record": replace(RECORD, met={CALIBRATION: False})}, "not_met"),
        ({"site": replace(SITE, acceptance=replace(ACCEPTED, review_by="2026-01-02"))}, "lapsed"),
        ({"n": 99}, "too_few"),
    ],
)
def test_without_an_accepted_calibration_nothing_is_estimated(
    changed: dict[str, object], reason: str
) -> None:
    found, _, _ = _estimated(**changed)  # type: ignore[arg-type]  # a few values of mixed kinds
    assert found.reason == reason and not found.metrics
