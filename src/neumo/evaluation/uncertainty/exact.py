"""The exact 95 % interval of a proportion."""

from scipy.stats import binomtest

from neumo.evaluation.values import Estimate


def clopper_pearson(count: int, total: int) -> Estimate:
    """Return a proportion with its exact interval (Clopper and Pearson, Biometrika 1934); NaN where `total` is 0."""
    if not total:
        return Estimate(float("nan"), float("nan"), float("nan"))
    interval = binomtest(count, total).proportion_ci(method="exact")
    return Estimate(count / total, float(interval.low), float(interval.high))


def exact_at_the_ends(share: Estimate, patients: int) -> Estimate:
    """Return a share of 0 or 1 with the exact interval over patients, as its resamples agree; others as they are."""
    if share.value not in {0.0, 1.0}:
        return share
    return clopper_pearson(round(share.value * patients), patients)
