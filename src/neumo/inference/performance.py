"""Performance beside an answer: what was measured of its bundle that bears on it, and predictive values from that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from neumo.core.evidence import Evidence, leading, select
from neumo.core.labels import Outcome


def measured_for(
    evidence: Sequence[Evidence], operating_point: str, coverage: float, outcomes: Sequence[Outcome]
) -> tuple[Evidence, ...]:
    """Return sensitivity and specificity of an operating point, calibration error, and coverage of each outcome.

    What was measured on data that chose thresholds or limits is left out, because it flatters.
    """
    found = [entry for entry in evidence if not entry.chose]
    return (
        *select(found, "sensitivity", "specificity", operating_point=operating_point),
        *select(found, "expected_calibration_error"),
        *(
            entry
            for entry in select(found, "coverage", coverage=coverage, finding=...)
            if entry.conditions["finding"] in outcomes
        ),
    )


def ordered_as(evidence: Sequence[Evidence], earlier: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return evidence with its sets of data in the order of an earlier answer's, which the patient's age decided."""
    place = {data: number for number, data in enumerate(dict.fromkeys(entry.data for entry in earlier))}
    return tuple(sorted(evidence, key=lambda entry: place.get(entry.data, len(place))))


def predictive_values(measured: Sequence[Evidence], prevalence: float) -> tuple[Evidence, ...]:
    """Return PPV and NPV at a prevalence of pneumonia, with 95 % intervals, from the data set chosen by `leading`.

    Intervals of sensitivity and specificity are combined by the method of variance estimates recovery (Zou and Donner,
    Statistics in Medicine 2008) on the logarithm of the likelihood ratio; the prevalence counts as exact.

    Parameters
    ----------
    measured : sequence of Evidence
        Holds "sensitivity" and "specificity" of one operating point.
    prevalence : float
        Above 0 and below 1.

    Returns
    -------
    tuple of Evidence
        "ppv" and "npv"; empty where no data hold both sensitivity and specificity.
    """
    found = {entry.metric: entry for entry in leading(measured)}
    if not found:
        return ()
    sensitivity, specificity = (_Share.of(found[name]) for name in ("sensitivity", "specificity"))
    basis = found["sensitivity"]
    shared = replace(
        basis,
        n=basis.n + found["specificity"].n,
        conditions={**basis.conditions, "prevalence": prevalence},
    )
    values = {
        "ppv": _posterior(prevalence, sensitivity, specificity.complement),
        "npv": _posterior(1 - prevalence, specificity, sensitivity.complement),
    }
    return tuple(
        replace(shared, metric=metric, value=share.value, low=share.low, high=share.high)
        for metric, share in values.items()
        if share is not None
    )


@dataclass(frozen=True, slots=True)
class _Share:
    """A share in 0-1 and its interval, as far as one was measured."""

    value: float
    low: float | None
    high: float | None

    @classmethod
    def of(cls, entry: Evidence) -> "_Share":
        assert entry.value is not None
        return cls(entry.value, entry.low, entry.high)

    @property
    def complement(self) -> "_Share":
        low = None if self.high is None else max(0.0, 1 - self.high)
        high = None if self.low is None else min(1.0, 1 - self.low)
        return _Share(max(0.0, 1 - self.value), low, high)


def _posterior(prior: float, right: _Share, wrong: _Share) -> _Share | None:
    """Return the share of those called so who are so: `right` of them are called so, and `wrong` of the others."""
    if right.value == wrong.value == 0:
        return None

    def share(log_ratio: float) -> float:
        log_odds = math.log(prior / (1 - prior)) + log_ratio
        return 0.0 if log_odds < -700 else 1 / (1 + math.exp(-log_odds))

    ratio = _log(right.value) - _log(wrong.value)
    if right.low is None or right.high is None or wrong.low is None or wrong.high is None:
        return _Share(share(ratio), None, None)
    if math.isinf(ratio):  # the method needs both shares above 0; the extremes of both intervals are wider
        low = -math.inf if right.low == 0 else _log(right.low) - _log(wrong.high)
        high = math.inf if wrong.low == 0 else _log(right.high) - _log(wrong.low)
    else:
        low = ratio - math.hypot(_log_ratio(right.value, right.low), _log_ratio(wrong.high, wrong.value))
        high = ratio + math.hypot(_log_ratio(right.high, right.value), _log_ratio(wrong.value, wrong.low))
    return _Share(share(ratio), min(share(low), share(ratio)), max(share(high), share(ratio)))


def _log_ratio(greater: float, less: float) -> float:
    """Return the logarithm of how much greater a share is than another, at least 0; infinite over 0."""
    return max(0.0, _log(greater) - _log(less))


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -math.inf
