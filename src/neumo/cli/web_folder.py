"""Where the commands about people find them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli.show import require_web_extra

if TYPE_CHECKING:
    from sqlalchemy import Engine

DataOption = Annotated[
    Path | None, typer.Option("--data", help="The server's data folder, as neumo serve has it.")
]


@contextmanager
def people(command: str, data: Path | None) -> "Iterator[Engine]":
    """Yield the database of people. Raises MissingExtraError, OutputError, ArchiveUnavailableError."""
    require_web_extra(command)
    from neumo.web.config import default_data_folder
    from neumo.web.people.accounts import open_accounts

    engine = open_accounts(data or default_data_folder())
    try:
        yield engine
    finally:
        engine.dispose()
