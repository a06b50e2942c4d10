"""From logits to calibrated probabilities, to another prevalence, to a prediction set, and to the whole Answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import BundleConfig
from neumo.bundle.folder import Bundle
from neumo.core.answer import Answer, coherent_set
from neumo.core.errors import ConfigError
from neumo.core.evidence import Evidence
from neumo.core.findings import FINDINGS, PNEUMONIA, Finding
from neumo.core.labels import PNEUMONIA_OR_NOT, Outcome, PartialLabel, without_kinds
from neumo.core.reading import Reading
from neumo.explain.heatmap import map_of
from neumo.inference.performance import measured_for, ordered_as, predictive_values

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prevalence:
    """Prevalence of the findings where a reading is used.

    Attributes
    ----------
    shares : mapping of Finding to float
        In 0-1, adding up to 1.
    """

    shares: Mapping[Finding, float]

    @property
    def pneumonia(self) -> float:
        """Prevalence of pneumonia, bacterial or viral."""
        return sum(self.shares[finding] for finding in PNEUMONIA)


def calibrated(logits: NDArray[np.floating], temperature: float) -> Floats:
    """Probabilities (..., 3) of logits (..., 3), at the prevalence that the bundle assumes."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def prevalence_of(pneumonia: float | Mapping[Finding, float], config: BundleConfig) -> Prevalence:
    """Make a prevalence from that of pneumonia (divided as the bundle assumes) or of each finding.

    Raises
    ------
    ConfigError
        A share is not between 0 and 1, or they do not add up to 1.
    """
    if isinstance(pneumonia, Mapping):
        shares = {finding: float(pneumonia.get(finding, 0.0)) for finding in FINDINGS}
        if min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
            raise ConfigError(
                "prevalence: {shares} must all be above 0 and add up to 1",
                shares=", ".join((f"{f}={s:g}" for f, s in shares.items())),
            )
        return Prevalence(shares)
    if not 0 < pneumonia < 1:
        raise ConfigError(
            "prevalence: {pneumonia} must lie between 0 and 1, such as 0.1", pneumonia=pneumonia
        )
    among = sum(config.priors[finding] for finding in PNEUMONIA)
    shares = {finding: pneumonia * config.priors[finding] / among for finding in PNEUMONIA}
    return Prevalence({Finding.NORMAL: 1 - pneumonia, **shares})


def reweighted(
    shares: Mapping[Outcome, float], assumed: Mapping[Any, float], wanted: Mapping[Any, float]
) -> dict[Outcome, float]:
    """Re-weight probabilities from one prevalence to another.

    Source: Saerens, Latinne and Decaestecker, Neural Computation 2002.

    Parameters
    ----------
    shares : mapping of Outcome to float
        The probabilities, adding up to 1.
    assumed, wanted : mapping of Outcome to float
        The prevalence that they hold at, and the one that the result shall hold at.
    """
    weighted = {outcome: share * (wanted[outcome] / assumed[outcome]) for outcome, share in shares.items()}
    whole = sum(weighted.values())
    return {outcome: weight / whole for outcome, weight in weighted.items()}


def by_finding(shares: Mapping[Outcome, float]) -> dict[Finding, float]:
    """Return shares as those of the findings; where kinds are not assessed, each has half of pneumonia's."""
    half = shares.get(PartialLabel.PNEUMONIA, 0.0) / len(PNEUMONIA)
    return {finding: shares.get(finding, half) for finding in FINDINGS}


def prediction_set(
    calibrated: Mapping[Outcome, float],
    limits: Mapping[Any, float],
    *,
    shown: Mapping[Outcome, float],
    pneumonia: bool,
) -> tuple[Outcome, ...]:
    """Return the outcomes that cannot be ruled out, so that nothing in an answer contradicts it.

    The conformal set holds each outcome whose score, 1 - probability, is within its limit (class-conditional split
    conformal prediction, see `neumo.evaluation.uncertainty.conformal`). Two are always added: the most probable
    one of those shown, and the likeliest one that agrees with the decision at the operating point. Adding outcomes
    cannot lower the coverage of any class, and sets stay nested: a higher nominal coverage only adds some.

    Parameters
    ----------
    calibrated : mapping of Outcome to float
        Probabilities at the bundle's priors, where the limits were measured.
    limits : mapping of Outcome to float
        Largest score of each. Where pneumonia has none of its own, the larger one of its kinds holds for it: its
        probability is at least that of each kind, so that it is in the set wherever one of them would be.
    shown : mapping of Outcome to float
        The probabilities that the answer states, at the prevalence of the place of use.
    pneumonia : bool
        The decision at the operating point.
    """
    whole = max(limits[kind] for kind in PNEUMONIA)
    return coherent_set(
        (outcome for outcome in calibrated if 1 - calibrated[outcome] <= limits.get(outcome, whole)),
        finding=max(shown, key=lambda outcome: shown[outcome]),
        probabilities=calibrated,
        pneumonia=pneumonia,
    )


