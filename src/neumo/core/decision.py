"""Decisions of people on readings: their vocabulary, their plain (JSON) form, and which of several stands.

The three findings have the same names here, and so have the partial labels of data sets: decisions can become labels.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

from neumo.core.findings import Finding
from neumo.core.labels import Outcome, findings_of

AGREE: Final = "AGREE"
"""Word for the reading's own conclusion in a decision."""
MAX_ABNORMALITY: Final = 200
"""Characters."""


class Conclusion(StrEnum):
    """A person's conclusion about a radiograph."""

    NORMAL = "NORMAL"
    BACTERIAL_PNEUMONIA = "BACTERIAL_PNEUMONIA"
    VIRAL_PNEUMONIA = "VIRAL_PNEUMONIA"
    PNEUMONIA = "PNEUMONIA"
    """Pneumonia of undetermined cause."""
    OTHER_ABNORMAL = "OTHER_ABNORMAL"
    """Another abnormality, named in a text."""
    INADEQUATE_IMAGE = "INADEQUATE_IMAGE"
    WRONG_IMAGE = "WRONG_IMAGE"
    """An image of another patient, body part or kind."""

    @property
    def findings(self) -> frozenset[Finding]:
        """The findings that it leaves possible; none where it is none of the three."""
        return _FINDINGS.get(self, frozenset())

    @property
    def pneumonia(self) -> bool | None:
        """Whether it states pneumonia or its absence; None where the image allows neither."""
        if self in (Conclusion.INADEQUATE_IMAGE, Conclusion.WRONG_IMAGE):
            return None
        return bool(self.findings) and Finding.NORMAL not in self.findings


CONCLUSIONS: Final = tuple(Conclusion)
_FINDINGS: Final[Mapping[Conclusion, frozenset[Finding]]] = {
    **{Conclusion(finding.value): frozenset({finding}) for finding in Finding},
    Conclusion.PNEUMONIA: frozenset({Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA}),
}


def agreement(conclusion: Conclusion, prediction_set: Collection[Outcome]) -> bool | None:
    """Return whether a person agrees with a reading.

    Parameters
    ----------
    conclusion : Conclusion
    prediction_set : collection of Outcome
        The reading's; empty where it has no answer.

    Returns
    -------
    bool or None
        False where the reading excludes all that the conclusion leaves possible. None where it does not, but states
        nothing to agree with: there is no answer, or it leaves open whether there is pneumonia.
    """
    if not prediction_set:
        return None
    if conclusion.findings.isdisjoint(findings_of(prediction_set)):
        return False
    return None if _undetermined(prediction_set) else True


def conclusion_of(prediction_set: Collection[Outcome]) -> Conclusion | None:
    """Return the conclusion of a person who agrees with a reading; None where it states nothing to agree with."""
    if not prediction_set or _undetermined(prediction_set):
        return None
    return next(each for each in Conclusion if each.findings == findings_of(prediction_set))


def _undetermined(prediction_set: Collection[Outcome]) -> bool:
    return len(prediction_set) > 1 and Finding.NORMAL in prediction_set


@dataclass(frozen=True, slots=True)
class Decision:
    """Conclusion that a named person recorded for a reading, with note, time, and verifier where it is verified.

    Attributes
    ----------
    revision : int
        1, 2, ... for each reading.
    person, at : str
        Account of the person, and when (ISO 8601 in UTC).
    conclusion : Conclusion
    abnormality : str
        Which one, with `Conclusion.OTHER_ABNORMAL`; else empty.
    agrees : bool or None
        As `agreement` gives it.
    blinded : bool
        Whether it was made before anything that shows the answer was served to that person.
    note : str
    verifier, organization : str or None
        Full name and organization under which somebody with the right to verify reports signed; None without it.
    """

    revision: int
    person: str
    at: str
    conclusion: Conclusion
    abnormality: str
    agrees: bool | None
    blinded: bool
    note: str
    verifier: str | None = None
    organization: str | None = None

    @property
    def verified(self) -> bool:
        """Whether somebody with the right to verify reports made it."""
        return self.verifier is not None

    def to_json(self) -> dict[str, Any]:
        """Return plain values under the names of the attributes."""
        return {**asdict(self), "conclusion": self.conclusion.value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the decision that `to_json` was called on; other keys of `value` are ignored."""
        known = {name: value[name] for name in _NAMES}
        return cls(**{**known, "conclusion": Conclusion(value["conclusion"])})


_NAMES: Final = tuple(attribute.name for attribute in fields(Decision))


def standing(decisions: Sequence[Decision]) -> Decision | None:
    """Return the decision that stands for a reading: the newest verified one, else the newest; None without any."""
    verified = [decision for decision in decisions if decision.verified]
    return max(verified or decisions, key=lambda decision: decision.revision, default=None)
