"""`neumo monitor`: agreement of people with the reader, and drift of what is read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.cli.archive import opened
from neumo.cli.show import console, say
from neumo.texts.language import chosen_language

if TYPE_CHECKING:
    from neumo.monitoring.tables import Table

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
        typer.Option(
            "--bundle",
            help="The bundle whose acceptance is heeded, and whose reference counts without --reference-until.",
        ),
    ] = None,
    false_alarms: Annotated[
        float,
        typer.Option("--false-alarms", help="Probability of any false alarm of all sequential tests."),
    ] = 0.05,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write one self-contained page.")] = None,
    lang: options.Lang = None,
) -> None:
    """Compare people's decisions with the reader's findings, and what is read now with a reference.

    Status 0: no alarm. Status 1: what is read has drifted, or a sequential test raised an alarm. Status 2: the archive
    or an option cannot be used.
    """
    from neumo.core.files import require_writable, write_json

    require_writable(json_file, html_file)
    with opened("neumo monitor", archive) as engine:
        from neumo.monitoring.page import write_page
        from neumo.monitoring.report import monitor as look
        from neumo.monitoring.tables import counts_sentence, notes, reference_sentence, tables, verdict

        report = look(
            engine,
            since=since,
            until=until,
            reference_until=reference_until,
            bundle=bundle,
            false_alarm_rate=false_alarms,
        )
    language = chosen_language(lang)
    # Files come first: whoever reads standard output may leave early.
    if json_file is not None:
        write_json(json_file, report.to_json())
    if html_file is not None:
        write_page(report, html_file, language)
    for table in tables(report, language):
        if table.rows:
            _print(table)
    say(counts_sentence(report, language))
    say(reference_sentence(report, language))
    for line in (*notes(report, language), verdict(report, language)):
        say(line)
    if report.alarms:
        raise typer.Exit(1)


def _print(shown: "Table") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=shown.title, title_justify="left")
    for number, heading in enumerate(shown.headings):
        table.add_column(heading, justify="right" if 0 < number < len(shown.headings) - 1 else "left")
    for row in shown.rows:
        table.add_row(*(Text(cell) for cell in row.cells), style="bold red" if row.alarm else None)
    console.print(table)
