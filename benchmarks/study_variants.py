"""Variants of one of the study's runs, judged without the official test set.

    python benchmarks/study_variants.py RUN... --data DIR [--part holdout] [--other OTHER.csv] [--epochs DIR]
        [--originals DIR]

One row a run, on the images of its own --part of the training material: the same for runs of one seed and split. Beside
them stand those against which a shortcut speaks, which a linear classifier of border and grey levels alone puts on
the wrong side (`recipe_folds.py`), and with --other the normals of another hospital, by the most probable finding, and its
AUROC of normal against pneumonia. With --epochs a row follows for every copy of RUN/resume/last.ckpt that was put there
as NAME-*.ckpt while the run trained; one that was copied half is passed over.

With --originals: full-size files of training images, reduced to the network's input by each of several methods,
each against antialiased bilinear: the share with the same finding, and the mean change of the probability of normal of
normals and of pneumonias. 95 % intervals by resampling patients.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from recipe_folds import Pixels, probabilities, shortcut_is_wrong
from torch.nn import functional

from neumo.core.findings import Finding
from neumo.core.labels import PartialLabel
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.evaluation.metrics.weighted import ratio, weighted_auroc, weighted_mean
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.imaging import open_radiograph
from neumo.imaging.prepare import fit_square
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.allocator import prepare_processor
from neumo.training.run_folder import RunFolder

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


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
    prepare_processor()
    manifest = open_dataset(options.data)
    truth = np.array([entry.finding.index for entry in manifest.entries])
    against = shortcut_is_wrong(manifest, truth)
    elsewhere = normal_or_pneumonia(options.other) if options.other else None
    print(
        "run | accuracy | macro-F1 | recall normal, bacterial, viral | AUROC N/P | recall normal, AUROC N/P against the "
        "shortcut | recall normal, AUROC N/P elsewhere"
    )
    for path in options.runs:
        trained = load_network(path)
        side = trained.card.image_size
        part = np.array(RunFolder(path).split(manifest).indices(options.part, manifest))
        home = Home(
            np.array(decoded_pixels(manifest, side).array[part]),
            truth[part],
            against[part],
            [manifest.entries[i].patient for i in part],
        )
        other = elsewhere and elsewhere._replace(pixels=squares(elsewhere.pixels, side))
        print(f"{path.name} | {row(trained, home, other)}", flush=True)
        for epoch in epochs(options.epochs, path.name) if options.epochs else ():
            trained.network.load_state_dict(epoch.weights)
            print(f"{path.name}, epoch {epoch.number} | {row(trained, home, other)}", flush=True)
    if options.originals:
        by_resizing(options.runs, options.originals, manifest)


class Epoch(NamedTuple):
    """Number of an epoch, from 1, and the weights after it."""

    number: int
    weights: dict[str, torch.Tensor]


def epochs(folder: Path, name: str) -> Iterator[Epoch]:
    """Yield the epochs of a run from copies of its checkpoint, oldest first."""
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


class Home(NamedTuple):
    """Images of one part of the training material, class indices, whether a shortcut misleads, and patients."""

    pixels: NDArray[np.uint8]
    truth: NDArray[np.int64]
    against: Bools
    patients: list[str]


class Elsewhere(NamedTuple):
    """Images of another hospital that are normal or pneumonia, whether they are pneumonia, and their patients."""

    pixels: Pixels | NDArray[np.uint8]
    sick: Bools
    patients: list[str]


def normal_or_pneumonia(file: Path) -> Elsewhere:
    """Read those images of a manifest."""
    manifest = open_dataset(file)
    wanted = [entry for entry in manifest.entries if entry.label != PartialLabel.OTHER_ABNORMAL]
    return Elsewhere(
        [open_radiograph(manifest.file(entry)).pixels for entry in wanted],
        np.array([entry.label != Finding.NORMAL for entry in wanted]),
        [entry.patient for entry in wanted],
    )


def squares(images: Pixels | NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Reduce images to a network's input as reading does."""
    return np.stack([fit_square(np.ascontiguousarray(image), side) for image in images])


def row(trained: TrainedNetwork, home: Home, elsewhere: Elsewhere | None) -> str:
    """Metrics of one network, with intervals."""
    cells = [at_home(probabilities(trained, home.pixels, trained.card.image_size, 1), home)]
    if elsewhere is not None:
        chances = probabilities(trained, elsewhere.pixels, trained.card.image_size, 1)
        cells.append(by_hospital(chances, elsewhere))
    return " | ".join(cells)


