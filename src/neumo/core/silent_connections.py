"""Limits on connections that have sent no whole request yet, of one address and of all together.

Who sends nothing, or drips, loses the connection that has been silent for longest; others are served.
"""

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import islice

from neumo.core.hosts import Network, network_of


@dataclass(slots=True)
class _Connection:
    """An open connection; `counted_as` is its address, or of IPv6 the /64, and None where only the total counts."""

    counted_as: str | None
    end: Callable[[], object]
    incomplete: bool = False
    """Whether it has not sent a whole request."""
    silent: bool = False
    """Whether it has not even sent the head of one."""


class SilentConnections:
    """Counts connections that keep a server waiting; threads may share it.

    Parameters
    ----------
    of_address : int
        How many of one address may be without a whole request.
    total : int
        How many of all may be silent: whoever sends a body is counted among the requests, where a server answers that
        there are too many.
    trusted : iterable of network
        Of proxies, which speak for many: only the total counts there.
    """

    def __init__(self, of_address: int, total: int, trusted: Iterable[Network] = ()) -> None:
        self._of_address, self._total = of_address, total
        self._trusted = tuple(trusted)
        self._lock = threading.Lock()
        self._open: dict[Hashable, _Connection] = {}
        self._incomplete: Counter[str | None] = Counter()
        self._silent = 0

    def opened(self, key: Hashable, address: str, end: Callable[[], object]) -> None:
        """Count a new connection, which is silent, and end those that have been silent for longest beyond a limit.

        Parameters
        ----------
        key : hashable
            Its own.
        address : str
            Of the other side.
        end : function
            Ends it, and returns at once.
        """
        counted_as = None if self._is_trusted(address) else network_of(address)
        with self._lock:
            self._forget(key)
            self._open[key] = _Connection(counted_as, end)
        self.waits(key)

    def knows(self, key: Hashable) -> bool:
        """Whether a connection is counted."""
        return key in self._open

    def waits(self, key: Hashable) -> None:
        """Note that a connection waits for the head of a request, its first or another one."""
        with self._lock:
            connection = self._open.pop(key, None)
            if connection is None:
                return
            self._open[key] = connection  # the last that became silent
            self._note(connection, incomplete=True, silent=True)
            ended = self._beyond_limits(connection.counted_as)
        for one in ended:
            one.end()

    def begins(self, key: Hashable) -> None:
        """Note that a connection has sent the head of a request, and its body comes."""
        with self._lock:
            if key in self._open:
                self._note(self._open[key], incomplete=True, silent=False)

    def answered(self, key: Hashable) -> None:
        """Note that a connection has sent a whole request."""
        with self._lock:
            if key in self._open:
                self._note(self._open[key], incomplete=False, silent=False)

    def closed(self, key: Hashable) -> None:
        """Count a connection no more."""
        with self._lock:
            self._forget(key)

    def _note(self, connection: _Connection, *, incomplete: bool, silent: bool) -> None:
        if connection.incomplete != incomplete:
            self._incomplete[connection.counted_as] += 1 if incomplete else -1
            if not self._incomplete[connection.counted_as]:
                del self._incomplete[connection.counted_as]
        self._silent += silent - connection.silent
        connection.incomplete, connection.silent = incomplete, silent

    def _forget(self, key: Hashable) -> None:
        connection = self._open.pop(key, None)
        if connection is not None:
            self._note(connection, incomplete=False, silent=False)

    def _beyond_limits(self, counted_as: str | None) -> list[_Connection]:
        """Forget and return those that have to be ended; those that send a body are left alone."""
        ended = []
        if counted_as is not None:
            excess = self._incomplete[counted_as] - self._of_address
            ended += self._longest_silent(excess, lambda one: one.counted_as == counted_as)
        return ended + self._longest_silent(self._silent - self._total, lambda _one: True)

    def _longest_silent(self, count: int, among: Callable[[_Connection], bool]) -> list[_Connection]:
        if count <= 0:
            return []
        found = ((key, one) for key, one in self._open.items() if one.silent and among(one))
        longest = list(islice(found, count))
        for key, _ in longest:
            self._forget(key)
        return [one for _, one in longest]

    def _is_trusted(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted)
