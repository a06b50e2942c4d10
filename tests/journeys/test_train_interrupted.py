"""A run killed or interrupted goes on to the weights that it would have reached anyway."""

import csv
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.commands import call_neumo

from neumo.training.config import load_experiment
from neumo.training.fit import train

LONGER = (
    "optimizer.learning_rate=0.01",
    "schedule.batch_size=4",
    "schedule.max_epochs=9",
    "schedule.early_stopping=8",
)


def command(file: Path, data: Path, out: Path, *more: str) -> list[str]:
    more += tuple(part for override in LONGER for part in ("--set", override))
    return [
        sys.executable,
        "-m",
        "neumo",
        "train",
        str(file),
        "--data",
        str(data),
        "--out",
        str(out),
        *more,
    ]


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "metrics.csv").open() as stream:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]


def started(arguments: list[str], out: Path, epochs: int) -> subprocess.Popen[str]:
    """Start training and return once at least `epochs` epochs are on disk."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if len(rows(out)) >= epochs and (out / "resume" / "last.ckpt").exists():
                return process
        except (OSError, KeyError):
            pass
        time.sleep(0.01)
    process.kill()
    pytest.fail(f"training did not reach epoch {epochs}: {process.communicate()[0]}")


def test_kill_and_ctrl_c_then_resume_reach_the_weights_of_an_uninterrupted_run(
    tiny: Path, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(load_experiment(tiny, LONGER), phantoms, whole)

    process = started(command(tiny, phantoms, broken), broken, epochs=2)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    killed_after = len(rows(broken))
    assert killed_after < len(rows(whole)), "the kill came too late to test anything"

    process = started(command(tiny, phantoms, broken, "--resume"), broken, epochs=killed_after + 1)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 130, output
    assert "interrupted after" in output
    assert "Traceback" not in output

    named = shlex.split(output.partition("go on with: ")[2])
    assert named[0] == "neumo"
    call_neumo(capsys, *named[1:])
    assert rows(broken) == rows(whole)
    assert (broken / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
