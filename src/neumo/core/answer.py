"""An Answer: verdict, etiology, probabilities and prediction set of one radiograph, and its plain (JSON) form."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

from neumo.core.evidence import Evidence
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PNEUMONIA_OR_NOT, Outcome, PartialLabel, outcome_of


class Verdict(StrEnum):
    """Verdict of a reading: pneumonia, no pneumonia or undetermined."""

    PNEUMONIA = "pneumonia"
    NO_PNEUMONIA = "no_pneumonia"
    UNDETERMINED = "undetermined"


class Etiology(StrEnum):
    """Etiology of the pneumonia that a reading states, where it does not exclude pneumonia."""

    BACTERIAL = "bacterial"
    VIRAL = "viral"
    UNDETERMINED = "undetermined"
    NOT_ASSESSED = "not_assessed"
    """The model has no evidence for telling the kinds apart at the patient's age."""


def coherent_set(
    members: Iterable[Outcome], *, finding: Outcome, probabilities: Mapping[Outcome, float], pneumonia: bool
) -> tuple[Outcome, ...]:
    """Return a prediction set with the findings that keep the rest of its answer from contradicting it.

    Parameters
    ----------
    members : iterable of Outcome
        That cannot be ruled out at the nominal coverage; may be empty.
    finding : Outcome
        The most probable one, which is added.
    probabilities : mapping of Outcome to float
        Of every outcome that the answer may state; of them the likeliest pneumonia is added where `pneumonia` is true,
        else `NORMAL`.
    pneumonia : bool
        The decision at the operating point.
    """
    outcomes = outcomes_of(probabilities)
    likeliest = max(outcomes[1:], key=lambda kind: probabilities[kind])
    held = {*members, finding, likeliest if pneumonia else Finding.NORMAL}
    return tuple(outcome for outcome in outcomes if outcome in held)


def verdict_of(prediction_set: Collection[Outcome]) -> Verdict:
    """Return the verdict that follows from a prediction set."""
    if Finding.NORMAL not in prediction_set:
        return Verdict.PNEUMONIA
    return Verdict.NO_PNEUMONIA if len(prediction_set) == 1 else Verdict.UNDETERMINED


def etiology_of(prediction_set: Collection[Outcome]) -> Etiology | None:
    """Return the etiology that follows from a prediction set; None where it excludes pneumonia."""
    kinds = [outcome for outcome in prediction_set if outcome is not Finding.NORMAL]
    if not kinds:
        return None
    if PartialLabel.PNEUMONIA in kinds:
        return Etiology.NOT_ASSESSED
    if len(kinds) > 1:
        return Etiology.UNDETERMINED
    return Etiology.BACTERIAL if kinds == [Finding.BACTERIAL_PNEUMONIA] else Etiology.VIRAL


def outcomes_of(probabilities: Mapping[Any, Any]) -> tuple[Outcome, ...]:
    """Return the outcomes whose probabilities a mapping holds, in their order; its keys may be plain texts."""
    return PNEUMONIA_OR_NOT if PartialLabel.PNEUMONIA in probabilities else FINDINGS


