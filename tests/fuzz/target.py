"""Interface of a fuzz target: generates inputs from seed numbers, and runs the code under test on them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass


class Fault(AssertionError):
    """A fuzzed input led to a forbidden outcome, such as an unexpected exception."""


@dataclass(frozen=True)
class Target:
    """A reader of strangers' bytes.

    Attributes
    ----------
    mutated : function
        From a number to an input: always the same for the same number.
    trying : context manager
        Yields what tries an input and says how it ended: in `sound`, or in another word for a clear refusal. Anything
        raised is a fault.
    sound : str
        The outcome of inputs that were taken: so many mutations have to leave an input sound that decoders are tested.
    peak_mib : int
        Most memory that the process may come to hold.
    """

    mutated: Callable[[int], bytes]
    trying: Callable[[], AbstractContextManager[Callable[[bytes], str]]]
    sound: str
    peak_mib: int = 2048


@contextmanager
def nothing_else(tries: Callable[[bytes], str]) -> Iterator[Callable[[bytes], str]]:
    """Fuzz targets that need no server."""
    yield tries