def make_answer(
    calibrated: Floats,
    config: BundleConfig,
    *,
    operating_point: str,
    coverage: float,
    prevalence: Prevalence | None = None,
    evidence: Sequence[Evidence] = (),
    etiology: bool = True,
) -> Answer:
    """Make the answer of one image from its probabilities.

    The decision at the operating point and the limits of the prediction set are applied to the probabilities as
    calibrated, where their sensitivity, specificity and coverage were measured, whatever the prevalence. Where the
    most probable finding at the prevalence contradicts that decision, the set holds both: the verdict is undetermined.

    Parameters
    ----------
    calibrated : ndarray of float64, shape (3,)
        At the bundle's priors.
    config : BundleConfig
    operating_point : str
        Name of one of the bundle's.
    coverage : float
        One that the bundle holds limits for.
    prevalence : Prevalence, optional
        That the answer's probabilities, finding and predictive values shall hold at.
    etiology : bool
        Whether the kind of pneumonia is assessed; else the answer knows pneumonia alone, in all its parts.
    evidence : sequence of Evidence
        Of the bundle; without sensitivity and specificity of the operating point there are no predictive values.
    """
    point = config.operating_points[operating_point]
    base = _answered(dict(zip(FINDINGS, calibrated.tolist(), strict=True)), etiology)
    shown = base
    if prevalence is not None:
        assumed, wanted = _answered(config.priors, etiology), _answered(prevalence.shares, etiology)
        shown = reweighted(base, assumed, wanted)
    measured = measured_for(evidence, operating_point, coverage, tuple(base))
    if prevalence is not None:
        measured += predictive_values(measured, prevalence.pneumonia)
    predictive = {entry.metric: entry.value for entry in measured}
    pneumonia = bool(1 - base[Finding.NORMAL] >= point.threshold)
    return Answer(
        finding=max(shown, key=lambda outcome: shown[outcome]),
        probabilities=shown,
        prediction_set=prediction_set(base, config.conformal[coverage], shown=shown, pneumonia=pneumonia),
        coverage=coverage,
        pneumonia=pneumonia,
        operating_point=operating_point,
        threshold=point.threshold,
        ppv=predictive.get("ppv"),
        npv=predictive.get("npv"),
        prevalence=dict(config.priors if prevalence is None else prevalence.shares),
        prevalence_given=prevalence is not None,
        evidence=measured,
    )


def _answered(shares: Mapping[Finding, float], etiology: bool) -> dict[Outcome, float]:
    return {finding: shares[finding] for finding in FINDINGS} if etiology else without_kinds(shares)


def reading_at(
    reading: Reading,
    bundle: Bundle,
    *,
    operating_point: str | None = None,
    prevalence: Prevalence | None = None,
) -> Reading:
    """Return a reading of a bundle as it would be at another operating point or prevalence; None keeps its own.

    Its receipt states both, and its heat map is that of the answer's finding where the reading has all class maps.
    """
    answer = reading.answer
    if answer is None or (operating_point is None and prevalence is None):
        return reading
    point = operating_point or answer.operating_point
    if prevalence is None and answer.prevalence_given and answer.prevalence is not None:
        prevalence = Prevalence(answer.prevalence)
    changed = answer_at(answer, bundle, point, prevalence)
    receipt = reading.receipt
    if receipt is not None:
        shares = None if prevalence is None else {f.value: prevalence.shares[f] for f in FINDINGS}
        options = {**receipt["options"], "operating_point": point, "prevalence": shares}
        thresholds = {**receipt["thresholds"], "operating_point": changed.threshold}
        receipt = {**receipt, "options": options, "thresholds": thresholds}
    maps = reading.class_maps
    return replace(
        reading,
        answer=changed,
        receipt=receipt,
        class_map=reading.class_map if maps is None else map_of(maps, changed.finding),
    )


def answer_at(answer: Answer, bundle: Bundle, operating_point: str, prevalence: Prevalence | None) -> Answer:
    """Return an answer of a bundle as it would be at another prevalence (None: unstated) and operating point."""
    config = bundle.config
    etiology = answer.outcomes is not PNEUMONIA_OR_NOT
    assumed, wanted = (
        _answered(answer.prevalence or config.priors, etiology),
        _answered(config.priors, etiology),
    )
    base = by_finding(reweighted(answer.probabilities, assumed, wanted))
    return make_answer(
        np.array([base[finding] for finding in FINDINGS]),
        config,
        operating_point=operating_point,
        coverage=answer.coverage,
        prevalence=prevalence,
        evidence=ordered_as(bundle.evidence, answer.evidence),
        etiology=etiology,
    )
