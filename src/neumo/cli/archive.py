"""Shared parts of the commands about the archive: opening it, and the options by which readings are chosen."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neumo.cli import options
from neumo.cli.show import require_extra
from neumo.core.answer import Verdict
from neumo.core.errors import ConfigError
from neumo.core.findings import Finding
from neumo.core.labels import PartialLabel, outcome_of
from neumo.core.patient import Sex
from neumo.core.reading import Status

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from neumo.records.filters import Filters


@contextmanager
def opened(command: str, database: str) -> "Iterator[Engine]":
    """Yield an archive that exists. Raises MissingExtraError, ArchiveError, ArchiveUnavailableError."""
    require_extra("archive", command)
    from neumo.records.database import connect, require_tables

    engine = connect(database, existing=True)
    try:
        require_tables(engine)
        yield engine
    finally:
        engine.dispose()


class MostProbable(StrEnum):
    """Outcomes of an answer, as an option."""

    NORMAL = Finding.NORMAL.value
    BACTERIAL_PNEUMONIA = Finding.BACTERIAL_PNEUMONIA.value
    VIRAL_PNEUMONIA = Finding.VIRAL_PNEUMONIA.value
    PNEUMONIA = PartialLabel.PNEUMONIA.value
    """Where the etiology is not assessed."""


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Filter of readings on record; each field is an option of `neumo archive search` and `export`."""

    verdict: Annotated[Verdict | None, typer.Option("--verdict", help="The model's verdict.")] = None
    finding: Annotated[
        MostProbable | None, typer.Option("--finding", help="The model's most probable finding.")
    ] = None
    status: Annotated[Status | None, typer.Option("--status", help="How reading ended.")] = None
    decided: Annotated[
        bool | None, typer.Option("--decided/--not-decided", help="Whether somebody decided.")
    ] = None
    disagreement: Annotated[
        bool | None,
        typer.Option("--disagreement/--no-disagreement", help="Whether model and a person conflict."),
    ] = None
    source: Annotated[str | None, typer.Option("--source", help="Where readings came from.")] = None
    since: options.Since = None
    until: options.Until = None
    text: Annotated[
        str | None,
        typer.Option("--text", help="Part of a file's path, beginning of its SHA-256, or a number."),
    ] = None
    patient: Annotated[str | None, typer.Option("--patient", help="A Patient ID; needs --key.")] = None
    sex: Annotated[Sex | None, typer.Option("--sex", help="The patient's, as DICOM states it.")] = None
    age_from: Annotated[
        float | None, typer.Option("--age-from", help="The patient's age at the study, in years, at least.")
    ] = None
    age_to: Annotated[
        float | None,
        typer.Option("--age-to", help="At most: 5 includes all who have not had their sixth birthday."),
    ] = None
    key: Annotated[
        Path | None, typer.Option("--key", help="File of the key that patients were hashed with.")
    ] = None

    def filters(self) -> "Filters":
        """Return them as the archive's filters, the Patient ID hashed.

        Raises
        ------
        ConfigError
            A patient is given without a key.
        KeyFileError
            The key cannot be used.
        """
        from neumo.core.keys import load_key
        from neumo.records.filters import Filters
        from neumo.records.subjects import patient_hash

        values = asdict(self)
        key = values.pop("key")
        if self.finding is not None:
            values["finding"] = outcome_of(self.finding.value)
        if self.patient is not None:
            if key is None or not key.is_file():
                raise ConfigError("--patient: needs --key FILE, the key that patients were hashed with")
            values["patient"] = patient_hash(load_key(key), self.patient)
        return Filters(**values)


def takes_matching(command: Callable[..., None]) -> Callable[..., None]:
    """Replace a command's parameter `matching` by the fields of `Matching`, since Typer has no groups of options."""
    own = inspect.signature(command, eval_str=True).parameters
    fields = inspect.signature(Matching, eval_str=True).parameters

    @wraps(command)
    def unfolded(**values: Any) -> None:
        command(matching=Matching(**{name: values.pop(name) for name in fields}), **values)

    parameters = [
        parameter
        for name, given in own.items()
        for parameter in (fields.values() if name == "matching" else [given])
    ]
    unfolded.__dict__["__signature__"] = inspect.Signature(
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    )
    return unfolded
