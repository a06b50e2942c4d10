"""Structured logs without patient data: one JSON object a line, for node and workbench."""

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any, TextIO

from neumo.core.faults import where_raised

_LOGGER = logging.getLogger("neumo.events")
_LIBRARIES = ("pynetdicom", "pydicom", "dicomweb_client", "urllib3")
"""Those that set handlers or levels of their own."""


class _JsonFormatter(logging.Formatter):
    """Formats log records as JSON: our events with all fields; of libraries only logger and line, never messages."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        if record.name == _LOGGER.name:
            line |= {"event": record.getMessage(), **getattr(record, "fields", {})}
        else:
            place = f"{record.filename}:{record.lineno} {record.funcName}"
            line |= {"event": "library", "logger": record.name, "where": place}
        return json.dumps(line, default=str)


def log_to(stream: TextIO) -> None:
    """Log everything in this process as JSON to `stream`: events, errors of libraries, warnings, dying threads."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    _LOGGER.setLevel(logging.INFO)
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.setLevel(logging.ERROR)
    logging.captureWarnings(True)
    threading.excepthook = _thread_fault


def event(name: str, /, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log an event; `fields` must hold nothing about a patient."""
    _LOGGER.log(level, name, extra={"fields": fields})


def fault(name: str, error: BaseException, /, **fields: Any) -> None:
    """Log an unexpected error by its type and place; its message may quote a header."""
    event(name, level=logging.ERROR, error=type(error).__name__, where=where_raised(error), **fields)


def _thread_fault(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        fault("thread_failed", arguments.exc_value)
