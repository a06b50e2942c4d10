"""Log of the node's events, in which UIDs stand only as keyed hashes."""

import hashlib
import hmac
import logging
from typing import Any

from neumo.core.logging import event, fault

_SHOWN_DIGITS = 16
"""Hexadecimal digits of a hash that are logged: 64 bits."""


class NodeLog:
    """Logs events.

    Parameters
    ----------
    key : bytes
        Key of the hashes (HMAC-SHA256): the same UID has the same hash in all logs of this node, and without the
        key nobody can tell which UID it is.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hashed(self, uid: str) -> str:
        """Return the hash that stands for a UID in logs."""
        return hmac.new(self._key, uid.encode(), hashlib.sha256).hexdigest()[:_SHOWN_DIGITS]

    def info(
        self, name: str, *, instance: str | None = None, study: str | None = None, **fields: Any
    ) -> None:
        """Log an event; `instance` and `study` are UIDs, and are hashed; `fields` must hold no patient data."""
        event(name, **self._hashes(instance, study) | fields)

    def warning(self, name: str, *, instance: str | None = None, **fields: Any) -> None:
        """Log an event that somebody should look at; otherwise as `info`."""
        event(name, level=logging.WARNING, **self._hashes(instance, None) | fields)

    def fault(self, name: str, error: BaseException) -> None:
        """Log an unexpected error by its type and place."""
        fault(name, error)

    def _hashes(self, instance: str | None, study: str | None) -> dict[str, Any]:
        uids = {"instance": instance, "study": study}
        return {key: self.hashed(uid) for key, uid in uids.items() if uid is not None}
