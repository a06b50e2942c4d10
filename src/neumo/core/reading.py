"""A Reading, the result for one file, and its one plain (JSON) form.

JSON Lines, the REST API and its client, stored readings and worker processes all use that form; its keys are documented
in docs/reference/readings.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from neumo.core.decision import Decision
from neumo.core.findings import FINDINGS, Finding

if TYPE_CHECKING:
    from pydicom import Dataset


class Status(StrEnum):
    """How reading a file ended: with an answer, with a refusal on purpose, or with a failure to decode it."""

    READ = "read"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """A reason or warning: a stable code for programs, and a sentence for people.

    Attributes
    ----------
    code : str
        Such as "not_chest"; the codes are listed in docs/reference/readings.md.
    text : str
        One English sentence; results in other languages translate by the code and `values`.
    values : mapping of str to plain values
        What the sentence states.
    """

    code: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"

    def to_json(self) -> dict[str, Any]:
        """Return plain values: code, text, values."""
        return {"code": self.code, "text": self.text, "values": dict(self.values)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the notice that `to_json` was called on."""
        return cls(value["code"], value["text"], value["values"])


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
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the answer that `to_json` was called on; other keys of `value` are ignored."""
        prevalence = value["prevalence"]
        return cls(
            **{
                **{key: value[key] for key in _ANSWER_KEYS},
                "finding": Finding(value["finding"]),
                "probabilities": _shares_from_json(value["probabilities"]),
                "prediction_set": tuple(map(Finding, value["prediction_set"])),
                "prevalence": None if prevalence is None else _shares_from_json(prevalence),
            }
        )


_ANSWER_KEYS: Final = tuple(attribute.name for attribute in fields(Answer))


def _shares_to_json(shares: Mapping[Finding, float]) -> dict[str, float]:
    return {finding.value: shares[finding] for finding in FINDINGS}


def _shares_from_json(shares: Mapping[str, float]) -> dict[Finding, float]:
    return {finding: shares[finding] for finding in FINDINGS}


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, read, refused or failed.

    Attributes
    ----------
    file : str
        As it was given.
    sha256 : str or None
        Of the file's bytes; None where they could not be read, or pixels were given instead of a file.
    status : Status
    answer : Answer or None
        None unless `status` is "read".
    warnings, reasons : tuple of Notice
        Warnings qualify an answer; reasons explain a refusal or failure.
    class_map : ndarray of float32, shape (h, w), or None
        Of the finding, at the resolution of the network's last features; positive values speak for it.
    class_maps : ndarray of float32, shape (3, h, w), or None
        Of every finding, in their order; only where pixels were kept and the bundle's graph gives maps.
    field_of_view : float
        Central share of each side of the radiograph that the class map covers.
    pixels : ndarray of uint8, shape (height, width), or None
        The radiograph as decoded, for overlays; None where nothing was decoded or pixels were not kept.
    receipt : mapping or None
        Plain JSON values from which the reading can be repeated (see `neumo.inference.receipt`).
    header : pydicom.Dataset or None
        Of a DICOM file without its pixels, where it was kept: what results and records need of patient and study.
    decision : Decision or None
        What a person decided about it, for results to state beside the answer; None where nobody has.
    """

    file: str
    sha256: str | None
    status: Status
    answer: Answer | None = None
    warnings: tuple[Notice, ...] = ()
    reasons: tuple[Notice, ...] = ()
    class_map: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    field_of_view: float = field(default=1.0, repr=False, compare=False)
    pixels: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    receipt: Mapping[str, Any] | None = field(default=None, repr=False)
    class_maps: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    header: "Dataset | None" = field(default=None, repr=False, compare=False)
    decision: Decision | None = None

    def to_json(self, heatmap: str | None = None) -> dict[str, Any]:
        """Return plain values without the arrays; null where there is none.

        Parameters
        ----------
        heatmap : str, optional
            Path of the overlay that was written for it.
        """
        return {
            "file": self.file,
            "sha256": self.sha256,
            "status": self.status.value,
            **(
                dict.fromkeys(("verdict", "etiology", *_ANSWER_KEYS))
                if self.answer is None
                else self.answer.to_json()
            ),
            "warnings": [str(notice) for notice in self.warnings],
            "reasons": [str(notice) for notice in self.reasons],
            "notices": {
                "warnings": [notice.to_json() for notice in self.warnings],
                "reasons": [notice.to_json() for notice in self.reasons],
            },
            "field_of_view": None if self.answer is None else self.field_of_view,
            "heatmap": heatmap,
            "decision": None if self.decision is None else self.decision.to_json(),
            "receipt": self.receipt,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` was called on, without its arrays; other keys of `value` are ignored.

        `answer` is None, too, where a server withholds the answer or has purged it.
        """
        view, decision = value["field_of_view"], value.get("decision")
        return cls(
            value["file"],
            value["sha256"],
            Status(value["status"]),
            None if value["prediction_set"] is None else Answer.from_json(value),
            notices_from_json(value["notices"]["warnings"]),
            notices_from_json(value["notices"]["reasons"]),
            field_of_view=1.0 if view is None else view,
            receipt=value["receipt"],
            decision=None if decision is None else Decision.from_json(decision),
        )


def notices_from_json(values: Sequence[Mapping[str, Any]]) -> tuple[Notice, ...]:
    """Return notices from their plain form, in the order given."""
    return tuple(map(Notice.from_json, values))
