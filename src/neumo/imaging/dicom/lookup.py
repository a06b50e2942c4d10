"""Lookup tables: modality, values of interest, palette (DICOM PS3.3 sections C.11.1, C.11.2 and C.7.6.3.1.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from neumo.imaging.dicom.facts import value_of

_MAX_ENTRIES = 2**16


@dataclass(frozen=True)
class LookupTable:
    """A table, ready to use.

    Attributes
    ----------
    first : int
        The value that the first entry stands for.
    bits : int
        Of an entry, 8-16: its range is 0 to 2 ** bits - 1.
    entries : ndarray of uint16, shape (1-65536,)
    """

    first: int
    bits: int
    entries: NDArray[np.uint16] = field(repr=False)

    @property
    def described(self) -> dict[str, Any]:
        """Plain values for a receipt."""
        return {"first": self.first, "bits": self.bits, "entries": len(self.entries)}


def find_table(dataset: Dataset, sequence: str, *, signed: bool) -> LookupTable | None:
    """Read the first table of a sequence; None where there is none, or one that is no table.

    Parameters
    ----------
    dataset : Dataset
    sequence : str
        "ModalityLUTSequence" or "VOILUTSequence".
    signed : bool
        Whether the values looked up can be negative: the first entry's value is then a signed number, although
        writers and implicit encodings often pass it on as unsigned.
    """
    items = value_of(dataset, sequence)
    if not isinstance(items, Sequence) or not items:
        return None
    return read_table(items[0], "LUTDescriptor", "LUTData", signed=signed)


def read_table(item: Dataset, descriptor: str, data: str, *, signed: bool) -> LookupTable | None:
    """Read the table of two elements, named by their keywords; None where they make no table."""
    numbers = value_of(item, descriptor)
    if not isinstance(numbers, Sequence) or len(numbers) != 3:
        return None
    if not all(isinstance(number, int) for number in numbers):
        return None
    count, first, bits = (int(number) for number in numbers)
    count = (count & 0xFFFF) or _MAX_ENTRIES
    if signed and first >= 2**15:
        first -= 2**16
    entries = _entries(value_of(item, data), count, little=item.original_encoding[1] is not False)
    if entries is None or not 8 <= bits <= 16:
        return None
    return LookupTable(first, bits, np.minimum(entries, 2**bits - 1))


def look_up(values: NDArray[np.float64], table: LookupTable) -> NDArray[np.float64]:
    """Entry for each value; values before the first entry or after the last take that one."""
    positions = np.clip(np.rint(values) - table.first, 0, len(table.entries) - 1)
    return np.asarray(table.entries[positions.astype(np.int64)], dtype=np.float64)


def _entries(data: Any, count: int, *, little: bool) -> NDArray[np.uint16] | None:
    if isinstance(data, bytes):
        if len(data) >= 2 * count:
            return np.frombuffer(data[: 2 * count], dtype="<u2" if little else ">u2").astype(np.uint16)
        # Entries of 8 bits may be packed one a byte.
        return np.frombuffer(data[:count], dtype=np.uint8).astype(np.uint16) if len(data) >= count else None
    if isinstance(data, int):
        data = [data]
    if not isinstance(data, Sequence) or len(data) < count:
        return None
    if not all(isinstance(entry, int) and 0 <= entry < 2**16 for entry in data[:count]):
        return None
    return np.array(data[:count], dtype=np.uint16)
