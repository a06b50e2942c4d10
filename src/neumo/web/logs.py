"""Structured logs without patient data: one JSON object a line on standard error."""

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any, TextIO

from neumo.core.faults import where_raised

_LOGGER = logging.getLogger("neumo.web")


class _JsonFormatter(logging.Formatter):
    """Events with their fields; of libraries only who spoke and where, for their words may quote a file."""

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
        return json.dumps(line, ensure_ascii=True, default=str)


def log_to(stream: TextIO) -> None:
    """Make every log of this process JSON on `stream`, warnings and faults of threads included."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    _LOGGER.setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook = _thread_fault


def event(name: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log an event; `fields` must hold nothing about a patient."""
    _LOGGER.log(level, name, extra={"fields": fields})


def fault(name: str, error: BaseException, **fields: Any) -> None:
    """Log an unexpected error by its kind and place."""
    event(name, level=logging.ERROR, error=type(error).__name__, where=where_raised(error), **fields)


def _thread_fault(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        fault("thread_failed", arguments.exc_value)
