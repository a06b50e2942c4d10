"""The output files of a run of readings (JSON Lines, CSV, overlays), written as the readings come."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from neumo.core.errors import OutputError
from neumo.core.files import discard_standard_output, replacing, require_replaceable
from neumo.core.message import Message
from neumo.core.reading import Reading
from neumo.results import json_lines

STANDARD_OUTPUT = "-"


@dataclass
class Outputs:
    """Open results; every reading goes to each of them.

    What cannot be written is told once and closed, and the others go on. Only the file of JSON Lines, by which a run is
    resumed, ends the run; a reading is written to it after all others.

    Attributes
    ----------
    json_stream, csv_stream : TextIO or None
        None where they were not asked for, or cannot be written any more.
    heatmaps : Path or None
    more : bool
        Whether other results are made of the readings, so that the run goes on where none of these can be written.
    tell : function of str
        Called with what cannot be written.
    faults : int
        Outputs that could not be written.
    """

    json_stream: TextIO | None = None
    csv_stream: TextIO | None = None
    heatmaps: Path | None = None
    more: bool = False
    tell: Callable[[str], None] = lambda _told: None
    written: int = field(default=0)
    faults: int = field(default=0)

    def write(self, reading: Reading) -> None:
        """Write one reading.

        Raises
        ------
        OutputError
            An overlay or the file of JSON Lines cannot be written, or nothing is left to write to.
        BrokenPipeError
            Who read standard output has closed it, and nothing else is made.
        """
        self.written += 1
        heatmap = self._overlay(reading)
        if self.csv_stream is not None:
            from neumo.results.csv_table import write_row

            try:
                write_row(self.csv_stream, reading, heatmap)
            except OSError as error:
                self.csv_stream = None
                self._lost("--csv", error)
        if self.json_stream is not None:
            try:
                json_lines.write_line(self.json_stream, reading, heatmap)
            except OSError as error:
                self._json_lost(error)

    def _overlay(self, reading: Reading) -> str | None:
        if self.heatmaps is None:
            return None
        from neumo.results.overlays import write_overlay

        try:
            return write_overlay(reading, self.heatmaps, self.written)
        except (OutputError, MemoryError):
            raise
        except Exception as error:  # one picture that cannot be drawn must not end a batch
            kind = type(error).__name__
            self.tell(Message("{file}: its overlay cannot be drawn ({kind})", file=reading.file, kind=kind))
            return None

    def _json_lost(self, error: OSError) -> None:
        if self.json_stream is not sys.stdout:
            raise _unwritable("--json", error) from error
        self.json_stream = None
        if self._goes_on:
            discard_standard_output()
        if not isinstance(error, BrokenPipeError):
            self._lost(Message("standard output"), error)
        elif not self._goes_on:
            raise error

    def _lost(self, name: str, error: OSError) -> None:
        if not self._goes_on:
            raise _unwritable(name, error) from error
        self.faults += 1
        self.tell(
            Message(
                "{name}: could not be written ({reason}); the other results go on",
                name=name,
                reason=error.strerror or error,
            )
        )

    @property
    def _goes_on(self) -> bool:
        left = (self.json_stream, self.csv_stream, self.heatmaps)
        return self.more or any(output is not None for output in left)


@contextmanager
def open_outputs(
    *,
    json_target: str | None,
    csv_target: Path | None,
    heatmaps: Path | None,
    append: bool,
    more: bool = False,
    tell: Callable[[str], None] = lambda _told: None,
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
        Go on with the file of JSON Lines; the CSV file is made anew from it, so that both hold the same readings.
    more, tell : bool, function of str
        As of `Outputs`.

    Raises
    ------
    OutputError
        One cannot be opened, or is a file that holds something else, as a radiograph.
    """
    json_file = None if json_target in {None, STANDARD_OUTPUT} else Path(str(json_target))
    require_replaceable(json_file, csv_target)
    with ExitStack() as stack:
        json_stream = csv_stream = None
        if json_target == STANDARD_OUTPUT:
            json_stream = sys.stdout
        elif json_file is not None:
            json_stream = stack.enter_context(_open(json_file, append))
        if csv_target is not None:
            if append and json_target is not None:
                _rewrite_csv(csv_target, Path(json_target))
            csv_stream = stack.enter_context(_open(csv_target, append))
            if not append:
                from neumo.results.csv_table import write_header

                write_header(csv_stream)
        yield Outputs(json_stream, csv_stream, heatmaps, more, tell)


def _rewrite_csv(target: Path, source: Path) -> None:
    """Write the readings of a file of JSON Lines as CSV. Raises OutputError."""
    from neumo.results.csv_table import write_header, write_row

    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        write_header(stream)
        for reading, heatmap in json_lines.readings_in(source):
            write_row(stream, reading, heatmap)


@contextmanager
def _open(target: Path, append: bool) -> Iterator[TextIO]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = target.open("a" if append else "w", encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(
            "{target}: cannot be written ({reason}); choose another place",
            target=target,
            reason=error.strerror or error,
        ) from error
    try:
        yield stream
    finally:
        with suppress(OSError):  # each line was flushed; what could not be was told
            stream.close()


def _unwritable(name: str, error: OSError) -> OutputError:
    return OutputError(
        "{name}: could not be written ({reason}); what was written is kept, go on with --resume",
        name=name,
        reason=error.strerror or error,
    )
