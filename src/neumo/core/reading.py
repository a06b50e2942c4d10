"""A Reading, the result for one file, and its one plain (JSON) form.

JSON Lines, the REST API and its client, stored readings and worker processes all use that form; its keys are documented
in docs/reference/readings.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from neumo.core.answer import ANSWER_KEYS, Answer, Verdict

if TYPE_CHECKING:
    from pydicom import Dataset

    from neumo.core.decision import Decision


class Status(StrEnum):
    """Status of a reading: an answer, a refusal on purpose, or a failure to decode the file."""

    READ = "read"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """A reason or warning: a stable code for programs, and a sentence for people.

    Attributes
    ----------
    code : str
        Such as "far_from_training"; the codes are listed in docs/reference/readings.md.
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
    decision: "Decision | None" = None

    @property
    def flagged(self) -> bool:
        """Whether its verdict is pneumonia, so that its radiograph is marked and its results go first."""
        return self.answer is not None and self.answer.verdict is Verdict.PNEUMONIA

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
                dict.fromkeys(("verdict", "etiology", *ANSWER_KEYS))
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
        from neumo.core.decision import Decision  # which reading itself does not need

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
