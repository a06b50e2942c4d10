"""What the commands of `neumo archive` share: their options, opening the archive, and texts of people and files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.core.errors import ConfigError
from neumo.core.findings import Finding
from neumo.core.reading import Status

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from neumo.records.filters import Filters

Database = Annotated[
    str,
    typer.Option("--database", envvar="NEUMO_ARCHIVE", help="sqlite:///FILE or postgresql://HOST/NAME."),
]
FindingFilter = Annotated[Finding | None, typer.Option("--finding", help="The model's finding.")]
StatusFilter = Annotated[Status | None, typer.Option("--status", help="How reading ended.")]
UndecidedFilter = Annotated[
    bool | None,
    typer.Option("--undecided/--sure", help="Prediction sets of several findings, or of at most one."),
]
DecidedFilter = Annotated[
    bool | None, typer.Option("--decided/--not-decided", help="Whether somebody decided.")
]
DisagreementFilter = Annotated[
    bool | None, typer.Option("--disagreement/--no-disagreement", help="Whether somebody disagreed.")
]
SourceFilter = Annotated[str | None, typer.Option("--source", help="Where readings came from.")]
SinceFilter = Annotated[str | None, typer.Option("--since", help="Day or time (ISO 8601, UTC), inclusive.")]
UntilFilter = Annotated[str | None, typer.Option("--until", help="Day or time (ISO 8601, UTC), inclusive.")]
TextFilter = Annotated[
    str | None, typer.Option("--text", help="Part of a file's path, beginning of its SHA-256, or a number.")
]
PatientFilter = Annotated[str | None, typer.Option("--patient", help="A Patient ID; needs --key.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key", help="File of the key that patients were hashed with.")
]


def filters_of(
    *,
    finding: Finding | None,
    status: Status | None,
    undecided: bool | None,
    decided: bool | None,
    disagreement: bool | None,
    source: str | None,
    since: str | None,
    until: str | None,
    text: str | None,
    patient: str | None,
    key: Path | None,
) -> "Filters":
    """Return options as filters. Raises ConfigError for a patient without a key, ArchiveError for a key of no use."""
    from neumo.records.filters import Filters
    from neumo.records.subjects import load_key, patient_hash

    hashed = None
    if patient is not None:
        if key is None or not key.is_file():
            raise ConfigError("--patient: needs --key FILE, the key that patients were hashed with")
        hashed = patient_hash(load_key(key), patient)
    return Filters(
        finding=finding,
        status=status,
        undecided=undecided,
        decided=decided,
        disagreement=disagreement,
        source=source,
        since=since,
        until=until,
        text=text,
        patient=hashed,
    )


@contextmanager
def opened(command: str, database: str) -> "Iterator[Engine]":
    """Yield an archive that is there already.

    Raises MissingExtraError, ArchiveError, ArchiveUnavailableError.
    """
    from neumo.cli.show import require_archive_extra

    require_archive_extra(command)
    from neumo.records.database import connect, require_tables

    engine = connect(database, existing=True)
    try:
        require_tables(engine)
        yield engine
    finally:
        engine.dispose()


def plain(text: str) -> str:
    """Return a text of people or files so that it cannot steer a terminal; line breaks and tabs become spaces."""
    return "".join(
        character if character.isprintable() else (" " if character.isspace() else "\ufffd")
        for character in text
    )
