"""`neumo archive purge`: bodies of old readings emptied, in a way that the audit log accounts for."""

from typing import Annotated

import typer

from neumo.cli import archive_options as options


def purge(
    database: options.Database,
    days: Annotated[
        float, typer.Option("--days", min=0, help="Age in days from which on bodies are emptied.")
    ],
    person: Annotated[str, typer.Option("--person", help="Who answers for it; the log names them.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, it only says how many it would be.")
    ] = False,
) -> None:
    """Empty what readings hold beyond the finding: file, receipt, warnings, reasons. It cannot be undone."""
    with options.opened("neumo archive purge", database) as engine:
        from neumo.records.retention import due
        from neumo.records.retention import purge as empty

        if not yes:
            typer.echo(f"{due(engine, days=days)} readings would be emptied; add --yes to do it")
            return
        emptied = empty(engine, days=days, actor=person)
    typer.echo(f"{emptied} readings emptied")
