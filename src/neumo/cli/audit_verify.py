"""`neumo audit verify`: whether the log was changed, told by its own digests."""

from typing import Annotated

import typer

from neumo.cli.show import console


def verify(
    database: Annotated[str, typer.Option("--database", help="sqlite:///FILE or postgresql://HOST/NAME.")],
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", help="COUNT:HASH printed earlier; shows rows cut off the end."),
    ] = None,
) -> None:
    """Check the audit log; status 0 when it is sound, 1 when it is not."""
    from neumo.archive.audit_log import Checkpoint
    from neumo.archive.audit_log import verify as verify_log
    from neumo.archive.database import connect

    kept = Checkpoint.parse(checkpoint) if checkpoint else None
    verdict = verify_log(connect(database), kept)
    for fault in verdict.faults:
        console.print(f"fault: {fault}", soft_wrap=True)
    console.print(f"checkpoint: {verdict.checkpoint}", soft_wrap=True)
    if verdict.faults:
        raise typer.Exit(1)
