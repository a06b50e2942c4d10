"""One run at a time writes a dataset: a lease that its holder renews, told from an abandoned one without any clock."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from neumo.cluster.places import Place
from neumo.core.errors import ClusterError

_FILE: Final = "_lease.json"
_RENEWED: Final = 5.0
"""Seconds between renewals."""
_WATCHED: Final = 12.0
"""Seconds for which a lease that is there is watched, by this machine's monotonic clock: one that changes is held."""


@contextmanager
def lease(place: Place, *, renewed: float = _RENEWED, watched: float = _WATCHED) -> Iterator[None]:
    """Hold the lease of a dataset while the block runs.

    Clocks of other machines are not asked: a lease counts as held if it changes while it is watched. Two runs that
    begin at the same moment may both get in; no harm is done, since both write the same shards, each whole.

    Raises
    ------
    ClusterError
        Another run holds it.
    OSError
    """
    mine, stop = uuid.uuid4().hex, threading.Event()
    before = _content(place)
    if before is not None:
        stop.wait(watched)
        if _content(place) not in (before, None):
            raise ClusterError(
                "{folder}: another run writes this data set; wait for it or stop it", folder=place.url
            )
    _write(place, mine, 0)
    thread = threading.Thread(
        target=_renew, args=[place, mine, renewed, stop], name="neumo-lease", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        with suppress(OSError):
            if _holder(_content(place)) == mine:
                place.remove(_FILE)


def _renew(place: Place, mine: str, renewed: float, stop: threading.Event) -> None:
    count = 0
    while not stop.wait(renewed):
        count += 1
        with suppress(OSError):  # a lease that cannot be renewed now may be later
            if _holder(_content(place)) not in (mine, None):
                return
            _write(place, mine, count)


def _content(place: Place) -> bytes | None:
    try:
        return place.read(_FILE)
    except FileNotFoundError:
        return None


def _holder(content: bytes | None) -> str | None:
    with suppress(ValueError, KeyError, TypeError):
        return None if content is None else str(json.loads(content)["run"])
    return None


def _write(place: Place, run: str, count: int) -> None:
    with place.writing(_FILE) as stream:
        stream.write(json.dumps({"run": run, "renewed": count}).encode())
