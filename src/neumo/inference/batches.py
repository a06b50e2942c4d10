"""Batching of small files: one thread takes a batch through each stage of reading before the next stage.

Between decoding, network and answer each stage finds the processor's caches full of the one before; for eight small
files in a row it has to fill them once. Nothing else is shared: each file is decoded, run and answered by itself.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

_Item = TypeVar("_Item")

_MOST: Final = 8
_SMALL_BYTES: Final = 2**18
"""Largest file in bytes that is batched; decoding a larger one takes so long that a batch gains nothing."""


def batches(
    items: Iterable[_Item], size_of: Callable[[_Item], int | None], threads: int = 1
) -> Iterator[list[_Item]]:
    """Yield items in their order: up to eight small ones that follow each other together, each other one alone.

    Batches are smaller at the beginning, so that a few files are shared among all threads.

    Parameters
    ----------
    items : iterable
    size_of : function
        Bytes of an item; None where it shall be alone.
    threads : int
        Number of threads that process batches.
    """
    batch, yielded = list[_Item](), 0
    for item in items:
        size = size_of(item)
        if size is None or size > _SMALL_BYTES:
            if batch:
                yield batch
            yield [item]
            yielded, batch = yielded + len(batch) + 1, []
            continue
        batch.append(item)
        if len(batch) > min(_MOST - 1, yielded // (4 * threads)):
            yield batch
            yielded, batch = yielded + len(batch), []
    if batch:
        yield batch
