"""Evaluate variants of one of the study's runs without the official test set.

    python benchmarks/study_variants.py RUN... --data DIR [--part holdout] [--other OTHER.csv] [--epochs DIR]
        [--originals DIR]

Prints a row of metrics for each run, on the images of its own --part of the training material (the same images for
runs of one seed and split). Two of them are of those images only that a linear classifier of border and grey levels
alone misclassifies (`recipe_folds.py`). --other adds the recall of normal and the AUROC on another hospital's images.
--epochs adds a row for each checkpoint of the run in that folder: copies of RUN/resume/last.ckpt named NAME-*.ckpt,
made while the run trained; incomplete copies are skipped.

--originals compares resizing methods: full-size files of training images are resized to the network's input by each
method. Printed are the share of images with the same finding as after antialiased bilinear resizing, and the mean
change of the probability of normal, separately for normals and pneumonias. 95 % intervals by resampling patients.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from recipe_folds import originals, shortcut_is_wrong
from torch.nn import functional

from neumo.core.findings import Finding
from neumo.core.labels import PartialLabel
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest
from neumo.evaluation.metrics.classification import class_key, measure
from neumo.evaluation.metrics.weighted import weighted_auroc, weighted_mean
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.imaging import open_radiograph
from neumo.imaging.prepare import fit_square
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.predict import as_input, over_images, prediction_device
from neumo.training.run_folder import RunFolder

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Square = NDArray[np.uint8]
NAMES = (
    "accuracy",
    "macro_f1",
    *(class_key("recall", finding) for finding in Finding),
    "auroc_normal_vs_pneumonia",
)


class Epoch(NamedTuple):
    """Number of an epoch, counted from 1, and the network's weights after it."""

    number: int
    weights: dict[str, torch.Tensor]


class Part(NamedTuple):
    """Manifest, and the positions of the images in it to evaluate on."""

    manifest: Manifest
    positions: list[int]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", default="holdout")
    parser.add_argument("--other", type=Path, help="manifest of another hospital")
    parser.add_argument("--epochs", type=Path, help="folder of copies of resume/last.ckpt")
    parser.add_argument("--originals", type=Path)
    options = parser.parse_args()
    manifest = open_dataset(options.data)
    against = shortcut_is_wrong(manifest, np.array([entry.finding.index for entry in manifest.entries]))
    other = normal_or_pneumonia(open_dataset(options.other)) if options.other else None
    print(
        "run | accuracy | macro-F1 | recall normal, bacterial, viral | AUROC N/P | recall normal, AUROC N/P against the "
        "shortcut | recall normal, AUROC N/P elsewhere"
    )
    for path in options.runs:
        trained = load_network(path)
        home = Part(manifest, RunFolder(path).split(manifest).indices(options.part, manifest))
        print(f"{path.name} | {row(trained, home, against, other)}", flush=True)
        for epoch in epochs(options.epochs, path.name) if options.epochs else ():
            trained.network.load_state_dict(epoch.weights)
            print(f"{path.name}, epoch {epoch.number} | {row(trained, home, against, other)}", flush=True)
    if options.originals:
        compare_resizing(options.runs, options.originals, manifest)


def epochs(folder: Path, name: str) -> Iterator[Epoch]:
    """Load the weights after each epoch from copies of a run's checkpoint, in the order of the files' names."""
    seen = set()
    for file in sorted(folder.glob(f"{name}-*.ckpt")):
        try:
            kept = torch.load(file, map_location="cpu", weights_only=False)
        except (RuntimeError, EOFError):
            continue
        if kept["epoch"] not in seen:
            seen.add(kept["epoch"])
            weights = kept["state_dict"].items()
            yield Epoch(
                kept["epoch"] + 1,
                {key.removeprefix("network."): w for key, w in weights if key.startswith("network.")},
            )


def normal_or_pneumonia(manifest: Manifest) -> Part:
    """Select the images labelled normal or any pneumonia."""
    labels = [entry.label for entry in manifest.entries]
    return Part(manifest, [i for i, label in enumerate(labels) if label != PartialLabel.OTHER_ABNORMAL])


def row(trained: TrainedNetwork, home: Part, against: Bools, other: Part | None) -> str:
    """Format a network's metrics on held-out training material and, if given, on another hospital's images."""
    cells = metrics_at_home(trained, home, against)
    if other is not None:
        cells += metrics_elsewhere(trained, other)
    return " | ".join(cells)


