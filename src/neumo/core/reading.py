"""What neumo says of one file: the result of reading, ready for every format of results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding


class Status(StrEnum):
    """How reading a file ended; a refusal is an answer, a failure is none."""

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read; only a reading with status "read" has one.

    Attributes
    ----------
    finding : Finding
        The most probable one.
    probabilities : mapping of Finding to float
        Calibrated, in 0-1, adding up to 1; at `prevalence` where one was given.
    prediction_set : tuple of Finding
        Holds the true finding with probability `coverage` for images like those of training; may be empty or all.
    coverage : float
        Promised coverage, 0.90 or 0.95.
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
