"""Context controls: how well source, view, size and border alone tell pneumonia from normal, within and across sources.

In a manifest of several sources these predict the label more often than not, and a network learns them instead of the
disease (Zech et al., PLoS Medicine 2018). Each control sees no lung.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.core.labels import allowed_findings
from neumo.datasets.check.scan import Measured, Scan
from neumo.datasets.check.shortcuts import (
    FOLDS,
    RESAMPLES,
    Score,
    held_out_chances,
    patient_folds,
    require_sklearn,
    score_of,
)
from neumo.datasets.manifest import Entry, Manifest
from neumo.evaluation.metrics.weighted import weighted_auroc
from neumo.evaluation.uncertainty.bootstrap import estimates

ACROSS: Final = ""
"""Group of the images of all sources together."""
_SEED: Final = 42
_MIN_PATIENTS: Final = 5
"""Of each outcome, below which folds say nothing."""
ALARMING: Final = frozenset({"moderate", "strong"})


@dataclass(frozen=True)
class ContextControl:
    """Discrimination of pneumonia from normal by one lungless view of some images.

    Attributes
    ----------
    group : str
        A source, or "" for all of them together.
    sees : str
        "source", "view" (AP, PA, unknown), "size" (width, height, aspect ratio), "border" (outer 5 %) or "together".
    score : Score
        AUROC of logistic regression, cross-validated by patient, with its interval over patients.
    images, patients : int
    """

    group: str
    sees: str
    score: Score
    images: int
    patients: int

    @property
    def alarming(self) -> bool:
        """Whether a network could do well by it: the score is moderate or strong."""
        return self.score.strength in ALARMING


def context_controls(manifest: Manifest, scanned: Scan) -> tuple[ContextControl, ...]:
    """Measure the controls on the training material: all but official test images and other disease.

    Groups with fewer than five patients of an outcome, and views of the images that are all alike, are left out. A
    manifest of one source without views has none: the shortcut controls look at its sizes and borders.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.
    """
    material = [
        i
        for i in scanned.readable
        if manifest.entries[i].split != "test" and allowed_findings(manifest.entries[i].label)
    ]
    entries = [manifest.entries[i] for i in material]
    sources = sorted({entry.source for entry in entries})
    if len(sources) < 2 and len({entry.view for entry in entries}) < 2:
        return ()
    require_sklearn()
    groups = {source: [n for n, entry in enumerate(entries) if entry.source == source] for source in sources}
    if len(sources) > 1:
        groups = {ACROSS: list(range(len(entries))), **groups}
    views = _views(entries, [scanned.measured(i) for i in material])
    found = (_group_controls(name, chosen, entries, views) for name, chosen in groups.items())
    return tuple(control for controls in found for control in controls)


def _views(entries: Sequence[Entry], images: Sequence[Measured]) -> dict[str, NDArray[np.float64]]:
    sides = np.array([(image.width, image.height) for image in images], dtype=np.float64)
    views = {
        "source": _one_hot([entry.source for entry in entries]),
        "view": _one_hot([entry.view for entry in entries]),
        "size": np.log(np.column_stack([sides, sides[:, 0] / sides[:, 1]])),
        "border": np.stack([image.border for image in images]).astype(np.float64),
    }
    return {**views, "together": np.hstack(list(views.values()))}


def _one_hot(values: Sequence[str]) -> NDArray[np.float64]:
    known = sorted(set(values))
    return np.array([[float(value == each) for each in known] for value in values])


def _group_controls(
    group: str, chosen: Sequence[int], entries: Sequence[Entry], views: Mapping[str, NDArray[np.float64]]
) -> list[ContextControl]:
    sick = np.array([entries[i].label is not Finding.NORMAL for i in chosen], dtype=np.int64)
    patients = np.array([entries[i].patient for i in chosen])
    people = [len(set(patients[sick == outcome].tolist())) for outcome in (0, 1)]
    if min(people) < _MIN_PATIENTS:
        return []
    splits = patient_folds(sick, patients, FOLDS)
    seen = {
        name: features[chosen] for name, features in views.items() if np.ptp(features[chosen], axis=0).any()
    }
    if set(seen) <= {"border", "together"}:
        seen.pop("together", None)
    return [
        ContextControl(
            group,
            name,
            _score(held_out_chances(features, sick, splits, classes=2)[:, 1], sick, patients),
            len(chosen),
            len(set(patients.tolist())),
        )
        for name, features in seen.items()
    ]


def _score(chances: NDArray[np.float64], sick: NDArray[np.int64], patients: NDArray[np.str_]) -> Score:
    found = estimates(
        lambda weights: {"auroc": weighted_auroc(sick == 1, chances, weights)},
        patients.tolist(),
        resamples=RESAMPLES,
        seed=_SEED,
    )
    return score_of(found["auroc"])
