"""Trains the runs of a sweep that are not finished, and tells of each as it ends."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from neumo.core.errors import NeumoError
from neumo.datasets.layout import open_dataset
from neumo.study.sweep.one_run import Ended, is_finished, train_one
from neumo.study.sweep.plan import PlannedRun

Launch = Callable[
    [Callable[[PlannedRun], Ended], Sequence[PlannedRun]], Iterable[tuple[PlannedRun, Ended | NeumoError]]
]
"""Calls a function with each run, here or elsewhere, and yields what came back, or why nothing did, as it ends."""


def one_after_the_other(
    function: Callable[[PlannedRun], Ended], runs: Sequence[PlannedRun]
) -> Iterator[tuple[PlannedRun, Ended]]:
    """Train the runs in this process, until one is interrupted."""
    for run in runs:
        ended = function(run)
        yield run, ended
        if ended.interrupted:
            return


def sweep(runs: Sequence[PlannedRun], data: Path, *, launch: Launch = one_after_the_other) -> Iterator[Ended]:
    """Train what is not finished and yield how each of these runs ended.

    Raises
    ------
    DatasetError
        The data set cannot be used.
    """
    open_dataset(data)  # once, before every run says the same
    missing = [run for run in runs if not is_finished(run)]
    for run, ended in launch(partial(train_one, data=data), missing):
        yield ended if isinstance(ended, Ended) else Ended(run.name, fault=str(ended))
