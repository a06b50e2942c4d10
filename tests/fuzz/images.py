"""Image files of every format, opened as a reader of the node or workbench opens them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np
from tests.fuzz.image_inputs import mutated, valid_files
from tests.fuzz.target import Fault, Target, nothing_else

from neumo.core.errors import NeumoError
from neumo.core.radiograph import Radiograph
from neumo.imaging import open_radiograph

_TAKEN = "Radiograph"


def target() -> Target:
    """Images; every valid file is tried first."""
    files = valid_files()
    for name, content in files.items():
        if outcome_of(content) != _TAKEN:
            raise Fault(f"{name} is not read")
    return Target(lambda index: mutated(index, files)[1], lambda: nothing_else(outcome_of), _TAKEN)


def outcome_of(content: bytes) -> str:
    """Open the bytes and return the outcome; the same bytes have to give the same pixels again."""
    with _silent() if content[:2] in (b"II", b"MM") else nullcontext():
        return _outcome_of(content)


@contextmanager
def _silent() -> Iterator[None]:
    """libtiff writes what it finds amiss to the standard error stream, which readers' processes do not have."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _outcome_of(content: bytes) -> str:
    first = _opened(content)
    if isinstance(first, str):
        return first
    pixels = first.pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or not pixels.size:
        raise Fault(f"pixels {pixels.dtype} {pixels.shape}")
    json.dumps([dict(step) for step in first.steps], allow_nan=False)
    if content[-1] % 5 == 0:
        again = _opened(content)
        if isinstance(again, str) or not np.array_equal(first.levels, again.levels):
            raise Fault("the same bytes gave other pixels")
    return _TAKEN


def _opened(content: bytes) -> Radiograph | str:
    try:
        return open_radiograph(content)
    except NeumoError as error:
        return type(error).__name__
