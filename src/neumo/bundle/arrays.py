"""Reads arrays of a bundle's npz files, whose members are bounded before anything is inflated."""

import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

_MAX_BYTES: Final = 64 * 2**20
"""Most bytes of all arrays of one file, inflated; gate statistics of 2,048 features take 2 MiB."""


def read_arrays(stream: BinaryIO) -> Mapping[str, NDArray[Any]]:
    """Return every array of an npz file, without pickles.

    Raises
    ------
    OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error
        It is no such file, or its arrays take more than 64 MiB.
    """
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
    # zipfile gives no more bytes of a member than its directory states.
    if sum(member.file_size for member in members) > _MAX_BYTES:
        raise ValueError(f"its arrays take more than {_MAX_BYTES:,} bytes")
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
