"""Shortcut controls: how far the findings can be told apart without looking at the lungs.

A network may learn the hospital's habits instead of the disease (Zech et al., PLoS Medicine 2018). Each control
is a plain classifier that sees no lung: a score far above 0.5 means that the data set offers a shortcut.
"""

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import MissingExtraError
from neumo.core.findings import FINDINGS, Finding
from neumo.datasets.check.scan import Scan
from neumo.datasets.manifest import Manifest
from neumo.evaluation.metrics.classification import bacterial_share
from neumo.evaluation.metrics.weighted import FloatArray, weighted_auroc
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.values import Estimate

RESAMPLES = 200
"""Bootstrap resamples of patients behind each interval."""

FOLDS = 5
_SEED = 42
STRENGTHS = ("none", "weak", "moderate", "strong")
_NORMAL, _BACTERIAL = Finding.NORMAL.index, Finding.BACTERIAL_PNEUMONIA.index


@dataclass(frozen=True)
class Score:
    """An AUROC with its 95 % interval; 0.5 is chance, 1 is perfect."""

    value: float
    low: float
    high: float

    @property
    def strength(self) -> str:
        """One of STRENGTHS: none (the interval reaches 0.5), weak (below 0.6), moderate (below 0.75), strong."""
        if self.low <= 0.5:
            return "none"
        if self.value < 0.6:
            return "weak"
        return "moderate" if self.value < 0.75 else "strong"


@dataclass(frozen=True)
class Control:
    """AUROCs of one lungless view of the images.

    Attributes
    ----------
    view : str
        "border" (outer 5 %), "intensity" (grey levels wherever they lie) or "size" (width, height, aspect
        ratio and bytes of the file).
    macro, normal_vs_pneumonia, bacterial_vs_viral : Score
        Macro one-versus-rest AUROC, and the AUROC of the two questions inside it.
    same_size : bool
        True when all images have one width and height; the size control then sees the file's bytes alone.
    """

    view: str
    macro: Score
    normal_vs_pneumonia: Score
    bacterial_vs_viral: Score
    same_size: bool

    @property
    def strength(self) -> str:
        """Strength of the easiest of the three questions: one open door is enough."""
        scores = (self.macro, self.normal_vs_pneumonia, self.bacterial_vs_viral)
        return max((score.strength for score in scores), key=STRENGTHS.index)


@dataclass(frozen=True)
class Shortcuts:
    """The three controls and what they were measured on.

    Attributes
    ----------
    controls : tuple of Control
        Empty where `skipped` says why.
    images, patients : int
        Readable images that are not official test images, and their patient groups.
    folds : int
        Patient-grouped, stratified folds; every image is scored by a classifier that did not see its patient.
    resamples : int
        Bootstrap resamples of patients; the classifiers are not fitted anew, so the intervals leave out
        their own variation.
    skipped : str
        Empty, or "few-patients": a finding has fewer than two patients.
    """

    controls: tuple[Control, ...]
    images: int
    patients: int
    folds: int
    resamples: int
    skipped: str = ""


def require_sklearn() -> None:
    """Raise MissingExtraError where scikit-learn is not installed."""
    if importlib.util.find_spec("sklearn") is None:
        raise MissingExtraError(
            'shortcut controls: need scikit-learn; install it with pip install "neumo[train]" or use --no-shortcuts'
        )


def shortcut_controls(manifest: Manifest, scanned: Scan) -> Shortcuts:
    """Measure the three controls on the training material (all but the official test images and partial labels).

    Logistic regression on standardised features, cross-validated by patient. It is a floor: a stronger
    classifier finds a little more.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.
    """
    require_sklearn()
    material = [
        i for i in scanned.readable if manifest.entries[i].split != "test" and manifest.entries[i].is_complete
    ]
    truth = np.array([manifest.entries[i].finding.index for i in material], dtype=np.int64)
    patients = np.array([manifest.entries[i].patient for i in material])
    people = len(set(patients.tolist()))
    folds = min(FOLDS, *(len(set(patients[truth == finding.index].tolist())) for finding in FINDINGS))
    if folds < 2:
        return Shortcuts((), len(material), people, 0, 0, skipped="few-patients")
    splits = patient_folds(truth, patients, folds)
    views, same_size = _views(scanned, material)
    controls = (
        _control(
            view,
            features,
            truth=truth,
            splits=splits,
            patients=patients,
            same_size=same_size and view == "size",
        )
        for view, features in views.items()
    )
    return Shortcuts(tuple(controls), len(material), people, len(splits), RESAMPLES)


def _views(scanned: Scan, material: Sequence[int]) -> tuple[Mapping[str, NDArray[np.float64]], bool]:
    images = [scanned.measured(i) for i in material]
    size = np.array(
        [(image.width, image.height, image.width / image.height, image.file_bytes) for image in images]
    )
    views = {
        "border": np.stack([image.border for image in images]).astype(np.float64),
        "intensity": np.stack([image.intensity for image in images]).astype(np.float64),
        "size": np.log(np.maximum(size, 1e-3)),
    }
    return views, len({(image.width, image.height) for image in images}) == 1


def patient_folds(
    truth: NDArray[np.int64], patients: NDArray[np.str_], folds: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return (learned, held out) positions of folds that part no patient, stratified by `truth`."""
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=_SEED)
    return list(splitter.split(truth, truth, patients))


def _control(
    view: str,
    features: NDArray[np.float64],
    *,
    truth: NDArray[np.int64],
    patients: NDArray[np.str_],
    splits: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    same_size: bool,
) -> Control:
    chances = held_out_chances(features, truth, splits, classes=len(FINDINGS))
    found = estimates(
        lambda weights: _aurocs(truth, chances, weights), patients.tolist(), resamples=RESAMPLES, seed=_SEED
    )
    macro, sickness, kinds = (score_of(found[name]) for name in ("macro", "sickness", "kinds"))
    return Control(view, macro, sickness, kinds, same_size)


def held_out_chances(
    features: NDArray[np.float64],
    truth: NDArray[np.int64],
    splits: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    classes: int,
) -> NDArray[np.float64]:
    """Return the probabilities (N, classes) of logistic regressions, each image's from one that did not learn it."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    chances = np.zeros((len(truth), classes))
    for learned, held_out in splits:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        with warnings.catch_warnings():
            # A fit that stops a little early is still a fair floor.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(features[learned], truth[learned])
        chances[np.ix_(held_out, model.classes_)] = model.predict_proba(features[held_out])
    return chances


def _aurocs(
    truth: NDArray[np.int64], chances: NDArray[np.float64], weights: FloatArray
) -> dict[str, FloatArray]:
    """AUROC of three classes, of normal against pneumonia and of bacterial against viral, each of shape (R,)."""
    by_class = [weighted_auroc(truth == k, chances[:, k], weights) for k in range(len(FINDINGS))]
    sick = truth != _NORMAL
    return {
        "macro": np.mean(by_class, axis=0),
        # Normal against the rest is the question of normal against pneumonia.
        "sickness": by_class[_NORMAL],
        "kinds": weighted_auroc(truth[sick] == _BACTERIAL, bacterial_share(chances[sick]), weights[:, sick]),
    }


def score_of(found: Estimate) -> Score:
    """Convert a bootstrap estimate to a score; an undefined (NaN) interval becomes one of zero width."""
    if np.isnan(found.low):
        return Score(found.value, found.value, found.value)
    return Score(found.value, found.low, found.high)
