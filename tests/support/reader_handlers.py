"""Request handlers of the reader processes in tests, by name."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neumo.cluster.reading_child import open_reader
from neumo.core.child import Handler
from neumo.core.errors import ConfigError
from neumo.inference.reader import Reader
from neumo.worker.reader_child import ReaderHandler

POISON = b"this ends the process that reads it"
SURPRISE = b"this raises an error that nobody foresaw"


def open_poisonable(settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    """Reader of an archive run that exits the process on one file content, and raises an error on another."""
    ready, handle = open_reader(settings)

    def poisonable(request: Mapping[str, Any], content: bytes) -> tuple[Mapping[str, Any], bytes]:
        if POISON in content:
            os.abort()
        if SURPRISE in content:
            raise ValueError
        return handle(request, content)

    return ready, poisonable


def open_handler(reader: Reader, *, refuse: bool = False) -> ReaderHandler:
    if refuse:
        raise ConfigError("an option is wrong")

    def handle(request: Mapping[str, Any]) -> Mapping[str, Any]:
        match request["do"]:
            case "read":
                reading = reader.read(Path(request["source"]))
                return {"status": reading.status.value, "sha256": reading.sha256, "pid": os.getpid()}
            case "wait":  # until a file is there
                Path(request["mark"]).touch()
                while not Path(request["until"]).exists():
                    time.sleep(0.01)
                return {"said": request["say"]}
            case "grow":
                grow()
            case "crash":
                os.abort()
        return {}

    return handle


def grow() -> None:
    """Take memory, a little at a time, for ever."""
    taken = []
    while True:
        taken.append(b"x" * 2**24)