def at_home(chances: Floats, home: Home) -> str:
    """Metrics of one part of the training material."""
    truth, against = home.truth, home.against
    found = chances.argmax(axis=1)
    right = (found == truth).astype(float)
    sick, pneumonia = truth > 0, 1 - chances[:, 0]

    def weighted(weights: Floats) -> dict[str, Floats]:
        recalls, scores = [], []
        for c in range(3):
            hits = (weights * right)[:, truth == c].sum(axis=1)
            labelled, answered = weights[:, truth == c].sum(axis=1), weights[:, found == c].sum(axis=1)
            recalls.append(ratio(hits, labelled))
            scores.append(ratio(2 * hits, labelled + answered))
        clear = against & ~sick
        return {
            "accuracy": weighted_mean(right, weights),
            "macro-F1": np.mean(scores, axis=0),
            "N": recalls[0],
            "B": recalls[1],
            "V": recalls[2],
            "N/P": weighted_auroc(sick, pneumonia, weights),
            "against N": weighted_mean(right[clear], weights[:, clear]),
            "against N/P": weighted_auroc(sick[against], pneumonia[against], weights[:, against]),
        }

    return _cells(weighted, home.patients)


def by_hospital(chances: Floats, elsewhere: Elsewhere) -> str:
    """Share of normals that are found normal, and AUROC of normal against pneumonia."""
    sick = elsewhere.sick
    normal = (chances.argmax(axis=1) == 0).astype(float)

    def weighted(weights: Floats) -> dict[str, Floats]:
        return {
            "N": weighted_mean(normal[~sick], weights[:, ~sick]),
            "N/P": weighted_auroc(sick, 1 - chances[:, 0], weights),
        }

    return _cells(weighted, elsewhere.patients)


def _cells(weighted: Callable[[Floats], dict[str, Floats]], patients: list[str]) -> str:
    found = estimates(weighted, patients, resamples=1000, seed=42)
    return " | ".join(f"{each.value:.3f} ({each.low:.3f}-{each.high:.3f})" for each in found.values())


def _pillow(method: Image.Resampling) -> Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]:
    return lambda pixels, side: np.array(Image.fromarray(pixels).resize((side, side), method))


def _bilinear_of_four(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Bilinear between four neighbours at half-pixel centres, as TensorFlow resizes unless told to antialias."""
    levels = torch.from_numpy(pixels)[None, None].float()
    resized = functional.interpolate(levels, (side, side), mode="bilinear", align_corners=False)
    square: NDArray[np.uint8] = resized[0, 0].round().to(torch.uint8).numpy()
    return square


METHODS = {
    "bilinear, antialiased": _pillow(Image.Resampling.BILINEAR),
    "bilinear of four neighbours": _bilinear_of_four,
    "nearest neighbour": _pillow(Image.Resampling.NEAREST),
    "mean of the area": _pillow(Image.Resampling.BOX),
    "Lanczos": _pillow(Image.Resampling.LANCZOS),
}


def by_resizing(runs: list[Path], folder: Path, manifest: Manifest) -> None:
    """Print how a run's answers to the full-size files change with the method of their reduction."""
    labels = {manifest.file(e).name: e.finding for e in manifest.entries if e.split != "test"}
    files = [file for file in sorted(folder.rglob("*")) if file.name in labels]
    large = [open_radiograph(file).pixels for file in files]
    sick = np.array([labels[file.name] != Finding.NORMAL for file in files])
    print("run | resizing | same finding | change of P(normal): normals, pneumonias")
    for path in runs:
        trained = load_network(path)
        side = trained.card.image_size
        first: Floats | None = None
        for name, method in METHODS.items():
            reduced = np.stack([method(pixels, side) for pixels in large])
            chances = probabilities(trained, reduced, side, 1)
            first = chances if first is None else first
            same = np.mean(chances.argmax(axis=1) == first.argmax(axis=1))
            change = chances[:, 0] - first[:, 0]
            print(
                f"{path.name} | {name} | {same:.3f} of {len(large)} | {change[~sick].mean():+.3f} | {change[sick].mean():+.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
