"""Structured logs without patient data: one JSON object a line, identifiers only as keyed hashes."""

import hashlib
import hmac
import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any, TextIO

from neumo.core.faults import where_raised

_LOGGER = logging.getLogger("neumo.dicomnode")
_SHOWN = 16
"""Hexadecimal digits of a hash that are logged: 64 bits."""


class NodeLog:
    """Events of the node.

    Parameters
    ----------
    key : bytes
        Turns identifiers into hashes (HMAC-SHA256): the same identifier gives the same hash in this node's logs, and
        without the key nobody can tell which one it was.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hashed(self, identifier: str) -> str:
        """Return what stands for an identifier in logs."""
        return hmac.new(self._key, identifier.encode(), hashlib.sha256).hexdigest()[:_SHOWN]

    def info(
        self, event: str, *, instance: str | None = None, study: str | None = None, **fields: Any
    ) -> None:
        """Log an event; `instance` and `study` are UIDs, and are hashed; `fields` must hold no patient data."""
        self._log(logging.INFO, event, instance, study, fields)

    def warning(
        self, event: str, *, instance: str | None = None, study: str | None = None, **fields: Any
    ) -> None:
        """Log an event that somebody should look at."""
        self._log(logging.WARNING, event, instance, study, fields)

    def fault(self, event: str, error: BaseException, *, instance: str | None = None) -> None:
        """Log an unexpected error by its kind and place."""
        fields = {"error": type(error).__name__, "where": where_raised(error)}
        self._log(logging.ERROR, event, instance, None, fields)

    def _log(
        self, level: int, event: str, instance: str | None, study: str | None, fields: dict[str, Any]
    ) -> None:
        hashes = {
            name: self.hashed(uid)
            for name, uid in (("instance", instance), ("study", study))
            if uid is not None
        }
        _LOGGER.log(level, event, extra={"fields": {**hashes, **fields}})


class _JsonFormatter(logging.Formatter):
    """The node's events with their fields; of libraries only who spoke and where, for their words quote headers."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        if record.name == _LOGGER.name:
            line |= {"event": record.getMessage(), **getattr(record, "fields", {})}
        else:
            line |= {
                "event": "library",
                "logger": record.name,
                "where": f"{record.filename}:{record.lineno} {record.funcName}",
            }
        return json.dumps(line, ensure_ascii=True, default=str)


def log_to(stream: TextIO, *, quiet_libraries: int = logging.ERROR) -> None:
    """Make every log of this process JSON on `stream`, warnings and faults of threads included.

    Parameters
    ----------
    stream : text stream
    quiet_libraries : int
        Level below which other loggers say nothing.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(quiet_libraries)
    _LOGGER.setLevel(logging.INFO)
    for name in ("pynetdicom", "pydicom", "dicomweb_client", "urllib3"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.setLevel(quiet_libraries)
    logging.captureWarnings(True)
    threading.excepthook = _thread_fault


def _thread_fault(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        fields = {"error": type(arguments.exc_value).__name__, "where": where_raised(arguments.exc_value)}
        _LOGGER.error("thread_failed", extra={"fields": fields})
