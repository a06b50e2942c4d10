"""The values that an evaluation report shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.evaluation.learning_curves.values import CurveReading
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.subgroups.values import SubgroupReport
from neumo.evaluation.values import Evaluation


@dataclass(frozen=True)
class Case:
    """One radiograph of the gallery.

    Attributes
    ----------
    path : str
        As in the predictions.
    truth, decision : Finding
    probabilities : tuple of float, length 3
        In the order of FINDINGS.
    pixels : ndarray of uint8, shape (height, width)
    heat : ndarray of float, shape (height, width), or None
        In 0-1, for the decided finding.
    """

    path: str
    truth: Finding
    decision: Finding
    probabilities: tuple[float, float, float]
    pixels: NDArray[np.uint8] = field(repr=False)
    heat: NDArray[np.floating] | None = field(default=None, repr=False)

    @property
    def is_right(self) -> bool:
        """True where the decision is the truth."""
        return self.truth == self.decision

    @property
    def is_missed(self) -> bool:
        """True for a pneumonia called normal."""
        return self.truth != Finding.NORMAL and self.decision == Finding.NORMAL


@dataclass(frozen=True)
class PartSummary:
    """Images of one part of the split by finding, and its patients."""

    name: str
    images: Mapping[Finding, int]
    patients: int


@dataclass(frozen=True)
class ReportContent:
    """Everything that one report shows.

    Attributes
    ----------
    title : str
    run : str
        Name of the run.
    created : datetime
        When the run was evaluated.
    split_name : str
        The part that was evaluated: "train", "val", "test" or "holdout".
    dataset : str
        Name of the data set.
    evaluation : Evaluation
    predictions : Predictions
        The same images that were evaluated.
    classification_report : str
        In scikit-learn's shape.
    history : sequence of mappings
        One an epoch; empty where nothing was recorded.
    best_epoch : int or None
    reading : CurveReading or None
        What the learning curves say.
    cases : tuple of Case
        The gallery, most telling first.
    subgroups : tuple of SubgroupReport
        One a column; empty where the data have no such column.
    parts : tuple of PartSummary
    config, environment : mapping
        Shown as they are, nested keys with dots.
    dataset_digest, split_digest : str
        Identity of the data and of the split.
    """

    title: str
    run: str
    created: datetime
    split_name: str
    dataset: str
    evaluation: Evaluation
    predictions: Predictions
    classification_report: str
    history: Sequence[Mapping[str, Any]] = ()
    best_epoch: int | None = None
    reading: CurveReading | None = None
    cases: tuple[Case, ...] = ()
    subgroups: tuple[SubgroupReport, ...] = ()
    parts: tuple[PartSummary, ...] = ()
    config: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    environment: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    dataset_digest: str = ""
    split_digest: str = ""