def metrics_at_home(trained: TrainedNetwork, part: Part, against: Bools) -> list[str]:
    """Format the metrics `NAMES`, then recall of normal and AUROC on the images that the shortcut misclassifies."""
    entries = [part.manifest.entries[i] for i in part.positions]
    said = Predictions(
        paths=tuple(entry.path for entry in entries),
        patients=tuple(entry.patient for entry in entries),
        truth=np.array([entry.finding.index for entry in entries]),
        probabilities=probabilities(trained, part),
    )
    misled = against[part.positions]

    def weighted(weights: Floats) -> dict[str, Floats]:
        everything, hard = measure(said, weights), measure(said, weights * misled)
        named = {name: everything[name] for name in NAMES}
        return named | {f"against {name}": hard[name] for name in (NAMES[2], NAMES[-1])}

    return formatted(weighted, said.patients)


def metrics_elsewhere(trained: TrainedNetwork, part: Part) -> list[str]:
    """Format recall of normal and AUROC of normal against pneumonia, whose cause need not be known."""
    entries = [part.manifest.entries[i] for i in part.positions]
    sick = np.array([entry.label != Finding.NORMAL for entry in entries])
    chances = probabilities(trained, part)
    normal = (chances.argmax(axis=1) == Finding.NORMAL.index).astype(float)

    def weighted(weights: Floats) -> dict[str, Floats]:
        return {
            "recall": weighted_mean(normal, weights * ~sick),
            "AUROC": weighted_auroc(sick, 1 - chances[:, Finding.NORMAL.index], weights),
        }

    return formatted(weighted, tuple(entry.patient for entry in entries))


def formatted(weighted: Callable[[Floats], dict[str, Floats]], patients: tuple[str, ...]) -> list[str]:
    """Format each metric with its 95 % interval."""
    found = estimates(weighted, patients, resamples=1000, seed=42)
    return [f"{each.value:.3f} ({each.low:.3f}-{each.high:.3f})" for each in found.values()]


def probabilities(trained: TrainedNetwork, part: Part) -> Floats:
    """Predict the probabilities (N, 3) of the images of a part."""
    found: Floats = over_images(trained, part.manifest, part.positions, softmax_of(trained))
    return found


def softmax_of(trained: TrainedNetwork) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the function from network inputs (N, 1, side, side) to probabilities (N, 3)."""
    network = trained.network.to(prediction_device())
    return lambda images: network(images).double().softmax(dim=1)


def _pillow(method: Image.Resampling) -> Callable[[Square, int], Square]:
    return lambda pixels, side: np.array(Image.fromarray(pixels).resize((side, side), method))


def bilinear_without_antialiasing(pixels: Square, side: int) -> Square:
    """Resize bilinearly between four neighbours at half-pixel centres, the default of TensorFlow's `image.resize`."""
    levels = torch.from_numpy(pixels)[None, None].float()
    resized = functional.interpolate(levels, (side, side), mode="bilinear", align_corners=False)
    square: Square = resized[0, 0].round().to(torch.uint8).numpy()
    return square


METHODS: dict[str, Callable[[Square, int], Square]] = {
    "bilinear, antialiased": fit_square,
    "bilinear of four neighbours": bilinear_without_antialiasing,
    "nearest neighbour": _pillow(Image.Resampling.NEAREST),
    "mean of the area": _pillow(Image.Resampling.BOX),
    "Lanczos": _pillow(Image.Resampling.LANCZOS),
}
"""The first is how neumo resizes, to which the others are compared."""


def compare_resizing(runs: list[Path], folder: Path, manifest: Manifest) -> None:
    """Print how predictions for full-size images depend on the resizing method."""
    files = originals(folder, manifest)
    large = [open_radiograph(file).pixels for file in files]
    sick = np.array([entry.finding != Finding.NORMAL for entry in files.values()])
    print("run | resizing | same finding | change of P(normal): normals, pneumonias")
    for path in runs:
        trained = load_network(path)
        predict = softmax_of(trained)
        by_method = {}
        for name, method in METHODS.items():
            squares = np.stack([method(pixels, trained.card.image_size) for pixels in large])
            with torch.inference_mode():
                by_method[name] = predict(as_input(trained, squares).to(prediction_device())).cpu().numpy()
        reference = next(iter(by_method.values()))
        for name, chances in by_method.items():
            same = np.mean(chances.argmax(axis=1) == reference.argmax(axis=1))
            change = (chances - reference)[:, Finding.NORMAL.index]
            print(
                f"{path.name} | {name} | {same:.3f} of {len(large)} | {change[~sick].mean():+.3f} | {change[sick].mean():+.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
