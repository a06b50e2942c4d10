"""Images per second, share of time that a GPU computes, and seconds of a whole run. Needs a GPU and nvidia-ml-py."""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import torch

from neumo.study.evaluated_runs import read_history
from neumo.training.config import load_experiment
from neumo.training.fit import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data set folder")
    parser.add_argument("--experiment", type=Path, default=Path("experiments/run1.yaml"))
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("gpu_run: this machine has no GPU that torch can use; nothing was measured")
    busy: list[int] = []
    running = threading.Event()
    running.set()

    def watch() -> None:
        while running.is_set():
            busy.append(torch.cuda.utilization())
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="neumo-gpu-") as folder:
        outcome = train(
            load_experiment(options.experiment),
            options.data,
            Path(folder) / "run",
            before_first_step=watcher.start,
        )
        running.clear()
        watcher.join()
        record = outcome.folder.record()
        history = read_history(outcome.folder)
    images = sum(record["training_images"].values())
    rate = images / min(row["seconds"] for row in history)
    print(
        f"{torch.cuda.get_device_name()}: {rate:,.0f} images/s in the fastest epoch (training and validation)"
    )
    print(
        f"a kernel ran in {sum(busy) / len(busy):.0f} % of the sampled time; whole run {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
