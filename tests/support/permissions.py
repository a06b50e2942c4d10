"""File permissions that hold for root too, as in containers and in CI: folders that nobody can write to."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

OBEY: Final = "NEUMO_TEST_OBEY_PERMISSIONS"
"""Environment variable by which a forked command (`tests.support.forked`) obeys file permissions even as root."""
_VERSION_3, _PR_CAPBSET_DROP = 0x20080522, 24
_OVERRIDE: Final = (1, 2)
"""Capabilities CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, by which root passes over file permissions (Linux)."""
_BITS = sum(1 << number for number in _OVERRIDE)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Capabilities(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def _libc() -> ctypes.CDLL:
    if sys.platform != "linux":
        import pytest

        pytest.skip("root obeys file permissions on Linux alone, by its capabilities")
    return ctypes.CDLL(None, use_errno=True)


def give_up_override() -> None:
    """Let this process, and the programs that it starts, obey file permissions even as root, from now on."""
    if os.geteuid() != 0:
        return
    libc, header, held = _libc(), _Header(_VERSION_3, 0), (_Capabilities * 2)()
    for number in _OVERRIDE:
        assert libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) == 0
    assert libc.capget(ctypes.byref(header), held) == 0
    held[0].effective &= ~_BITS
    held[0].permitted &= ~_BITS
    held[0].inheritable &= ~_BITS
    assert libc.capset(ctypes.byref(header), held) == 0


@contextmanager
def obeying_permissions() -> Iterator[None]:
    """Within the block this thread, and threads that it starts, obey file permissions even as root.

    Programs that are started get root's rights back.
    """
    if os.geteuid() != 0:
        yield
        return
    libc, header, held = _libc(), _Header(_VERSION_3, 0), (_Capabilities * 2)()
    assert libc.capget(ctypes.byref(header), held) == 0
    before = held[0].effective
    held[0].effective = before & ~_BITS
    assert libc.capset(ctypes.byref(header), held) == 0
    try:
        yield
    finally:
        held[0].effective = before
        assert libc.capset(ctypes.byref(header), held) == 0


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """Within the block a folder and those in it allow no writing; whoever may pass over that has to give it up."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())]
    modes = {path: path.stat().st_mode for path in folders}
    for path in folders:
        path.chmod(0o555)
    try:
        yield folder
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
