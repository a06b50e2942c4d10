"""Metrics of runs within each source of the images that they held out, and of a source that no run was trained on.

    python benchmarks/hospital_metrics.py RUN... --data MANIFEST.csv [--other OTHER.csv] [--pooled]

Never pooled over sources: a pooled AUROC mostly reads the hospital. --pooled joins the runs (folds of one recipe). For each
source: accuracy, log loss and AUROC bacterial/viral over findings; AUROC normal/pneumonia over findings and pneumonia of
unknown cause, all and by view, with sensitivity and specificity at .5; and the share of other disease that is called
pneumonia. Official test images are not touched. 95 % intervals by resampling patients.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from neumo.datasets.labels import LABELS, PartialLabel, allowed_findings
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry, Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.evaluation.metrics.weighted import weighted_auroc
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.imaging.prepare import scale_intensity
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.allocator import prepare_processor
from neumo.training.run_folder import RunFolder

BATCH = 64
Floats = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--other", type=Path)
    parser.add_argument("--pooled", action="store_true")
    options = parser.parse_args()
    prepare_processor()
    manifest = open_dataset(options.data)
    other = open_dataset(options.other) if options.other else None
    pooled: list[tuple[Entry, Floats]] = []
    for path in options.runs:
        run, trained = RunFolder(path), load_network(path)
        held_out = run.split(manifest).indices("val", manifest)
        read = list(
            zip(
                [manifest.entries[i] for i in held_out],
                probabilities(trained, manifest, held_out),
                strict=True,
            )
        )
        pooled += read
        if not options.pooled:
            report(path.name, read)
        if other is not None:
            everything = list(range(len(other)))
            said = probabilities(trained, other, everything)
            report(f"{path.name} on {options.other.stem}", list(zip(other.entries, said, strict=True)))
    if options.pooled:
        report("pooled", pooled)


def probabilities(trained: TrainedNetwork, manifest: Manifest, positions: list[int]) -> Floats:
    card = trained.card
    pixels = decoded_pixels(manifest, card.image_size, field_of_view=card.field_of_view).array
    network = trained.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    rows = []
    with torch.inference_mode():
        for start in range(0, len(positions), BATCH):
            scaled = scale_intensity(pixels[positions[start : start + BATCH]], card.intensity)
            images = torch.from_numpy(scaled).unsqueeze(1).contiguous(memory_format=torch.channels_last)
            rows.append(network(images).double().softmax(1).numpy())
    return np.concatenate(rows)


def report(name: str, read: list[tuple[Entry, Floats]]) -> None:
    for source in sorted({entry.source for entry, _ in read}):
        members = [(entry, row) for entry, row in read if entry.source == source]
        entries, said = [entry for entry, _ in members], np.stack([row for _, row in members])
        print(f"{name}: {source or 'images'}, {len(entries)}")
        for metric, text in metrics(entries, said).items():
            print(f"    {metric}: {text}", flush=True)


def metrics(entries: list[Entry], said: Floats) -> dict[str, str]:
    codes = np.array([entry.code for entry in entries])
    views = np.array([entry.view for entry in entries])
    patients = [entry.patient for entry in entries]
    complete = codes < 3
    sick = np.array([Counted.get(code, False) for code in codes.tolist()])
    judged = sick | (codes == 0)
    pneumonia = 1 - said[:, 0]
    viral = said[:, 2] / np.maximum(said[:, 1] + said[:, 2], 1e-12)
    kinds = (codes == 1) | (codes == 2)
    found: dict[str, str] = {}
    if kinds.any() and (codes[kinds] == 1).any() and (codes[kinds] == 2).any():
        truth = np.where(complete, codes, 0)
        right = (said.argmax(1) == truth).astype(float)
        loss = -np.log(np.maximum(said[np.arange(len(truth)), truth], 1e-12))

        def of_findings(weights: Floats) -> dict[str, Floats]:
            total = weights[:, complete].sum(1)
            return {
                "accuracy, three classes": weights[:, complete] @ right[complete] / total,
                "log loss": weights[:, complete] @ loss[complete] / total,
                "AUROC bacterial/viral": weighted_auroc(codes[kinds] == 2, viral[kinds], weights[:, kinds]),
            }

        found |= shown(of_findings, patients)
    known = sorted({view for view in views.tolist() if view})
    for view in [None, *known] if len(known) > 1 else [None]:
        chosen = judged if view is None else judged & (views == view)
        if len(set(sick[chosen].tolist())) < 2:
            continue

        def of_pneumonia(
            weights: Floats, chosen: NDArray[np.bool_] = chosen, view: str | None = view
        ) -> dict[str, Floats]:
            within = weights[:, chosen]
            truth, score = sick[chosen], pneumonia[chosen]
            label = "" if view is None else f", {view}"
            return {
                f"AUROC normal/pneumonia{label}": weighted_auroc(truth, score, within),
                f"sensitivity at .5{label}": within[:, truth]
                @ (score[truth] >= 0.5)
                / within[:, truth].sum(1),
                f"specificity at .5{label}": within[:, ~truth]
                @ (score[~truth] < 0.5)
                / within[:, ~truth].sum(1),
            }

        found |= shown(of_pneumonia, patients)
    if 3 in codes and 2 in codes and 1 not in codes:  # typical for one virus, and indeterminate
        chosen = (codes == 0) | (codes == 2)

        def of_typical(weights: Floats) -> dict[str, Floats]:
            return {
                "AUROC normal/viral": weighted_auroc(
                    codes[chosen] == 2, pneumonia[chosen], weights[:, chosen]
                )
            }

        found |= shown(of_typical, patients)
    other = codes == LABELS.index(PartialLabel.OTHER_ABNORMAL)
    if other.any():
        found["other disease called pneumonia at .5"] = (
            f"{(pneumonia[other] >= 0.5).mean():.3f} of {other.sum()}"
        )
    return found


Counted = {code: bool(allowed_findings(label)) and code > 0 for code, label in enumerate(LABELS)}
"""Whether a label is pneumonia, of whatever cause."""


def shown(statistic: object, patients: list[str]) -> dict[str, str]:
    found = estimates(statistic, patients, resamples=500, seed=42)  # type: ignore[arg-type]
    return {name: f"{e.value:.4f} ({e.low:.4f}-{e.high:.4f})" for name, e in found.items()}


if __name__ == "__main__":
    main()
