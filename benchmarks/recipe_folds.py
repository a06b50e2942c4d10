"""Metrics of runs on the images that their fold held out, by input size, field of view, framing and flip.

    python benchmarks/recipe_folds.py RUN... --data DIR [--sides 192 224] [--fields 1 0.875] [--framings 0 12 -12]
        [--smoothings 0 1.5] [--flip] [--originals DIR]

Beside the metrics of all held-out images stands the AUROC of normal against pneumonia on the images against which
a shortcut speaks: those that a linear classifier of the border and the grey levels alone (cross-validated by patient,
see `neumo.datasets.check.lungless`) puts on the wrong side. A network that leans on that shortcut does badly there. With
--originals (full-size files, paired by name with images of the data set) come the share of pairs with the same
finding and the mean absolute difference of their probabilities. The official test images are not touched. 95 % intervals by resampling patients.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from neumo.datasets.check.lungless import border_features, intensity_features
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry, Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.evaluation.metrics.classification import decision_metrics, measure
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.imaging import open_radiograph
from neumo.imaging.prepare import fit_square, scale_intensity
from neumo.models.smoothing import GaussianSmoothing
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.allocator import prepare_processor
from neumo.training.run_folder import RunFolder

STORED = 224
BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sides", nargs="+", type=int, default=[192])
    parser.add_argument("--fields", nargs="+", type=float, default=[0.875])
    parser.add_argument(
        "--framings",
        nargs="+",
        type=int,
        default=[0],
        help="pixels of 224 cut off each side; negative pads in black",
    )
    parser.add_argument(
        "--smoothings",
        nargs="+",
        type=float,
        default=[0],
        help="standard deviation in pixels of a Gaussian before the network, beside its own",
    )
    parser.add_argument("--originals", type=Path)
    parser.add_argument("--flip", action="store_true", help="also average with the mirrored image")
    options = parser.parse_args()
    prepare_processor()
    manifest = open_dataset(options.data)
    truth = np.array([entry.finding.index for entry in manifest.entries])
    against = shortcut_is_wrong(manifest, truth)
    print(
        "run side field framing smoothing flip | specificity at .5 | accuracy | log loss | AUROC N/P | AUROC B/V | "
        "AUROC N/P against the shortcut" + (" | same finding | mean |dp|" if options.originals else "")
    )
    pairs = paired(options.originals, manifest) if options.originals else ([], [])
    for path in options.runs:
        run, trained = RunFolder(path), load_network(path)
        held_out = np.array(run.split(manifest).indices("val", manifest))
        images = np.array(decoded_pixels(manifest, STORED).array[held_out])
        patients = [manifest.entries[i].patient for i in held_out]
        said = (truth[held_out], against[held_out], patients)
        for smoothing in options.smoothings:
            network = smoothed(trained, smoothing)
            for side, field, framing in product(options.sides, options.fields, options.framings):
                seen = framed(images, framing)
                chances = probabilities(network, seen, side, field)
                row = [path.name, side, field, framing, smoothing]
                agreed = agreement(network, pairs, side, field) if options.originals else ""
                print(*row, "no", figures(chances, *said) + agreed, flush=True)
                if options.flip:
                    both = (chances + probabilities(network, seen[:, :, ::-1], side, field)) / 2
                    print(*row, "yes", figures(both, *said), flush=True)


def smoothed(trained: TrainedNetwork, sigma: float) -> TrainedNetwork:
    if not sigma:
        return trained
    return replace(trained, network=nn.Sequential(GaussianSmoothing(sigma), trained.network).eval())


Pixels = Sequence[NDArray[np.uint8]]


def originals(folder: Path, manifest: Manifest) -> dict[Path, Entry]:
    """Find full-size files named like a training image, and that image's entry."""
    named = {manifest.file(entry).name: entry for entry in manifest.entries if entry.split != "test"}
    found = {file: named[file.name] for file in sorted(folder.rglob("*")) if file.name in named}
    if not found:
        raise SystemExit(f"{folder}: no file has the name of a training image")
    return found


def paired(folder: Path, manifest: Manifest) -> tuple[Pixels, Pixels]:
    """Full-size radiographs and their copies in the data set, by file name."""
    files = originals(folder, manifest)
    large = [open_radiograph(file).pixels for file in files]
    return large, [open_radiograph(manifest.file(entry)).pixels for entry in files.values()]


def agreement(trained: TrainedNetwork, pairs: tuple[Pixels, Pixels], side: int, field: float) -> str:
    large, small = (probabilities(trained, images, side, field) for images in pairs)
    same = float(np.mean(large.argmax(axis=1) == small.argmax(axis=1)))
    return f" | {same:.3f} of {len(large)} | {np.abs(large - small).mean():.4f}"


def framed(images: NDArray[np.uint8], cut: int) -> NDArray[np.uint8]:
    """Images cut by so many pixels at each side, or padded in black where that is negative."""
    if cut > 0:
        return images[:, cut:-cut, cut:-cut]
    return np.pad(images, ((0, 0), (-cut, -cut), (-cut, -cut)))


def shortcut_is_wrong(manifest: Manifest, truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Images that border and grey levels alone put on the wrong side; official test images are never among them."""
    material = np.array([i for i, entry in enumerate(manifest.entries) if entry.split != "test"])
    pixels = decoded_pixels(manifest, STORED).array
    features = np.stack(
        [
            np.concatenate(
                [border_features(image), intensity_features(np.bincount(image.ravel(), minlength=256))]
            )
            for image in (np.array(pixels[i]) for i in material)
        ]
    )
    sick = truth[material] > 0
    patients = np.unique([manifest.entries[i].patient for i in material], return_inverse=True)[1]
    said = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
        features,
        sick,
        groups=patients,
        cv=StratifiedGroupKFold(5, shuffle=True, random_state=42),
    )
    wrong = np.zeros(len(manifest), dtype=bool)
    wrong[material] = said != sick
    return wrong


def probabilities(
    trained: TrainedNetwork, images: Pixels | NDArray[np.uint8], side: int, field: float
) -> NDArray[np.float64]:
    network = trained.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            squares = np.stack(
                [
                    fit_square(np.ascontiguousarray(image), side, field)
                    for image in images[start : start + BATCH]
                ]
            )
            batch = torch.from_numpy(scale_intensity(squares, trained.card.intensity)).unsqueeze(1)
            rows.append(
                network(batch.contiguous(memory_format=torch.channels_last)).double().softmax(1).numpy()
            )
    return np.concatenate(rows)


def figures(
    chances: NDArray[np.float64], truth: NDArray[np.int64], against: NDArray[np.bool_], patients: list[str]
) -> str:
    said = Predictions(
        paths=tuple(map(str, range(len(truth)))),
        patients=tuple(patients),
        truth=truth,
        probabilities=chances,
    )
    normal_or_pneumonia = "auroc_normal_vs_pneumonia"

    def weighted(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        everything = measure(said, weights)
        return {
            "specificity": decision_metrics(said, 0.5, weights)["specificity"],
            "accuracy": everything["accuracy"],
            "log loss": everything["log_loss"],
            "N/P": everything[normal_or_pneumonia],
            "B/V": everything["auroc_bacterial_vs_viral"],
            "against": measure(said, weights * against)[normal_or_pneumonia],
        }

    found = estimates(weighted, patients, resamples=500, seed=42)
    return " | ".join(f"{e.value:.4f} ({e.low:.4f}-{e.high:.4f})" for e in found.values())


if __name__ == "__main__":
    main()
