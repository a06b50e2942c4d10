"""`neumo train`: an experiment file to a trained run."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import console, progress_bar, require_extra, say

app = typer.Typer()


@app.command()
def train(
    experiment: Annotated[Path, typer.Argument(help="Experiment file, such as experiments/run3.yaml.")],
    data: options.Dataset,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the run; default runs/NAME.")] = None,
    overrides: options.Overrides = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    devices: Annotated[
        str,
        typer.Option("--devices", help="GPUs of this machine: auto or a number; torchrun and srun say it."),
    ] = "auto",
) -> None:
    """Train a run. Ctrl-C leaves it resumable; so does a crash."""
    require_extra("train", "neumo train")
    from neumo.core.files import require_writable
    from neumo.training.config import load_experiment
    from neumo.training.fit import train as fit

    settings = load_experiment(experiment, overrides or [])
    folder = out or Path("runs") / settings.name
    require_writable(folder / "experiment.yaml")
    with progress_bar("decoding images (once)") as decoding:
        outcome = fit(
            settings,
            data,
            folder,
            resume=resume,
            console=console,
            decoding=decoding,
            devices=int(devices) if devices.isdecimal() else devices,
        )
    if not outcome.leads:
        raise typer.Exit(130 if outcome.status == "interrupted" else 0)
    if outcome.status == "interrupted":
        again = ["neumo", "train", str(experiment), "--data", str(data), "--out", str(folder)]
        again += [part for override in overrides or [] for part in ("--set", override)]
        say(
            "interrupted after {epochs} epochs; go on with: {command}",
            epochs=outcome.epochs,
            command=shlex.join([*again, "--resume"]),
        )
        raise typer.Exit(130)
    say(
        "{folder}: {epochs} epochs, best {best} (validation loss {loss:.4f}). Evaluate it with: {command}",
        folder=folder,
        epochs=outcome.epochs,
        best=outcome.best_epoch,
        loss=outcome.best_val_loss,
        command=shlex.join(["neumo", "evaluate", str(folder)]),
    )
