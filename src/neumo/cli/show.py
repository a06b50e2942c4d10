"""What every command shows alike: the console, progress with rate and time left, missing parts."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

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

console = Console(highlight=False)


class Language(StrEnum):
    """Languages of reports."""

    EN = "en"
    ES = "es"


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


def progress_columns() -> tuple[ProgressColumn, ...]:
    """Return what every progress bar shows: name, bar, count, rate, time left."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function of (done, total) that shows a bar from its first call on."""
    bar = Progress(*progress_columns(), console=console)
    task = bar.add_task(what, total=None, visible=False)

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


def require_train_extra(command: str) -> None:
    """Raise MissingExtraError where the learning parts are not installed."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("lightning") is None:
        raise MissingExtraError(
            f'{command}: needs the training parts; install them with pip install "neumo[train]"'
        )


def require_dicom_extra(command: str) -> None:
    """Raise MissingExtraError where the DICOM network parts are not installed."""
    if any(
        importlib.util.find_spec(name) is None
        for name in ("pynetdicom", "dicomweb_client", "prometheus_client")
    ):
        raise MissingExtraError(
            f'{command}: needs the DICOM network parts; install them with pip install "neumo[dicom]"'
        )


def require_archive_extra(command: str) -> None:
    """Raise MissingExtraError where the database parts are not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("sqlalchemy", "alembic", "psycopg")):
        raise MissingExtraError(
            f'{command}: needs the database parts; install them with pip install "neumo[archive]"'
        )


def require_web_extra(command: str) -> None:
    """Raise MissingExtraError where the workbench's parts are not installed."""
    needed = ("fastapi", "uvicorn", "python_multipart", "argon2", "itsdangerous", "sqlalchemy", "alembic")
    if any(importlib.util.find_spec(name) is None for name in needed):
        raise MissingExtraError(
            f'{command}: needs the workbench parts; install them with pip install "neumo[web]"'
        )
