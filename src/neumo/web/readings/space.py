"""Space on the disk of uploads: what requests may still write is reserved, so that together they keep to the floor."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neumo.web.http.problems import Problem


class Reservation:
    """The bytes that one request may still write; see `SpaceReserve.reserved`.

    Parameters
    ----------
    reserve : SpaceReserve
    left : int
        In bytes.
    """

    def __init__(self, reserve: "SpaceReserve", left: int) -> None:
        self._reserve, self.left = reserve, left

    def use(self, size: int) -> None:
        """Say that so many bytes are going to be written. Raises Problem where the disk is too full for them."""
        self._reserve.use(self, size)


class SpaceReserve:
    """Reservations of all requests in one folder; threads may share it.

    Parameters
    ----------
    folder : Path
    floor : int
        Bytes that stay free on its file system.
    """

    def __init__(self, folder: Path, floor: int) -> None:
        self._folder, self._floor = folder, floor
        self._lock = threading.Lock()
        self._held: set[Reservation] = set()

    @contextmanager
    def reserved(self, size: int) -> Iterator[Reservation]:
        """Reserve so many bytes while the block runs. Raises Problem where they are not free."""
        reservation = Reservation(self, 0)
        with self._lock:
            self._require(size)
            reservation.left = size
            self._held.add(reservation)
        try:
            yield reservation
        finally:
            with self._lock:
                self._held.discard(reservation)

    def use(self, reservation: Reservation, size: int) -> None:
        """Take bytes from a reservation, or, where it has none left, from what is free. Raises Problem."""
        with self._lock:
            missing = size - reservation.left
            if missing > 0:
                self._require(missing)
            reservation.left = max(0, reservation.left - size)

    def _require(self, size: int) -> None:
        held = sum(reservation.left for reservation in self._held)
        if shutil.disk_usage(self._folder).free - held - size < self._floor:
            raise Problem(507, "disk_full")
