"""The node's side of a reader in a process of its own: ask, wait no longer than allowed, start anew after a death."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.core.errors import NodeError
from neumo.dicomnode.config import ReadConfig

_START_SECONDS = 120.0
"""For a reader to load its bundle, on a slow and busy machine."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt at an object ended.

    Attributes
    ----------
    status : str or None
        "read" or "refused"; None where there is no reading.
    reason : str
        Code of why there is none: "crash", "timeout", "error: ...", or the reader's own code; else "".
    final : bool
        Whether another attempt can only end the same way.
    """

    status: str | None
    reason: str = ""
    final: bool = False


class ReadingProcess:
    """A reader that can crash, hang or be killed without harm; one thread at a time may ask it.

    Parameters
    ----------
    config : ReadConfig
    """

    def __init__(self, config: ReadConfig) -> None:
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._killed_for_time = False

    def start(self) -> str:
        """Start the reader and return its bundle's digest. Raises NodeError when it does not start."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "neumo.dicomnode.work.reading_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        config = self._config
        settings = {
            "bundle": config.bundle,
            "operating_point": config.operating_point,
            "coverage": config.coverage,
            "allow_outside_range": config.allow_outside_range,
            "threads": config.threads,
            "results": config.results,
        }
        try:
            answer = self._exchange(settings, _START_SECONDS)
        except OSError as error:
            self.end()
            raise NodeError("read: the reader's process ended while it started; try neumo doctor") from error
        if "fault" in answer:
            self.end()
            raise NodeError(f"read: {answer['fault']}")
        return str(answer["bundle"])

    def read(self, source: Path, target: Path, name: str) -> Outcome:
        """Read an object and keep its results.

        Parameters
        ----------
        source : Path
            DICOM file.
        target : Path
            Folder that holds the results afterwards; where it is there already, nothing is read again.
        name : str
            What the kept reading calls the file.

        Raises
        ------
        NodeError
            The reader died earlier and does not start again.
        """
        if self._process is None:
            self.start()
        request = {"source": str(source), "target": str(target), "name": name}
        try:
            return _outcome(self._exchange(request, self._config.timeout))
        except OSError:
            self.end()
            return Outcome(None, "timeout" if self._killed_for_time else "crash")

    def end(self) -> None:
        """Kill the reader and wait for its end; safe at any time."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was still to be flushed has nowhere to go
                pass

    def kill(self) -> None:
        """Kill the reader from another thread; the thread that asks it learns of a crash."""
        process = self._process
        if process is not None:
            process.kill()

    def _exchange(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Send a line and wait for one; raises OSError when the reader dies or takes too long."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        self._killed_for_time = False

        def too_long() -> None:
            self._killed_for_time = True
            process.kill()

        watchdog = threading.Timer(seconds, too_long)
        watchdog.daemon = True
        watchdog.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line.endswith(b"\n"):
            raise BrokenPipeError("the reader ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _outcome(answer: Mapping[str, Any]) -> Outcome:
    if "error" in answer:
        return Outcome(None, f"error: {answer['error']} at {answer['where']}")
    if answer["status"] == "failed":
        codes = answer["reasons"]
        # The disk may answer next time; a file that is no image stays none.
        return Outcome(None, ", ".join(codes), final="unreadable_file" not in codes)
    return Outcome(str(answer["status"]))
