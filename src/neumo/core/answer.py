"""An Answer: verdict, etiology, probabilities and prediction set of one radiograph, and its plain (JSON) form."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

from neumo.core.evidence import Evidence
from neumo.core.findings import FINDINGS, PNEUMONIA, Finding


class Verdict(StrEnum):
    """What a reading says first: whether there is pneumonia."""

    PNEUMONIA = "pneumonia"
    NO_PNEUMONIA = "no_pneumonia"
    UNDETERMINED = "undetermined"


class Etiology(StrEnum):
    """What kind of pneumonia a reading states, where it does not exclude pneumonia."""

    BACTERIAL = "bacterial"
    VIRAL = "viral"
    UNDETERMINED = "undetermined"


def coherent_set(
    members: Iterable[Finding], *, finding: Finding, probabilities: Mapping[Finding, float], pneumonia: bool
) -> tuple[Finding, ...]:
    """Return a prediction set with the findings that keep the rest of its answer from contradicting it.

    Parameters
    ----------
    members : iterable of Finding
        That cannot be ruled out at the nominal coverage; may be empty.
    finding : Finding
        The most probable one, which is added.
    probabilities : mapping of Finding to float
        Of them the likeliest pneumonia is added where `pneumonia` is true, else `NORMAL`.
    pneumonia : bool
        The decision at the operating point.
    """
    likeliest = max(PNEUMONIA, key=lambda kind: probabilities[kind])
    held = {*members, finding, likeliest if pneumonia else Finding.NORMAL}
    return tuple(f for f in FINDINGS if f in held)


@dataclass(frozen=True, slots=True)
class Answer:
    """The findings' probabilities and what follows from them; only a reading with status "read" has one.

    `verdict` and `etiology` follow from `prediction_set` alone, which holds both `finding` and what the operating point
    says (`neumo.inference.posterior.make_answer`): no part of an answer can contradict another.

    Attributes
    ----------
    finding : Finding
        The most probable one.
    probabilities : mapping of Finding to float
        Calibrated, in 0-1, adding up to 1; at `prevalence` where one was given.
    prediction_set : tuple of Finding
        Holds the true finding with probability `coverage` for images like those of training; never empty, in the order
        of the findings.
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
        Share of each finding that `probabilities` assume, in 0-1, adding up to 1.
    prevalence_given : bool
        Whether it was given for the place of use, rather than the one that the bundle assumes.
    evidence : tuple of Evidence
        How well all that holds, as it was measured on data that chose nothing: sensitivity and specificity of the
        operating point, calibration, coverage of each finding, and `ppv` and `npv` with their intervals.

    Raises
    ------
    ValueError
        The prediction set is empty, which would leave no verdict.
    """

    finding: Finding
    probabilities: Mapping[Finding, float]
    prediction_set: tuple[Finding, ...]
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

    @property
    def verdict(self) -> Verdict:
        """Pneumonia or not, where the prediction set allows one of the two only."""
        if Finding.NORMAL not in self.prediction_set:
            return Verdict.PNEUMONIA
        return Verdict.NO_PNEUMONIA if len(self.prediction_set) == 1 else Verdict.UNDETERMINED

    @property
    def etiology(self) -> Etiology | None:
        """Kind of pneumonia, where the prediction set holds one kind only; None where it excludes pneumonia."""
        kinds = [finding for finding in self.prediction_set if finding is not Finding.NORMAL]
        if not kinds:
            return None
        if len(kinds) > 1:
            return Etiology.UNDETERMINED
        return Etiology.BACTERIAL if kinds == [Finding.BACTERIAL_PNEUMONIA] else Etiology.VIRAL

    def to_json(self) -> dict[str, Any]:
        """Return plain values under the names of the attributes, `verdict` and `etiology` first."""
        return {
            "verdict": self.verdict.value,
            "etiology": None if self.etiology is None else self.etiology.value,
            "finding": self.finding.value,
            "probabilities": _shares_to_json(self.probabilities),
            "prediction_set": [finding.value for finding in self.prediction_set],
            "coverage": self.coverage,
            "pneumonia": self.pneumonia,
            "operating_point": self.operating_point,
            "threshold": self.threshold,
            "ppv": self.ppv,
            "npv": self.npv,
            "prevalence": None if self.prevalence is None else _shares_to_json(self.prevalence),
            "prevalence_given": self.prevalence_given,
            "evidence": [asdict(entry) for entry in self.evidence],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the answer that `to_json` was called on; other keys of `value` are ignored.

        Sets that version 0.2 left empty, or without the most probable finding, are completed. Its predictive values are
        dropped: they came from the folds that chose the thresholds, and had no interval.
        """
        prevalence, probabilities = value["prevalence"], _shares_from_json(value["probabilities"])
        finding = Finding(value["finding"])
        evidence = tuple(Evidence(**entry) for entry in value.get("evidence") or ())
        return cls(
            **{
                **{key: value[key] for key in ANSWER_KEYS if key != "evidence"},
                **({} if evidence else {"ppv": None, "npv": None}),
                "evidence": evidence,
                "finding": finding,
                "probabilities": probabilities,
                "prediction_set": coherent_set(
                    map(Finding, value["prediction_set"]),
                    finding=finding,
                    probabilities=probabilities,
                    pneumonia=value["pneumonia"],
                ),
                "prevalence": None if prevalence is None else _shares_from_json(prevalence),
            }
        )


ANSWER_KEYS: Final = tuple(attribute.name for attribute in fields(Answer))
"""Of the plain form, without `verdict` and `etiology`, which follow from them."""


def _shares_to_json(shares: Mapping[Finding, float]) -> dict[str, float]:
    return {finding.value: shares[finding] for finding in FINDINGS}


def _shares_from_json(shares: Mapping[str, float]) -> dict[Finding, float]:
    return {finding: shares[finding] for finding in FINDINGS}
