"""`neumo archive` and `neumo audit`: readings on record, people's decisions, and the audit log."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.cli.archive import Matching, opened, takes_matching
from neumo.cli.record_text import lines, print_table, printable, summary
from neumo.cli.show import require_extra, say_json
from neumo.core.decision import CONCLUSIONS, Conclusion, conclusion_of
from neumo.core.errors import ConfigError
from neumo.core.labels import outcome_of
from neumo.texts.translation import said

if TYPE_CHECKING:
    from neumo.records.stored_reading import StoredReading

archive = typer.Typer(
    name="archive", help="Readings on record: search, decide, export, purge.", no_args_is_help=True
)
audit = typer.Typer(name="audit", help="The archive's audit log.", no_args_is_help=True)

_Reading = Annotated[int, typer.Argument(help="The reading's number.")]


class Order(StrEnum):
    """Orders of readings, as `neumo.records.filters.Sort` has them."""

    NEWEST = "-time"
    OLDEST = "time"
    PNEUMONIA_FALLING = "-pneumonia"
    PNEUMONIA_RISING = "pneumonia"


class Action(StrEnum):
    """Kinds of events in the audit log."""

    RECORD = "record"
    SUBJECT = "subject"
    VIEW = "view"
    RESTATE = "restate"
    SEARCH = "search"
    DECISION = "decision"
    PURGE = "purge"


@archive.command()
def init(database: options.Database) -> None:
    """Make an archive's tables, or bring them to this version; needs a role that may."""
    require_extra("archive", "neumo archive init")
    from neumo.records.database import open_archive

    engine = open_archive(database)
    where = engine.url.render_as_string(hide_password=True)
    engine.dispose()
    typer.echo(said("{where}: ready", where=where))


@archive.command()
@takes_matching
def search(
    database: options.Database,
    matching: Matching,
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
    with opened("neumo archive search", database) as engine:
        from neumo.records.filters import Sort
        from neumo.records.search import search as search_records

        page = search_records(engine, matching.filters(), sort=Sort(sort.value), limit=limit, after=after)
    if json_lines:
        for row in page.readings:
            say_json(summary(row))
    else:
        print_table(page.readings)
    if page.after is not None:
        typer.echo(said("more follow: --after {after}", after=page.after), err=True)


@archive.command()
def show(
    reading: _Reading,
    database: options.Database,
    person: Annotated[
        str | None, typer.Option("--person", help="Who looks; the archive keeps that they did.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as one JSON object.")] = False,
) -> None:
    """Show a reading, who looked at it, and what was decided."""
    with opened("neumo archive show", database) as engine:
        from neumo.records.decisions import record_view
        from neumo.records.restatements import restatements_of
        from neumo.records.stored_reading import stored_reading

        if person is not None:
            record_view(engine, reading, person=person)
        found, restated = stored_reading(engine, reading), restatements_of(engine, reading)
    if as_json:
        say_json({**asdict(found), "restatements": [asdict(each) for each in restated]}, indent=2)
        return
    for line in lines(found, restated):
        typer.echo(printable(line))


@archive.command()
def decide(
    reading: _Reading,
    database: options.Database,
    person: Annotated[str, typer.Option("--person", help="Who decides.")],
    agree: Annotated[bool, typer.Option("--agree", help="With the model's answer.")] = False,
    conclusion: Annotated[
        Conclusion | None, typer.Option("--conclusion", help="What the person concludes.")
    ] = None,
    abnormality: Annotated[str, typer.Option("--abnormality", help="Which one, with OTHER_ABNORMAL.")] = "",
    note: Annotated[str, typer.Option("--note", help="Anything to keep with it.")] = "",
    blinded: Annotated[
        bool, typer.Option("--blinded", help="Decided before the model's finding was seen.")
    ] = False,
    seen: Annotated[
        int | None,
        typer.Option(
            "--seen", help="Last decision that the person knew, 0 for none; a newer one is a conflict."
        ),
    ] = None,
) -> None:
    """Record a decision; the model's answer and earlier decisions stay as they are."""
    with opened("neumo archive decide", database) as engine:
        from neumo.records.decisions import record_decision
        from neumo.records.stored_reading import stored_reading

        final = _conclusion(stored_reading(engine, reading), agree, conclusion)
        revision = record_decision(
            engine,
            reading,
            person=person,
            conclusion=final,
            abnormality=abnormality,
            note=note,
            blinded=blinded,
            seen_revision=seen,
        )
    told = said(
        "reading {reading}, decision {revision}: {final}", reading=reading, revision=revision, final=final
    )
    typer.echo(told)


@archive.command()
@takes_matching
def export(
    database: options.Database,
    matching: Matching,
    csv_file: options.CsvFile = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File of one JSON object a line.")] = None,
    parquet_file: Annotated[Path | None, typer.Option("--parquet", help="Parquet file.")] = None,
) -> None:
    """Write all readings that match, with the decision that stands for each, oldest first."""
    given = {"csv": csv_file, "jsonl": json_file, "parquet": parquet_file}
    if not any(given.values()):
        raise ConfigError("neumo archive export: give --csv FILE, --json FILE, --parquet FILE, or several")
    with opened("neumo archive export", database) as engine:
        from neumo.records.export import Format
        from neumo.records.export import export as write

        files = {Format(name): file for name, file in given.items() if file is not None}
        rows = write(engine, matching.filters(), files=files)
    typer.echo(said("{rows} readings written", rows=rows))


@archive.command()
def purge(
    database: options.Database,
    days: Annotated[
        float, typer.Option("--days", min=0, help="Age in days from which on bodies are emptied.")
    ],
    person: Annotated[str, typer.Option("--person", help="Who answers for it; the log names them.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, it only says how many it would be.")
    ] = False,
    trust_clock: Annotated[
        bool, typer.Option("--trust-clock", help="The clock is right, although nothing was recorded lately.")
    ] = False,
) -> None:
    """Empty what readings hold beyond the finding: file, patient, receipt, pixels, warnings. It cannot be undone."""
    with opened("neumo archive purge", database) as engine:
        from neumo.records.retention import due, require_plausible_clock
        from neumo.records.retention import purge as empty

        if not trust_clock:
            require_plausible_clock(engine, days=days)
        if not yes:
            count = due(engine, days=days)
            typer.echo(said("{count} readings would be emptied; add --yes to do it", count=count))
            return
        emptied = empty(engine, days=days, actor=person, trust_clock=trust_clock)
        if engine.dialect.name == "sqlite":
            from neumo.records.file_retention import FileRetention
            from neumo.records.reading_file import KEPT, ReadingFiles

            beside = ReadingFiles(Path(str(engine.url.database)).parent / KEPT)
            FileRetention(engine, beside, None).run()
    typer.echo(said("{count} readings emptied", count=emptied))


@audit.command()
def verify(
    database: options.Database,
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", help="COUNT:HASH printed earlier; shows rows cut off the end."),
    ] = None,
) -> None:
    """Check the audit log and the rows that it covers; status 0 when they are sound, 1 when they are not."""
    with opened("neumo audit verify", database) as engine:
        from neumo.cli.show import say
        from neumo.records.audit_log import Checkpoint
        from neumo.records.audit_log import verify as verify_log

        verdict = verify_log(engine, Checkpoint.parse(checkpoint) if checkpoint else None)
    for fault in verdict.faults:
        say("fault: {fault}", fault=fault)
    say("checkpoint: {checkpoint}", checkpoint=verdict.checkpoint)
    if verdict.faults:
        raise typer.Exit(1)


