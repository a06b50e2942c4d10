"""The output files of a run of readings (JSON Lines, CSV, overlays), written as the readings come."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from neumo.core.errors import OutputError
from neumo.core.reading import Reading
from neumo.results import csv_table, json_lines
from neumo.results.overlays import write_overlay

STANDARD_OUTPUT = "-"


@dataclass
class Outputs:
    """Open results; every reading goes to each of them."""

    json_stream: TextIO | None = None
    csv_stream: TextIO | None = None
    heatmaps: Path | None = None
    written: int = field(default=0)

    def write(self, reading: Reading) -> None:
        """Write one reading. Raises OutputError."""
        self.written += 1
        try:
            heatmap = None if self.heatmaps is None else write_overlay(reading, self.heatmaps, self.written)
            if self.json_stream is not None:
                json_lines.write_line(self.json_stream, reading, heatmap)
            if self.csv_stream is not None:
                csv_table.write_row(self.csv_stream, reading, heatmap)
        except BrokenPipeError:
            raise
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            raise OutputError(
                f"results: could not be written ({error.strerror or error}); what was written is kept, "
                "go on with --resume"
            ) from error


@contextmanager
def open_outputs(
    *, json_target: str | None, csv_target: Path | None, heatmaps: Path | None, append: bool
) -> Iterator[Outputs]:
    """Open the results that were asked for.

    Parameters
    ----------
    json_target : str or None
        A file, or "-" for standard output.
    csv_target : Path or None
    heatmaps : Path or None
        Folder for overlays.
    append : bool
        Go on with files that exist, instead of beginning them anew.

    Raises
    ------
    OutputError
        One cannot be opened.
    """
    with ExitStack() as stack:
        json_stream = csv_stream = None
        if json_target == STANDARD_OUTPUT:
            json_stream = sys.stdout
        elif json_target is not None:
            json_stream = stack.enter_context(_open(Path(json_target), append))
        if csv_target is not None:
            begun = append and csv_target.exists() and csv_target.stat().st_size > 0
            csv_stream = stack.enter_context(_open(csv_target, append))
            if not begun:
                csv_table.write_header(csv_stream)
        yield Outputs(json_stream, csv_stream, heatmaps)


def _open(target: Path, append: bool) -> TextIO:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("a" if append else "w", encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(
            f"{target}: cannot be written ({error.strerror or error}); choose another place"
        ) from error
