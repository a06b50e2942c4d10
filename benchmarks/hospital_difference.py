"""Difference between two readers' metrics on the same images, within each source and view, paired by image.

    python benchmarks/hospital_difference.py A/answers.csv B/answers.csv

The files are those of `neumo evaluate --by source` and benchmarks/hospital_metrics.py. Images that either reader did not answer
are left out, as are labels that are neither normal nor pneumonia. 95 % intervals by resampling patients, the same for both.
"""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neumo.cli.show import console
from neumo.core.findings import Finding
from neumo.core.labels import PartialLabel
from neumo.evaluation.metrics.weighted import FloatArray, weighted_auroc
from neumo.evaluation.uncertainty.bootstrap import estimates

Row = Mapping[str, str]


def answers_of(file: Path) -> dict[str, Row]:
    """Return the answered rows of normal images and pneumonia by the image's path, without its folder's place."""
    with file.open(newline="") as stream:
        return {
            "/".join(Path(row["path"]).parts[-2:]): row
            for row in csv.DictReader(stream)
            if row["p_NORMAL"] and row["label"] != PartialLabel.OTHER_ABNORMAL
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--resamples", type=int, default=1000)
    options = parser.parse_args()
    first, second = answers_of(options.first), answers_of(options.second)
    both = [(first[path], second[path]) for path in sorted(first.keys() & second.keys())]
    groups: dict[str, list[tuple[Row, Row]]] = {}
    for pair in both:
        source = pair[0]["source"] or options.first.parent.name
        groups.setdefault(source, []).append(pair)
        if pair[0]["view"]:
            groups.setdefault(f"{source} {pair[0]['view']}", []).append(pair)
    for name, pairs in sorted(groups.items()):
        sick = np.array([a["label"] != Finding.NORMAL for a, _ in pairs])
        if sick.all() or not sick.any():
            continue
        chances = [np.array([1 - float(pair[side]["p_NORMAL"]) for pair in pairs]) for side in (0, 1)]

        def aurocs(
            weights: FloatArray, sick: object = sick, chances: object = chances
        ) -> dict[str, FloatArray]:
            a, b = (weighted_auroc(sick, one, weights) for one in chances)  # type: ignore[arg-type, attr-defined]
            return {"first": a, "second": b, "difference": b - a}

        found = estimates(aurocs, [a["patient"] for a, _ in pairs], resamples=options.resamples, seed=42)
        console.print(
            f"{name}: {len(pairs)} images, AUROC normal / pneumonia {found['first']} and {found['second']}, "
            f"difference {found['difference']}"
        )


if __name__ == "__main__":
    main()
