"""One run judged on one part of its split: figures with intervals, operating point, subgroups, report (S8-S10, S14, S15)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neumo.core.errors import EvaluationError
from neumo.core.files import write_json
from neumo.core.findings import FINDINGS
from neumo.data.manifest import Manifest
from neumo.data.pixels import Progress, decoded_pixels
from neumo.evaluation.bootstrap import Progress as Resampling
from neumo.evaluation.figures import save_figures
from neumo.evaluation.judge import classification_report, judge
from neumo.evaluation.judgement import Judgement, OperatingPoint
from neumo.evaluation.learning_curves import read_curves
from neumo.evaluation.operating_point import (
    DEFAULT_OPERATING_POINT,
    choose_for_cost,
    choose_for_sensitivity,
)
from neumo.evaluation.predictions import Predictions, write_predictions
from neumo.evaluation.subgroup_judgement import SubgroupReport
from neumo.evaluation.subgroups import judge_by
from neumo.explain.heatmap import upsample
from neumo.models.weights import load_network
from neumo.study.runs import METRICS_FILE, PREDICTIONS_FILE, read_history
from neumo.training.predict import heat_maps, predict_part
from neumo.training.run_folder import RunFolder, now

FIGURES_FOLDER = "figures"
REPORT_FILE = "report.html"
CASES_A_CELL = 2
"""Radiographs shown of each kind of right and wrong answer."""


@dataclass(frozen=True)
class EvaluatedRun:
    """What judging a run left.

    Attributes
    ----------
    folder : Path
        Holds predictions.csv, metrics.json, report.html and figures/.
    judgement : Judgement
    classification_report : str
        In scikit-learn's shape.
    subgroups : tuple of SubgroupReport
    times_judged : int
        How often this run was judged on this part; more than once on "test" is worth a doubt.
    """

    folder: Path
    judgement: Judgement
    classification_report: str
    subgroups: tuple[SubgroupReport, ...]
    times_judged: int

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.folder / REPORT_FILE
