"""`neumo archive search`: readings on record that match."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import archive_options as options

if TYPE_CHECKING:
    from neumo.records.search import Found

_NARROWEST = 120


class Order(StrEnum):
    """Orders of readings, as `neumo.records.filters.Sort` has them."""

    NEWEST = "-time"
    OLDEST = "time"
    PNEUMONIA_FALLING = "-pneumonia"
    PNEUMONIA_RISING = "pneumonia"


def search(
    database: options.Database,
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
    sort: Annotated[
        Order, typer.Option("--sort", help="By time or by the probability of pneumonia.")
    ] = Order.NEWEST,
    limit: Annotated[int, typer.Option("--limit", help="Readings, 1-1000.")] = 50,
    after: Annotated[
        str | None, typer.Option("--after", help="What the page before ended with, for those that follow.")
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show readings on record that match all options, a page at a time."""
    with options.opened("neumo archive search", database) as engine:
        from neumo.records.filters import Sort
        from neumo.records.search import find

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
        page = find(engine, filters, sort=Sort(sort.value), limit=limit, after=after)
    if json_lines:
        for row in page.readings:
            typer.echo(json.dumps(asdict(row), ensure_ascii=False))
    else:
        _table(page.readings)
    if page.after is not None:
        typer.echo(f"more follow: --after {page.after}", err=True)


def _table(readings: "tuple[Found, ...]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from neumo.cli.show import console

    table = Table(box=None, pad_edge=False)
    for column in ("number", "recorded (UTC)", "finding", "pneumonia"):
        table.add_column(column, no_wrap=True)
    for column in ("notes", "source", "file"):
        table.add_column(column, overflow="fold")
    for row in readings:
        cells = [
            str(row.id),
            row.recorded_at[:16].replace("T", " "),
            row.finding or row.status,
            "" if row.normal is None else f"{1 - row.normal:.3f}",
            _notes(row),
            row.source,
            PurePath(row.file).name,
        ]
        table.add_row(*(Text(options.plain(cell)) for cell in cells))
    # Wider than a small terminal rather than folded into columns of a few letters.
    Console(highlight=False, width=max(console.width, _NARROWEST)).print(table)


def _notes(row: "Found") -> str:
    decided = row.decided and not row.disagreement
    notes = {"undecided": row.undecided, "decided": decided, "disagreement": row.disagreement}
    return ", ".join(note for note, true in notes.items() if true)
