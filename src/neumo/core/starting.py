"""Starting a process quickly: without searches for garbage in what is there to stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Import modules, or build what a process works with, without Python's garbage collector.

    It would search all that is made here dozens of times, and once more at the end of the process, and find nothing: a
    sixth of the time of reading one radiograph. What the block leaves, and whatever else is there, is never searched
    again, as `gc.freeze` documents; what is made afterwards is, as ever. Only for commands and child processes, never
    for a library's caller.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
