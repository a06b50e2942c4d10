"""Out-of-fold predictions: each image's from the one fold run that was not trained on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import ExportError
from neumo.core.findings import FINDINGS
from neumo.core.labels import ALLOWED
from neumo.datasets.attributes import has_any
from neumo.datasets.collections import ages_of, data_set_names
from neumo.datasets.labelled_images import images_of
from neumo.datasets.manifest import Entry, Manifest
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.sources.values import Images
from neumo.export.fit_gate import FittedGate, fit_gate
from neumo.export.restyling import damage, restyling, softened
from neumo.training.config import Experiment, SplitConfig
from neumo.training.predict import embed_part, predict_images
from neumo.training.run_folder import RunFolder

_TRAINING_SEED, _HELD_OUT_SEED, _DAMAGE_SEED = 1, 2, 3


@dataclass(frozen=True)
class HeldOut:
    """Pooled answers of fold runs.

    Attributes
    ----------
    images : Images
        N held-out images, whatever their labels, with uncalibrated probabilities; without those like which none was
        trained on (`split.train_without`), since labels that are not trusted decide nothing.
    paths : tuple of str, length N
    distances : ndarray of float32, shape (3, N)
        Of each embedding from its run's own training images (see `fitted_gate_of`), for the images as they are,
        for the same ones reduced to half and enlarged again, and for the same ones restyled: another export of a
        radiograph may be refused no more often than the radiograph.
    log_odds : ndarray of float64, shape (3, N)
        Of damage, of the same images.
    runs : tuple of Path
    synthetic : bool
        True for phantoms.
    ages : tuple of (float, float) or None, length N
        Youngest and oldest age that the patient may have, in years; empty where none is known.
    data_sets : mapping of str to str
        Name of the data set of each source.
    """

    images: Images
    paths: tuple[str, ...]
    distances: NDArray[np.float32]
    log_odds: NDArray[np.float64]
    runs: tuple[Path, ...]
    synthetic: bool
    ages: tuple[tuple[float, float] | None, ...] = ()
    data_sets: Mapping[str, str] = field(default_factory=dict)

    def labelled(self) -> Images:
        """Images whose label allows at least one finding; those of other disease are left out."""
        return self.images.take(np.any(ALLOWED[self.images.codes], axis=1))

    def predictions(self, probabilities: NDArray[np.float64], source: str) -> Predictions:
        """Predictions of a source's images that are labelled with a finding, with `probabilities`, shape (N, 3)."""
        complete = self.images.codes < len(FINDINGS)
        positions = np.flatnonzero(complete & (np.array(self.images.sources) == source))
        return Predictions(
            paths=tuple(self.paths[i] for i in positions),
            patients=tuple(self.images.patients[i] for i in positions),
            truth=self.images.codes[positions],
            probabilities=probabilities[positions],
            synthetic=self.synthetic,
        )


def require_matching_folds(runs: Sequence[Path], shipped: RunFolder, manifest: Manifest) -> None:
    """Check that runs can serve as the folds of a bundle.

    Parameters
    ----------
    runs : sequence of Path
        Runs of one experiment on different folds.
    shipped : RunFolder
        The run that will be shipped; the folds must be of its recipe.
    manifest : Manifest
        The data set of all of them.

    Raises
    ------
    ExportError
        A run is of another recipe, is unfinished, or two of them hold out the same image.
    CheckpointError, SplitError
        A run cannot be used.
    """
    recipe = _recipe(shipped.experiment())
    held_out: set[str] = set()
    for path in runs:
        run = RunFolder(path)
        if _recipe(run.experiment()) != recipe:
            raise ExportError(
                "{path}: is of another recipe than {shipped}; only split, seed, name, epochs, "
                "teachers and start may differ",
                path=path,
                shipped=shipped.path,
            )
        if run.record()["status"] != "finished":
            raise ExportError("{path}: is not finished; go on with neumo train --resume", path=path)
        images = run.split(manifest).parts["val"]
        if not held_out.isdisjoint(images):
            raise ExportError("the fold runs hold out the same image more than once; give each fold once")
        held_out.update(images)


def held_out_answers(runs: Sequence[Path], manifest: Manifest) -> HeldOut:
    """Let each run predict its validation images; the runs are those of `require_matching_folds`.

    Raises
    ------
    CheckpointError, SplitError, DatasetError
        A run cannot be used.
    """
    entries: list[Entry] = []
    probabilities: list[NDArray[np.float64]] = []
    distances: list[NDArray[np.float32]] = []
    log_odds: list[NDArray[np.float64]] = []
    for run in map(RunFolder, runs):
        split = run.split(manifest)
        held_out = split.indices("val", manifest)
        untrusted = run.experiment().split.train_without
        trusted = np.array([not has_any(manifest.entries[i], untrusted) for i in held_out])
        positions = [i for i, kept in zip(held_out, trusted, strict=True) if kept]
        entries += [manifest.entries[i] for i in positions]
        probabilities.append(predict_images(run, manifest, positions))
        gate = fitted_gate_of(run, manifest)
        seen = [
            embed_part(run, manifest, split, "val", change=change)[trusted]
            for change in (None, _softened, restyling(_HELD_OUT_SEED))
        ]
        distances.append(np.stack([gate.distance(each) for each in seen]))
        log_odds.append(np.stack([gate.log_odds(each) for each in seen]))
    return HeldOut(
        images_of(entries, probabilities=np.concatenate(probabilities)),
        tuple(entry.path for entry in entries),
        np.concatenate(distances, axis=1),
        np.concatenate(log_odds, axis=1),
        tuple(runs),
        manifest.synthetic,
        tuple(map(ages_of, entries)),
        data_set_names(entries, synthetic=manifest.synthetic),
    )


def fitted_gate_of(run: RunFolder, manifest: Manifest) -> FittedGate:
    """Fit the gate to a run's training images, each as it is and once restyled, against damaged ones.

    Without the second the gate would know one hospital's style only, and take noise or a margin for another organ.

    Raises
    ------
    CheckpointError, SplitError, DatasetError
        The run cannot be used.
    """
    split = run.split(manifest)
    as_it_is, restyled, damaged = (
        embed_part(run, manifest, split, "train", change=change)
        for change in (None, restyling(_TRAINING_SEED), damage(_DAMAGE_SEED))
    )
    return fit_gate(np.concatenate([as_it_is, restyled]), damaged)


def _softened(squares: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([softened(square) for square in squares])


def _recipe(experiment: Experiment) -> Experiment:
    """Return the part of an experiment that folds and shipped run must share."""
    return replace(
        experiment,
        name="recipe",
        description="",
        seed=0,
        schedule=replace(experiment.schedule, max_epochs=1),
        split=SplitConfig(kind="official", train_without=experiment.split.train_without),
        model=replace(experiment.model, start=()),
        distillation=experiment.distillation and replace(experiment.distillation, teachers=()),
    )
