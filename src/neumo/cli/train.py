"""`neumo train`: an experiment file to a trained run."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli.show import console, progress_bar, require_train_extra


def train(
    experiment: Annotated[Path, typer.Argument(help="Experiment file, such as experiments/run3.yaml.")],
    data: Annotated[
        Path, typer.Option("--data", help="Data set folder or CSV manifest.", show_default=False)
    ],
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the run; default runs/NAME.")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one value, such as schedule.batch_size=16."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    devices: Annotated[
        str, typer.Option("--devices", help="GPUs or processes to use: auto or a number.")
    ] = "auto",
    nodes: Annotated[int, typer.Option("--nodes", min=1, help="Machines that train together.")] = 1,
) -> None:
    """Train a run. Ctrl-C leaves it resumable; so does a crash."""
    require_train_extra("neumo train")
    from neumo.training.config import load_experiment
    from neumo.training.fit import train as fit

    settings = load_experiment(experiment, overrides or [])
    folder = out or Path("runs") / settings.name
    with progress_bar("decoding images (once)") as decoding:
        outcome = fit(
            settings,
            data,
            folder,
            resume=resume,
            console=console,
            decoding=decoding,
            devices=int(devices) if devices.isdecimal() else devices,
            nodes=nodes,
        )
    if outcome.status == "interrupted":
        again = ["neumo", "train", str(experiment), "--data", str(data), "--out", str(folder)]
        again += [part for override in overrides or [] for part in ("--set", override)]
        _say(f"interrupted after {outcome.epochs} epochs; go on with: {shlex.join([*again, '--resume'])}")
        raise typer.Exit(130)
    _say(
        f"{folder}: {outcome.epochs} epochs, best {outcome.best_epoch} (validation loss {outcome.best_val_loss:.4f}). "
        f"Judge it with: {shlex.join(['neumo', 'evaluate', str(folder)])}"
    )


def _say(line: str) -> None:
    """Print a line with a command in it as it is: unbroken, its brackets no markup, so that it can be copied."""
    console.print(line, soft_wrap=True, markup=False)