@audit.command("show")
def show_trail(
    database: options.Database,
    reading: Annotated[
        int | None, typer.Option("--reading", help="Only what is about this reading, by its number.")
    ] = None,
    person: Annotated[str | None, typer.Option("--person", help="Only what this person did.")] = None,
    action: Annotated[Action | None, typer.Option("--action", help="Only events of this kind.")] = None,
    since: options.Since = None,
    until: options.Until = None,
    last: Annotated[int, typer.Option("--last", min=1, help="Newest events, at most.")] = 50,
    json_lines: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show who did what and when: readings recorded, looked at, restated, decided on, searched by answers, purged."""
    with opened("neumo audit show", database) as engine:
        from neumo.cli.show import say
        from neumo.records.audit_trail import trail

        found = trail(
            engine, last=last, reading=reading, actor=person, action=action, since=since, until=until
        )
    for entry in found:
        if json_lines:
            say_json(asdict(entry))
            continue
        about = "" if entry.reading is None else " " + said("reading {id}", id=entry.reading)
        detail = f": {said(entry.detail)}" if entry.detail else ""
        say(printable(f"{entry.sequence} {entry.at} {entry.actor} {entry.action}{about}{detail}"))


def _conclusion(found: "StoredReading", agree: bool, conclusion: Conclusion | None) -> Conclusion:
    """Return the conclusion of the options. Raises ConfigError for contradicting ones and nothing to agree with."""
    if agree == (conclusion is not None):
        raise ConfigError(
            "neumo archive decide: give either --agree or --conclusion ({conclusions})",
            conclusions=", ".join(CONCLUSIONS),
        )
    if conclusion is not None:
        return conclusion
    agreed = conclusion_of([outcome_of(name) for name in found.body["prediction_set"] or ()])
    if agreed is None:
        raise ConfigError(
            "reading {id}: the model states nothing to agree with; give --conclusion instead of --agree",
            id=found.id,
        )
    return agreed
