"""The C allocator and threads, set for training on a CPU."""

import ctypes
import os
import sys

import torch

from neumo.core.cores import usable_cores

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def prepare_processor() -> int:
    """Set threads and allocator for work on a CPU; return the number of threads."""
    keep_memory()
    return use_all_cores()


def keep_memory() -> bool:
    """Tell glibc's allocator to keep freed memory instead of returning it; True where that worked.

    By default every large tensor is mapped afresh and returned when freed, and the page faults cost about
    as much as the arithmetic (mallopt(3): M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD). Does nothing
    on systems without glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    largest = 2**31 - 1
    settings = ((_M_MMAP_THRESHOLD, largest), (_M_TRIM_THRESHOLD, largest), (_M_TOP_PAD, 2**26))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)


def use_all_cores() -> int:
    """Let torch use every core this process may run on, or OMP_NUM_THREADS where that is less; return their number.

    On a machine that others use too, one thread is best: threads wait for each other, and every wait for one that is
    not running costs time.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    cores = min(usable_cores(), int(asked) if asked.isdecimal() and int(asked) else usable_cores())
    torch.set_num_threads(cores)
    return cores


def computes_in_bfloat16() -> bool:
    """Whether a GPU, or else this CPU, has instructions for bfloat16."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
