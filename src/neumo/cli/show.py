"""Console output shared by the commands: messages, progress bars, tables, and the error of a missing extra."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from neumo.core.errors import MissingExtraError
from neumo.core.extras import Extra, is_installed
from neumo.core.message import Message
from neumo.core.names import is_utf8
from neumo.texts.translation import said

console = Console(highlight=False)

_PARTS: Mapping[Extra, Message] = {
    "train": Message("training"),
    "site": Message("commissioning"),
    "dicom": Message("DICOM network"),
    "archive": Message("database"),
    "cluster": Message("cluster"),
    "web": Message("workbench"),
}
"""Purpose of each extra."""


def require_extra(extra: Extra, command: str) -> None:
    """Raise MissingExtraError where an extra that a command needs is not installed."""
    if not is_installed(extra):
        raise MissingExtraError(
            '{command}: needs the {parts} parts; install them with pip install "neumo[{extra}]"',
            command=command,
            parts=_PARTS[extra],
            extra=extra,
        )


def say(line: str, /, **values: object) -> None:
    """Print a sentence (see `said`) unbroken, its brackets no markup, so that paths and commands can be copied."""
    console.print(said(line, **values), soft_wrap=True, markup=False)


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print plain values as JSON, in ASCII where the console is not UTF-8."""
    ascii_only = not is_utf8(sys.stdout.encoding or "utf-8")
    typer.echo(json.dumps(value, indent=indent, ensure_ascii=ascii_only, allow_nan=False))


def warn(line: str, /, **values: object) -> None:
    """Print a sentence to heed."""
    console.print(said(line, **values), style="yellow", soft_wrap=True, markup=False)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


def progress_columns() -> tuple[ProgressColumn, ...]:
    """Return the columns of every progress bar: name, bar, count, rate, time left."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function of (done, total) that shows a bar from its first call on; `what` is said beside it."""
    bar = Progress(*progress_columns(), console=Console(stderr=True, highlight=False))
    task = bar.add_task(said(what), total=None, visible=False)

    def advance(done: int, total: int) -> None:
        if not bar.live.is_started:
            bar.start()
        bar.update(task, completed=done, total=total, visible=True)
        if done >= total:
            bar.stop()

    try:
        yield advance
    finally:
        bar.stop()
