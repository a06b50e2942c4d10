"""The system's Firefox without a window, driven as WebDriver BiDi prescribes (W3C), which needs no driver beside it."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.programs import require
from websockets.sync.client import ClientConnection, connect

_SECONDS = 60.0


def firefox_path() -> str:
    """Return the program, or skip the test where there is none."""
    return shutil.which("firefox") or require("firefox-esr", "firefox-esr")


class Firefox:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self.errors: list[str] = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self._tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: Any) -> Any:
        """Send a command and return its result; errors that pages log meanwhile are kept."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv(_SECONDS))
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.errors.append(str(said["params"]["text"]))
            if said.get("id") == number:
                assert said["type"] == "success", said
                return said["result"]

    def go(self, address: str) -> None:
        """Open a page and wait until it is loaded."""
        self.ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def run(self, expression: str) -> Any:
        """Evaluate JavaScript and return a plain value, or None."""
        answer = self.ask(
            "script.evaluate", expression=expression, target={"context": self._tab}, awaitPromise=True
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key."""
        strokes = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        keys = {"type": "key", "id": "keys", "actions": strokes}
        self.ask("input.performActions", context=self._tab, actions=[keys])

    def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Wait until JavaScript gives something true, and return it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.run(expression):
                return value
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds:g} s: {expression}; errors: {self.errors}")


@contextmanager
def firefox(program: str, profile: Path) -> Iterator[Firefox]:
    """Start Firefox with a profile of its own; it and its processes are ended."""
    command = [
        program,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
    ]
    environment = {**os.environ, "HOME": str(profile)}
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stderr is not None
    drain = threading.Thread(target=process.stderr.read, daemon=True)
    watchdog = threading.Timer(_SECONDS, process.kill)
    watchdog.start()
    try:
        found = next(filter(None, (re.search(r"ws://\S+", line) for line in process.stderr)), None)
        assert found is not None, "Firefox did not start"
        watchdog.cancel()
        drain.start()
        with connect(f"{found[0]}/session", proxy=None, max_size=None) as socket:
            yield Firefox(socket)
    finally:
        watchdog.cancel()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if drain.ident is not None:
            drain.join(10)
        process.stderr.close()
