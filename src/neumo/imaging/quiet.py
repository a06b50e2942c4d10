"""Silences warnings and logs of decoding libraries, which may quote a patient's header."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_MODULES = r"(PIL|pydicom|jpeg_ls)(\.|$)"
_LOGGERS = (
    "PIL.Image",
    "PIL.PngImagePlugin",
    "PIL.TiffImagePlugin",
    "pydicom",
    "pydicom.pixels.decoders.base",
    "pydicom.pixels.utils",
)

_inside: ContextVar[bool] = ContextVar("neumo_imaging_quiet", default=False)


def _passes(_record: logging.LogRecord) -> bool:
    return not _inside.get()


for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(_passes)


class _SharedFilter:
    """Ignores the libraries' warnings from the first entry to the last exit of all threads.

    `warnings.catch_warnings` alone would leave its filters behind when two threads overlap.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entered = 0
        self._before = warnings.catch_warnings()

    def enter(self) -> None:
        with self._lock:
            self._entered += 1
            if self._entered == 1:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module=_MODULES)

    def leave(self) -> None:
        with self._lock:
            self._entered -= 1
            if self._entered == 0:
                self._before.__exit__(None, None, None)


_shared = _SharedFilter()


@contextmanager
def quiet() -> Iterator[None]:
    """Within the block, decoding libraries neither warn nor log; other threads' own warnings still show."""
    _shared.enter()
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)
        _shared.leave()
