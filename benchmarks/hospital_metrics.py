"""Metrics of runs within each source of the images that they held out, and of a source that no run was trained on.

    python benchmarks/hospital_metrics.py RUN... --data MANIFEST.csv [--other OTHER.csv] --out DIR
    python benchmarks/hospital_metrics.py --bundle BUNDLE --other OTHER.csv --out DIR

The runs are folds of one recipe: what each held out is put together. With --other each run reads that data set by itself, and
neither is ever pooled over sources. --without leaves out images by a column of the manifest. A bundle reads it without its gate, as runs have none: for comparing networks, not for
what its users get. Official test images are not touched. 95 % intervals by resampling patients.
"""

import argparse
import math
from dataclasses import replace
from pathlib import Path

from neumo import Reader
from neumo.bundle.folder import Bundle, load_bundle
from neumo.cli.show import console
from neumo.cli.tables import source_tables
from neumo.core.ages import OLDEST
from neumo.datasets.attributes import attribute_value
from neumo.study.evaluate_sources import ALL, evaluate_reader_by_source, evaluate_runs_by_source


def without_gate(bundle: Bundle) -> Bundle:
    """Return a bundle that refuses no image for its age or its distance from the training images."""
    gate = replace(bundle.config.gate, distance=math.inf, age_years=(0.0, OLDEST))
    return replace(bundle, config=replace(bundle.config, gate=gate))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--bundle", type=Path, help="its folder, instead of runs")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--other", type=Path)
    parser.add_argument("--without", action="append", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    without = [attribute_value(given) for given in options.without]
    if options.bundle is not None and options.other is not None:
        evaluated = evaluate_reader_by_source(
            Reader(without_gate(load_bundle(options.bundle))),
            options.other,
            options.out,
            part=ALL,
            without=without,
        )
        for table in source_tables(evaluated.sources):
            console.print(table)
        return
    for table in source_tables(
        evaluate_runs_by_source(options.runs, options.out, data=options.data, without=without)
    ):
        console.print(table)
    if options.other is not None:
        for run in options.runs:
            console.print(f"{run.name} on {options.other.stem}")
            out = options.out / f"{run.name}-{options.other.stem}"
            for table in source_tables(evaluate_runs_by_source([run], out, other=options.other)):
                console.print(table)


if __name__ == "__main__":
    main()