@dataclass(frozen=True, slots=True)
class Answer:
    """The findings' probabilities and what follows from them; only a reading with status "read" has one.

    Where the model has no evidence for telling the kinds of pneumonia apart, the outcomes are NORMAL and PNEUMONIA in
    every attribute, and the etiology is "not_assessed". Else they are the three findings.

    `verdict` and `etiology` follow from `prediction_set` alone, which holds both `finding` and what the operating point
    says (`neumo.inference.posterior.make_answer`): no part of an answer can contradict another.

    Attributes
    ----------
    finding : Outcome
        The most probable one.
    probabilities : mapping of Outcome to float
        Calibrated, in 0-1, adding up to 1; at `prevalence` where one was given.
    prediction_set : tuple of Outcome
        Holds the true one with probability `coverage` for images like those of training; never empty, in their order.
    coverage : float
        Nominal coverage, 0.90 or 0.95.
    pneumonia : bool
        Whether the probability of pneumonia reaches the threshold of the operating point.
    operating_point : str
        Its name.
    threshold : float
        Its threshold on the probability of pneumonia, in 0-1.
    ppv, npv : float or None
        Predictive values at the given prevalence of pneumonia; None without one.
    prevalence : mapping of Finding to float, or None
        Share of each finding that `probabilities` assume, in 0-1, adding up to 1; of the three findings always.
    prevalence_given : bool
        Whether it was given for the place of use, rather than the one that the bundle assumes.
    evidence : tuple of Evidence
        How well all that holds, as it was measured on data that chose nothing: sensitivity and specificity of the
        operating point, calibration, coverage of each finding, and `ppv` and `npv` with their intervals.

    Raises
    ------
    ValueError
        The prediction set is empty, which would leave no verdict, or outcomes are mixed: some part states a kind of
        pneumonia, and another that the kind is not assessed.
    """

    finding: Outcome
    probabilities: Mapping[Outcome, float]
    prediction_set: tuple[Outcome, ...]
    coverage: float
    pneumonia: bool
    operating_point: str
    threshold: float
    ppv: float | None = None
    npv: float | None = None
    prevalence: Mapping[Finding, float] | None = None
    prevalence_given: bool = False
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        if not self.prediction_set:
            raise ValueError("prediction_set: is empty; it holds the most probable finding at least")
        if {*self.probabilities} != {*self.outcomes} or not {
            self.finding,
            *self.prediction_set,
        } <= self.probabilities.keys():
            raise ValueError("finding, probabilities, prediction_set: are not of the same outcomes")

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Outcomes of the answer, in order: the three findings, or NORMAL and PNEUMONIA."""
        return outcomes_of(self.probabilities)

    @property
    def verdict(self) -> Verdict:
        """Pneumonia or not, where the prediction set allows one of the two only."""
        return verdict_of(self.prediction_set)

    @property
    def etiology(self) -> Etiology | None:
        """Kind of pneumonia, where the prediction set holds one kind only; None where it excludes pneumonia."""
        return etiology_of(self.prediction_set)

    def to_json(self) -> dict[str, Any]:
        """Return plain values under the names of the attributes, `verdict` and `etiology` first."""
        return {
            "verdict": self.verdict.value,
            "etiology": None if self.etiology is None else self.etiology.value,
            "finding": self.finding.value,
            "probabilities": _shares_to_json(self.probabilities),
            "prediction_set": [outcome.value for outcome in self.prediction_set],
            "coverage": self.coverage,
            "pneumonia": self.pneumonia,
            "operating_point": self.operating_point,
            "threshold": self.threshold,
            "ppv": self.ppv,
            "npv": self.npv,
            "prevalence": None if self.prevalence is None else _shares_to_json(self.prevalence),
            "prevalence_given": self.prevalence_given,
            "evidence": [entry.to_json() for entry in self.evidence],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the answer that `to_json` was called on; other keys of `value` are ignored.

        Sets that version 0.2 left empty, or without the most probable finding, are completed. Its predictive values are
        dropped: they came from the folds that chose the thresholds, and had no interval.
        """
        prevalence = value["prevalence"]
        evidence = tuple(Evidence.from_json(entry) for entry in value.get("evidence") or ())
        return cls(
            **{
                **{key: value[key] for key in ANSWER_KEYS if key != "evidence"},
                **({} if evidence else {"ppv": None, "npv": None}),
                "evidence": evidence,
                "finding": outcome_of(value["finding"]),
                "probabilities": _shares_from_json(value["probabilities"]),
                "prediction_set": set_from_json(value),
                "prevalence": None if prevalence is None else {f: prevalence[f] for f in FINDINGS},
            }
        )


ANSWER_KEYS: Final = tuple(attribute.name for attribute in fields(Answer))
"""Keys of an answer's plain form, without `verdict` and `etiology`, which follow from them."""


def set_from_json(value: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Return the prediction set of an answer in plain form, completed as by `Answer.from_json`, without the rest."""
    return coherent_set(
        map(outcome_of, value["prediction_set"]),
        finding=outcome_of(value["finding"]),
        probabilities=_shares_from_json(value["probabilities"]),
        pneumonia=value["pneumonia"],
    )


def _shares_from_json(shares: Mapping[Any, float]) -> dict[Outcome, float]:
    return {outcome: shares[outcome] for outcome in outcomes_of(shares)}


def _shares_to_json(shares: Mapping[Any, float]) -> dict[str, float]:
    return {outcome.value: shares[outcome] for outcome in outcomes_of(shares)}
