"""`neumo audit verify`: whether the log was changed, or a row that it covers, told by digests."""

from typing import Annotated

import typer

from neumo.cli.show import console, require_archive_extra


def verify(
    database: Annotated[str, typer.Option("--database", help="sqlite:///FILE or postgresql://HOST/NAME.")],
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", help="COUNT:HASH printed earlier; shows rows cut off the end."),
    ] = None,
) -> None:
    """Check the audit log and the rows that it covers; status 0 when they are sound, 1 when they are not."""
    require_archive_extra("neumo audit verify")
    from neumo.records.audit_log import Checkpoint
    from neumo.records.audit_log import verify as verify_log
    from neumo.records.database import connect, require_tables

    kept = Checkpoint.parse(checkpoint) if checkpoint else None
    engine = connect(database, existing=True)
    try:
        require_tables(engine)
        verdict = verify_log(engine, kept)
    finally:
        engine.dispose()
    for fault in verdict.faults:
        console.print(f"fault: {fault}", soft_wrap=True)
    console.print(f"checkpoint: {verdict.checkpoint}", soft_wrap=True)
    if verdict.faults:
        raise typer.Exit(1)
