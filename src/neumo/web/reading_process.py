"""The server's side of a reader in a process of its own: ask, wait no longer than allowed, start anew after a death."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from neumo.core.errors import NodeError
from neumo.web.config import ReadConfig
from neumo.web.watchdog import Watchdog

_START_SECONDS = 120.0
"""For a reader to load its bundle, on a slow and busy machine."""


class ReaderGone(Exception):
    """The reader died or was killed while it was asked; `code` is "crash", "timeout" or "cancelled"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ReadingProcess:
    """A reader that can crash, hang or be killed without harm; one thread at a time may ask it.

    Parameters
    ----------
    config : ReadConfig
    """

    def __init__(self, config: ReadConfig) -> None:
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._why = "crash"
        self._killed = False
        self._watchdog = Watchdog(lambda: self.kill("timeout"))
        self.ready: Mapping[str, Any] = {}
        """What the reader said of itself: `bundle` (digest) and `options`."""

    @property
    def pid(self) -> int | None:
        """Number of the process; None where there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the reader. Raises NodeError when it does not start."""
        self._killed = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "neumo.web.reading_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        wanted = ("bundle", "operating_point", "coverage", "allow_outside_range", "threads", "memory_bytes")
        settings = {name: getattr(self._config, name) for name in wanted}
        try:
            answer = self._exchange(settings, _START_SECONDS)
        except ReaderGone as error:
            self.end()
            raise NodeError("read: the reader's process ended while it started; try neumo doctor") from error
        if "fault" in answer:
            self.end()
            raise NodeError(f"read: {answer['fault']}")
        self.ready = answer

    def ask(self, request: Mapping[str, str]) -> dict[str, Any]:
        """Ask the reader, started anew where it is gone.

        Raises
        ------
        ReaderGone
            It died, was killed or took too long over this request.
        NodeError
            It does not start.
        """
        if self._killed:  # too late for the request before, which had its answer
            self.end()
        if self._process is None:
            self.start()
        try:
            return self._exchange(request, self._config.timeout)
        except ReaderGone:
            self.end()
            raise

    def end(self) -> None:
        """Kill the reader and wait for its end; safe at any time."""
        process, self._process = self._process, None
        self._watchdog.rest()
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

    def kill(self, why: str) -> None:
        """Kill the reader from another thread; the thread that asks it learns of it, and why."""
        process = self._process
        if process is not None:
            self._why, self._killed = why, True
            process.kill()

    def _exchange(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        self._why = "crash"
        try:
            with self._watchdog.watching(seconds):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
        except OSError as error:
            raise ReaderGone(self._why) from error
        if not line.endswith(b"\n"):
            raise ReaderGone(self._why)
        answer: dict[str, Any] = json.loads(line)
        return answer
