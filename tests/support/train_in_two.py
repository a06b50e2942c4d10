"""Two processes, as torchrun starts them, train a run, and one that is interrupted in one of them and resumed.

They are forked, so that torch is imported once.
"""

import os
import signal
import socket
import sys
from pathlib import Path
from threading import Thread

from tests.support.waiting import wait_until

from neumo.core.errors import ConfigError
from neumo.training.config import load_experiment
from neumo.training.fit import train


def main(experiment_file: str, data: str, out: str) -> int:
    """Return the number of processes that failed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free.getsockname()[1]))
    os.environ.update(TORCHELASTIC_RUN_ID="1", WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
    processes = list[int]()
    for number in ("0", "1"):
        process = os.fork()
        if process == 0:
            os.environ.update(RANK=number, LOCAL_RANK=number)
            _train(Path(experiment_file), Path(data), Path(out))
            sys.exit(0)
        processes.append(process)
    return sum(os.waitpid(process, 0)[1] != 0 for process in processes)


def _train(experiment_file: Path, data: Path, folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    experiment = load_experiment(experiment_file)
    whole = train(experiment, data, folder / "whole")

    def interrupt_after_an_epoch() -> None:
        wait_until((folder / "broken/resume/last.ckpt").exists)
        os.kill(os.getpid(), signal.SIGINT)

    if not whole.leads:
        Thread(target=interrupt_after_an_epoch, daemon=True).start()
    broken = train(experiment, data, folder / "broken")
    assert broken.status == "interrupted"
    assert 1 <= broken.epochs < whole.epochs
    assert train(experiment, data, folder / "broken", resume=True).status == "finished"
    try:
        train(experiment, data, folder / "broken")
    except ConfigError as error:
        (folder / f"refused-{'leader' if whole.leads else 'other'}").write_text(str(error))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
