"""Runs a function with many values on the machines of a Ray cluster, each value by itself."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from neumo.cluster.ray_connection import connected
from neumo.core.errors import ClusterError

_Given = TypeVar("_Given")
_Answer = TypeVar("_Answer")
_ATTEMPTS: Final = 3
"""Attempts at a call whose machine or process is lost."""


def on_ray(
    function: Callable[[_Given], _Answer],
    values: Sequence[_Given],
    *,
    address: str | None,
    cpus: float = 1.0,
    gpus: float = 0.0,
) -> Iterator[tuple[_Given, _Answer | ClusterError]]:
    """Yield each value with what the function returned for it, or why it was lost, in the order in which they end.

    Parameters
    ----------
    function : callable
        Importable on every machine; it is called again where its machine or process was lost, so that twice must do
        no harm.
    values : sequence
    address : str or None
        Of a cluster; None starts Ray on this machine.
    cpus, gpus : float
        That each call has for itself.

    Raises
    ------
    ClusterError
        No cluster answers, or none of its machines has what a call needs.
    """
    with connected(address) as ray:
        there = ray.cluster_resources()
        for kind, wanted in (("CPU", cpus), ("GPU", gpus)):
            if wanted > there.get(kind, 0):
                raise ClusterError(
                    "Ray: the cluster has {there:g} {kind}, and each run wants {wanted:g}",
                    there=there.get(kind, 0),
                    kind=kind,
                    wanted=wanted,
                )
        call = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=_ATTEMPTS, max_calls=1)(_called)
        pending = {call.remote(function, value): value for value in values}
        while pending:
            (ended, *_), _ = ray.wait(list(pending), num_returns=1)
            value = pending.pop(ended)
            try:
                yield value, ray.get(ended)
            except ray.exceptions.RayError as error:
                yield value, ClusterError("Ray: {kind}", kind=type(error).__name__)


def _called(function: Callable[[_Given], _Answer], value: _Given) -> _Answer:
    """Call it; Ray itself takes plain functions alone, and no partial ones."""
    return function(value)
