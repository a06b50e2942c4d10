import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from neumo.core.decision import Conclusion, agreement
from neumo.core.findings import FINDINGS, Finding
from neumo.monitoring.agreement import agreement_by_month, cohens_kappa
from neumo.monitoring.history import Decided

N, B, V = FINDINGS


def decided(
    reader: Finding, final: Finding | Conclusion, month: str = "2026-01", blinded: bool = False
) -> Decided:
    conclusion = Conclusion(final.value)
    agrees = agreement(conclusion, [reader])
    return Decided(month, reader, conclusion, agrees, called_pneumonia=reader is not N, blinded=blinded)


def test_kappa_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(2)
    for _ in range(20):
        reader = generator.integers(0, 3, 80)
        final = np.where(generator.random(80) < 0.7, reader, generator.integers(0, 3, 80))
        table = np.zeros((3, 3))
        np.add.at(table, (reader, final), 1)
        assert cohens_kappa(table) == pytest.approx(cohen_kappa_score(reader, final))


def test_months_in_order_and_all_of_them_at_last() -> None:
    march = [decided(N, N, "2026-03")] * 12 + [decided(B, V, "2026-03", blinded=True)] * 8
    january = [decided(B, N)] * 3 + [decided(N, B)] * 2 + [decided(V, V)] * 4
    found = agreement_by_month([*march, *january])
    assert [(each.period, each.n, each.too_small) for each in found] == [
        ("2026-01", 9, True),
        ("2026-03", 20, False),
        ("all", 29, False),
    ]
    first, second, _ = found
    assert (first.agree.count, first.agree.of) == (4, 9)
    assert (first.sensitivity.count, first.sensitivity.of) == (4, 6)
    assert (first.specificity.count, first.specificity.of) == (0, 3)
    assert second.blinded == 8 and second.sensitivity.share == 1.0
    assert second.agree.share == 0.6 and second.specificity.share == 1.0


def test_the_interval_of_kappa_is_seeded_and_covers_what_was_drawn() -> None:
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        reader = generator.integers(0, 3, 100)
        final = np.where(generator.random(100) < 0.7, reader, generator.integers(0, 3, 100))
        pairs = [decided(FINDINGS[a], FINDINGS[b]) for a, b in zip(reader, final, strict=True)]
        kappa = agreement_by_month(pairs, seed=1)[0].kappa
        assert kappa.low is not None and kappa.high is not None
        covered += kappa.low <= 0.7 <= kappa.high
    assert kappa == agreement_by_month(pairs, seed=1)[0].kappa
    assert kappa != agreement_by_month(pairs, seed=2)[0].kappa
    assert 86 <= covered <= 100


def test_without_variety_or_decisions_there_is_no_kappa() -> None:
    only = agreement_by_month([decided(N, N)] * 25)[0]
    assert only.kappa.value is None and only.agree.share == 1.0 and only.sensitivity.share is None
    assert agreement_by_month([]) == ()


def test_other_abnormalities_and_unusable_images_are_counted_apart() -> None:
    group = [decided(B, B)] * 6 + [decided(N, N)] * 4
    plain = agreement_by_month(group)[0]
    more = [decided(N, Conclusion.OTHER_ABNORMAL)] * 2 + [decided(B, Conclusion.PNEUMONIA)]
    unusable = [decided(N, Conclusion.WRONG_IMAGE), decided(B, Conclusion.INADEQUATE_IMAGE)]
    found = agreement_by_month([*group, *more, *unusable])[0]
    assert (found.n, found.other, found.unusable) == (15, 2, 2)
    assert found.kappa.value == plain.kappa.value == 1.0, "of the three findings alone"
    assert (found.agree.count, found.agree.of) == (11, 15)
    assert (found.sensitivity.count, found.sensitivity.of) == (7, 7)
    assert (found.specificity.count, found.specificity.of) == (6, 6), "another abnormality is no pneumonia"
    nothing = agreement_by_month(unusable)[0]
    assert nothing.kappa.value is None and nothing.sensitivity.share is None
