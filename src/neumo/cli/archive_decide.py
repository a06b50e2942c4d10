"""`neumo archive decide`: what a person decides of a reading, kept beside the model's answer."""

from typing import Annotated

import typer

from neumo.cli import archive_options as options
from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS, Finding


def decide(
    reading: Annotated[int, typer.Argument(help="The reading's number.")],
    database: options.Database,
    person: Annotated[str, typer.Option("--person", help="Who decides.")],
    agree: Annotated[
        bool | None, typer.Option("--agree/--disagree", help="With the model's finding.")
    ] = None,
    finding: Annotated[Finding | None, typer.Option("--finding", help="The person's finding.")] = None,
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
    """Keep a decision; the model's answer and earlier decisions stay as they are."""
    with options.opened("neumo archive decide", database) as engine:
        from neumo.records.details import details
        from neumo.records.store import record_decision

        final = _final(reading, details(engine, reading).finding, agree, finding)
        revision = record_decision(
            engine, reading, person=person, finding=final, note=note, blinded=blinded, seen_revision=seen
        )
    typer.echo(f"reading {reading}, decision {revision}: {final}")


def _final(reading: int, model: str | None, agree: bool | None, finding: Finding | None) -> Finding:
    """Return the finding that is meant. Raises ConfigError where options contradict each other."""
    if agree is not None and model is None:
        raise ConfigError(f"reading {reading}: the model gave no finding; give --finding alone")
    if agree is None:
        if finding is None:
            raise ConfigError(f"neumo archive decide: give --agree, or --finding ({', '.join(FINDINGS)})")
        return finding
    if agree:
        if finding not in (None, model):
            raise ConfigError(
                f"--agree: the model's finding is {model}, not {finding}; leave one of them out"
            )
        return Finding(str(model))
    if finding is None or finding == model:
        others = ", ".join(other for other in FINDINGS if other != model)
        raise ConfigError(f"--disagree: give --finding ({others}); the model's is {model}")
    return finding
