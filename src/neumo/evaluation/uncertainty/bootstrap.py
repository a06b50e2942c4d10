"""95 % intervals by resampling patients, not images.

Images of one patient resemble each other, so resampling images would pretend to more evidence than there is.
Patients are drawn with replacement, and every metric is computed on the same resamples, so that metrics can
be compared (Field and Welsh, "Bootstrapping clustered data", J. R. Stat. Soc. B 2007). Intervals are by percentiles,
moved where a metric is biased (`core.statistics.resampled_interval`).

An interval has no width where every image agrees, as at a sensitivity of 1 on few patients; look at
the number of patients beside it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from neumo.core.errors import EvaluationError
from neumo.core.progress import Progress
from neumo.core.statistics import resampled_interval
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.values import Estimate

Measure = Callable[[FloatArray], Mapping[str, FloatArray]]
"""From image weights of shape (R, N) to metrics of shape (R,); NaN where undefined."""

MIN_RESAMPLES = 40
"""Fewer leave no resample beyond the 2.5th and 97.5th percentile."""

MIN_DEFINED = 0.9
"""Share of resamples in which a metric must be defined for its interval to be given."""

_BLOCK = 100


def patient_resamples(patients: Sequence[str], resamples: int, seed: int) -> Iterator[FloatArray]:
    """Draw patients with replacement, as many as there are, again and again.

    Parameters
    ----------
    patients : sequence of str, length N
        Patient group of each image.
    resamples : int
        How many resamples; 40 or more.
    seed : int
        0 or more; the same seed draws the same patients.

    Yields
    ------
    ndarray of float64, shape (up to 100, N)
        How often each image is drawn, one row a resample; together `resamples` rows.

    Raises
    ------
    EvaluationError
        Too few resamples, or a negative seed.
    """
    if resamples < MIN_RESAMPLES:
        raise EvaluationError(
            "resamples: {resamples} are too few for a 95 % interval; use {least} or more",
            resamples=resamples,
            least=MIN_RESAMPLES,
        )
    if seed < 0:
        raise EvaluationError("seed: {seed} is negative; use 0 or more", seed=seed)
    return _draw(patients, resamples, seed)


def _draw(patients: Sequence[str], resamples: int, seed: int) -> Iterator[FloatArray]:
    names, patient_of_image = np.unique(np.asarray(patients), return_inverse=True)
    generator = np.random.default_rng(seed)
    chances = np.full(len(names), 1.0 / len(names))
    for start in range(0, resamples, _BLOCK):
        times_drawn = generator.multinomial(len(names), chances, size=min(_BLOCK, resamples - start))
        yield times_drawn[:, patient_of_image].astype(np.float64)


def estimates(
    measure: Measure,
    patients: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 42,
    progress: Progress | None = None,
) -> dict[str, Estimate]:
    """Compute metrics with 95 % intervals: once on all images, once on each resample of patients.

    Parameters
    ----------
    measure : callable
        From weights of shape (R, N) to a mapping of names to metrics of shape (R,).
    patients : sequence of str, length N
    resamples : int
        40 or more.
    seed : int
    progress : callable, optional
        Called with the resamples done and their total.

    Returns
    -------
    dict of str to Estimate
        The metric of all images, with the interval of its resamples, which holds it. A resample in which a
        metric is undefined is left out for that metric; where more than a tenth is, or where there is but one
        patient, the interval is NaN.

    Raises
    ------
    EvaluationError
        Too few resamples, or a negative seed.
    """
    point = measure(np.ones((1, len(patients))))
    blocks = []
    done = 0
    for weights in patient_resamples(patients, resamples, seed):
        blocks.append(measure(weights))
        done += len(weights)
        if progress is not None:
            progress(done, resamples)
    several_patients = len(set(patients)) > 1
    return {
        name: estimate(
            float(value[0]), np.concatenate([b[name] for b in blocks]) if several_patients else np.empty(0)
        )
        for name, value in point.items()
    }


def estimate(value: float, samples: FloatArray) -> Estimate:
    """Join a metric with the interval of its resamples, shape (R,); NaN where there is none."""
    defined = samples[~np.isnan(samples)]
    if np.isnan(value) or defined.size == 0 or defined.size < MIN_DEFINED * samples.size:
        return Estimate(value, float("nan"), float("nan"))
    return Estimate(value, *resampled_interval(value, defined))
