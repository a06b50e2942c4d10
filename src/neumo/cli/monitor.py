"""`neumo monitor`: agreement of people with the reader, and drift of what is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.cli.archive import opened
from neumo.cli.show import console, say

if TYPE_CHECKING:
    from neumo.monitoring.words import Row

app = typer.Typer()


@app.command()
def monitor(
    archive: options.Archive,
    since: options.Since = None,
    until: options.Until = None,
    reference_until: Annotated[
        str | None,
        typer.Option("--reference-until", help="Last day or time of a period when all was well."),
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option("--bundle", help="Whose reference is used where --reference-until is not given."),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write one self-contained page.")] = None,
) -> None:
    """Compare people's decisions with the reader's findings, and what is read now with a reference.

    Status 0: no alarm. Status 1: what is read has drifted. Status 2: the archive or an option cannot be used.
    """
    from neumo.core.files import require_writable, write_json

    require_writable(json_file, html_file)
    with opened("neumo monitor", archive) as engine:
        from neumo.monitoring import words
        from neumo.monitoring.page import write_page
        from neumo.monitoring.report import monitor as look

        report = look(engine, since=since, until=until, reference_until=reference_until, bundle=bundle)
    if report.agreement:
        _table("People beside the reader", words.AGREEMENT_HEADINGS, words.agreement_rows(report))
    if report.drift is not None:
        _table("Drift", words.DRIFT_HEADINGS, words.drift_rows(report))
    for line in (words.counted(report), report.reference, *words.notes(report), words.verdict(report)):
        say(line)
    if json_file is not None:
        write_json(json_file, report.to_json())
    if html_file is not None:
        write_page(report, html_file)
    if report.alarms:
        raise typer.Exit(1)


def _table(title: str, headings: Sequence[str], rows: "Sequence[Row]") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if 0 < number < len(headings) - 1 else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row.cells), style="bold red" if row.alarm else None)
    console.print(table)
