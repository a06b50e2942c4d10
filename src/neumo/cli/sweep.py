"""`neumo sweep`: recipes on folds with seeds, on this machine or a Ray cluster, and one table at the end."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.cli.show import console, progress_bar, require_extra, say, warn

if TYPE_CHECKING:
    from neumo.study.sweep.sweep import Launch

app = typer.Typer()

_HERE = "local"
"""Address by which Ray is started on this machine."""


@app.command()
def sweep(
    recipes: Annotated[list[Path], typer.Argument(help="Experiment files, such as experiments/*.yaml.")],
    data: options.Dataset,
    out: Annotated[Path, typer.Option("--out", help="Folder of the sweep.", show_default=False)],
    folds: Annotated[
        int | None, typer.Option("--folds", min=2, max=50, help="Of each recipe, instead of its own split.")
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, max=100, help="How many, counted up from the recipe's own.")
    ] = 1,
    overrides: options.Overrides = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Of a Ray cluster, such as auto; local starts Ray here; else one run after the other.",
        ),
    ] = None,
    cpus: Annotated[float, typer.Option("--cpus", min=0.1, help="Cores of a run, with --ray.")] = 1,
    gpus: Annotated[float, typer.Option("--gpus", min=0, help="GPUs of a run, with --ray.")] = 0,
    resamples: options.Resamples = 1000,
) -> None:
    """Train every recipe on every fold with every seed, and tabulate the held-out images; resumable run by run."""
    require_extra("train", "neumo sweep")
    from neumo.cli.tables import sweep_table
    from neumo.study.sweep.plan import planned_runs
    from neumo.study.sweep.sweep import sweep as train_all
    from neumo.study.sweep.table import TABLE, evaluate_sweep, write_table

    runs = planned_runs(recipes, out, folds=folds, seeds=seeds, overrides=overrides or [])
    failed = 0
    say("{count} runs, in {folder}", count=len(runs), folder=out)
    try:
        for number, ended in enumerate(train_all(runs, data, launch=_launch(ray, cpus, gpus)), start=1):
            if ended.interrupted:
                raise KeyboardInterrupt
            failed += bool(ended.fault)
            if ended.fault:
                warn("{number}: {name} failed: {why}", number=number, name=ended.name, why=ended.fault)
            else:
                say("{number}: {name} is finished", number=number, name=ended.name)
    except KeyboardInterrupt:
        say("interrupted; the same command goes on")
        raise typer.Exit(130) from None
    with progress_bar("predicting") as predicting:
        rows, missing = evaluate_sweep(runs, data, resamples=resamples, predicting=predicting)
    write_table(out, rows, missing)
    if rows:
        console.print(sweep_table(rows))
    for name, why in missing.items():
        warn("not in the table: {name} ({why})", name=name, why=why)
    say("table: {file}", file=out / f"{TABLE}.csv")
    if failed or missing:
        raise typer.Exit(1)


def _launch(address: str | None, cpus: float, gpus: float) -> "Launch":
    if address is None:
        from neumo.study.sweep.sweep import one_after_the_other

        return one_after_the_other
    require_extra("cluster", "neumo sweep --ray")
    from neumo.cluster.tasks import on_ray

    return partial(on_ray, address=None if address == _HERE else address, cpus=cpus, gpus=gpus)
