"""`neumo archive export`: readings on record as files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import archive_options as options
from neumo.core.errors import ConfigError


def export(
    database: options.Database,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="CSV file.")] = None,
    parquet_file: Annotated[Path | None, typer.Option("--parquet", help="Parquet file.")] = None,
    finding: options.FindingFilter = None,
    status: options.StatusFilter = None,
    undecided: options.UndecidedFilter = None,
    decided: options.DecidedFilter = None,
    disagreement: options.DisagreementFilter = None,
    source: options.SourceFilter = None,
    since: options.SinceFilter = None,
    until: options.UntilFilter = None,
    text: options.TextFilter = None,
    patient: options.PatientFilter = None,
    key: options.KeyFile = None,
) -> None:
    """Write all readings that match, with the newest decision on each, oldest first."""
    if csv_file is None and parquet_file is None:
        raise ConfigError("neumo archive export: give --csv FILE, --parquet FILE, or both")
    with options.opened("neumo archive export", database) as engine:
        from neumo.records.export import export as write

        filters = options.filters_of(
            finding=finding,
            status=status,
            undecided=undecided,
            decided=decided,
            disagreement=disagreement,
            source=source,
            since=since,
            until=until,
            text=text,
            patient=patient,
            key=key,
        )
        rows = write(engine, filters, csv_file=csv_file, parquet_file=parquet_file)
    typer.echo(f"{rows} readings written")
