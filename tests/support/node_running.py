"""Nodes in this process, or as programs of their own."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml
from tests.support.forked import Process, pipe, start_neumo
from tests.support.waiting import wait_until

from neumo.core.settings import parse_settings
from neumo.dicomnode.config import NodeConfig
from neumo.dicomnode.node import Running, running


@contextmanager
def node(settings: dict[str, Any]) -> Iterator[Running]:
    """Run a node in this process."""
    with running(parse_settings(NodeConfig, settings, "test")) as at_work:
        yield at_work


@dataclass
class Program:
    """`neumo listen` as a program of its own."""

    process: Process
    log: IO[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    def follow(self) -> None:
        """Collect its log until it ends."""
        for line in self.log:
            self.raw.append(line)
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"event": "no JSON", "text": line})

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in list(self.lines) if line["event"] == name]

    @property
    def port(self) -> int:
        wait_until(lambda: self.events("started") or self.process.poll() is not None, what=self.raw)
        assert self.process.poll() is None, self.raw
        return int(self.events("started")[0]["port"])

    @property
    def health_port(self) -> int:
        assert self.port
        return int(self.events("started")[0]["health_port"])

    def kill(self) -> None:
        """Kill the node, as a loss of power would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(120)


@contextmanager
def program(settings: dict[str, Any], tmp_path: Path) -> Iterator[Program]:
    """Run `neumo listen` as a program until the block ends."""
    file = tmp_path / "node.yaml"
    file.write_text(yaml.safe_dump(settings))
    log, its_log = pipe()
    with its_log, Path(os.devnull).open("w") as nowhere:
        started = start_neumo(["listen", "--config", file], nowhere, its_log)
    running_program = Program(started, log)
    follower = threading.Thread(target=running_program.follow)
    follower.start()
    try:
        yield running_program
    finally:
        if started.poll() is None:
            started.terminate()
            try:
                started.wait(120)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
        follower.join()
        log.close()
