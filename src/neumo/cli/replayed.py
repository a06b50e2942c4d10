"""`neumo read --replay`: a reading is made again from its receipt, and compared."""

import json
from pathlib import Path

import typer

from neumo.core.errors import ConfigError, ReceiptError
from neumo.texts.translation import said


def replayed(receipt_file: Path, paths: list[str], bundle: str | None) -> int:
    """Print what differs from the receipt; return the exit status. Raises ConfigError, ReceiptError, BundleError."""
    from neumo.inference.replay import replay

    if len(paths) != 1:
        raise ConfigError("--replay: give the one file that the receipt belongs to")
    try:
        value = json.loads(receipt_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReceiptError(
            "{receipt_file}: cannot be read as JSON ({error})", receipt_file=receipt_file, error=error
        ) from error
    receipt = value.get("receipt", value) if isinstance(value, dict) else value
    again = replay(receipt, Path(paths[0]), bundle)
    for notice in (*again.differences, *again.circumstances):
        typer.echo(said(notice.text))
    typer.echo(said("reproduced bit for bit") if again.identical else said("not reproduced"))
    return 0 if again.identical else 1
