"""`neumo archive show`: one reading with all that is kept of it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import archive_options as options

if TYPE_CHECKING:
    from neumo.records.details import Details


def show(
    reading: Annotated[int, typer.Argument(help="The reading's number.")],
    database: options.Database,
    person: Annotated[
        str | None, typer.Option("--person", help="Who looks; the archive keeps that they did.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as one JSON object.")] = False,
) -> None:
    """Show a reading, who looked at it, and what was decided."""
    with options.opened("neumo archive show", database) as engine:
        from neumo.records.details import details
        from neumo.records.store import record_view

        if person is not None:
            record_view(engine, reading, person=person)
        found = details(engine, reading)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
        return
    for line in _lines(found):
        typer.echo(options.plain(line))


def _lines(found: "Details") -> list[str]:
    lines = [f"reading {found.id}, recorded {found.recorded_at} from {found.source}"]
    if found.body is None:
        lines.append("purged: file, receipt, warnings and reasons are gone")
    else:
        lines.append(f"file: {found.body['file']}")
    lines.append(f"model: {found.finding or found.status}")
    if found.probabilities is not None:
        lines += [
            f"  {name}: {value:.4f}" for name, value in found.probabilities.items() if value is not None
        ]
    if found.body is not None:
        prediction_set = found.body.get("prediction_set")
        if prediction_set is not None:
            lines.append(f"prediction set: {', '.join(prediction_set) or 'empty'}")
        lines += [f"warning: {text}" for text in found.body.get("warnings", [])]
        lines += [f"reason: {text}" for text in found.body.get("reasons", [])]
    lines += [f"looked at by {view.person}, {view.at}" for view in found.views]
    for decision in found.decisions:
        verdict = {True: "agrees", False: "disagrees", None: "the model gave none"}[decision.agrees]
        blinded = ", before the model's finding was shown" if decision.blinded else ""
        lines.append(
            f"decision {decision.revision} by {decision.person}, {decision.at}: {decision.finding} ({verdict}{blinded})"
        )
        if decision.note:
            lines.append(f"  {decision.note}")
    return lines
