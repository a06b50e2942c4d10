"""Metrics of runs within each source of the images that they held out, and of a source that no run was trained on.

    python benchmarks/hospital_metrics.py RUN... --data MANIFEST.csv [--other OTHER.csv] --out DIR

The runs are folds of one recipe: what each held out is put together. With --other each run reads that data set by itself, and
neither is ever pooled over sources. Official test images are not touched. 95 % intervals by resampling patients.
"""

import argparse
from pathlib import Path

from neumo.cli.show import console
from neumo.cli.tables import source_tables
from neumo.study.evaluate_sources import evaluate_runs_by_source


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--other", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    for table in source_tables(evaluate_runs_by_source(options.runs, options.out, data=options.data)):
        console.print(table)
    if options.other is not None:
        for run in options.runs:
            console.print(f"{run.name} on {options.other.stem}")
            out = options.out / f"{run.name}-{options.other.stem}"
            for table in source_tables(evaluate_runs_by_source([run], out, other=options.other)):
                console.print(table)


if __name__ == "__main__":
    main()
