"""Readings as a table for a terminal."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from neumo.core.findings import FINDINGS
from neumo.core.reading import Reading

_SHORT = {"NORMAL": "normal", "BACTERIAL_PNEUMONIA": "bacterial", "VIRAL_PNEUMONIA": "viral"}


def readings_table(readings: Iterable[Reading]) -> Table:
    """One row a reading: answer with probabilities and prediction set, or the reason why there is none."""
    table = Table("file", "finding", *(f"p {_SHORT[f]}" for f in FINDINGS), "one of", "pneumonia", "notices")
    for reading in readings:
        answer = reading.answer
        notices = "\n".join(notice.text for notice in (*reading.reasons, *reading.warnings))
        if answer is None:
            table.add_row(escape(reading.file), f"[bold]{reading.status}[/]", "", "", "", "", "", escape(notices))
            continue
        table.add_row(
            escape(reading.file),
            f"[bold]{_SHORT[answer.finding]}[/]",
            *(f"{answer.probabilities[f]:.3f}" for f in FINDINGS),
            ", ".join(_SHORT[f] for f in answer.prediction_set) or "none of them",
            f"{'yes' if answer.pneumonia else 'no'} ({answer.operating_point})",
            escape(notices),
        )
    return table
