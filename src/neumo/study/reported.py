"""Reported results of the study's four runs (official test set, 624 images)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import FINDINGS, Finding


@dataclass(frozen=True)
class ReportedRun:
    """Metrics of one of the study's runs.

    Attributes
    ----------
    number : int
        1 to 4.
    change : str
        What the run changed.
    accuracy, macro_f1 : float
        As printed, two decimals.
    report : mapping of Finding to (precision, recall, F1)
        As printed, two decimals.
    confusion : ndarray of int64, shape (3, 3)
        Rows truth, columns decision, in the order of FINDINGS. The diagonal was reported; the rest was
        derived from the reported precision and recall, which it reproduces to their two decimals.
    """

    number: int
    change: str
    accuracy: float
    macro_f1: float
    report: Mapping[Finding, tuple[float, float, float]]
    confusion: NDArray[np.int64]


def reported_runs() -> tuple[ReportedRun, ...]:
    """Return the four runs, in order."""
    value = json.loads((files("neumo.study") / "reported-runs.json").read_text(encoding="utf-8"))
    order = [value["classes"].index(finding.value) for finding in FINDINGS]
    return tuple(
        ReportedRun(
            number=run["run"],
            change=run["change"],
            accuracy=run["accuracy"],
            macro_f1=run["macro_f1"],
            report={finding: tuple(run["report"][finding.value]) for finding in FINDINGS},
            confusion=np.array(run["confusion_matrix"], dtype=np.int64)[np.ix_(order, order)],
        )
        for run in value["runs"]
    )
