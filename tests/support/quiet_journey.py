"""Every command that reads, serves, listens, checks, trains or evaluates, in processes that somebody watches.

Run as a program: quiet_journey.py FOLDER BUNDLE PHANTOMS FILM EXPERIMENT
"""

import sys
from contextlib import suppress
from pathlib import Path

from tests.support.node_running import program
from tests.support.web_running import running

from neumo.cli.main import main
from neumo.client import Client


def command(*arguments: object) -> None:
    sys.argv = ["neumo", *map(str, arguments)]
    with suppress(SystemExit):
        main()


def journey(folder: Path, bundle: Path, phantoms: Path, film: Path, experiment: Path) -> None:
    command("read", film, "--bundle", bundle, "--json", folder / "out.jsonl")
    command("doctor", "--bundle", bundle)
    command(
        "train", experiment, "--data", phantoms, "--out", folder / "run", "--set", "schedule.max_epochs=1"
    )
    command("evaluate", folder / "run", "--resamples", 40)
    with running(folder / "web", bundle) as server, Client(server.address) as client:
        assert client.read(film).status
    settings = {
        "data": str(folder / "node"),
        "receive": {"port": 0, "limits": {"free_bytes": 0}},
        "read": {"bundle": str(bundle), "threads": 1},
        "health": {"port": 0},
    }
    with program(settings, folder) as node:
        assert node.port
    assert (folder / "run/evaluation/test/report.html").exists()


if __name__ == "__main__":
    journey(*map(Path, sys.argv[1:]))
