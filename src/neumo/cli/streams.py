"""Standard output and error of a command: what a console has no letters for is escaped; a full disk is a sentence."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from neumo.core.faults import where_raised
from neumo.core.files import discard_standard_output
from neumo.texts.translation import said


@contextmanager
def checked_streams() -> Iterator[None]:
    """Run a command; where standard output cannot be written, say so on standard error and end with status 2.

    A reader that closes standard output early, as `head` does, ends the command quietly with status 1. What cannot be
    written to standard error is lost, and keeps no command from its work.
    """
    _watch()
    try:
        yield
        sys.stdout.flush()
    except SystemExit:
        try:
            sys.stdout.flush()
        except OSError as error:
            _end(error)
        raise
    except OSError as error:
        _end(error)


def _watch() -> None:
    """Replace the process's own streams by watched ones; those of tests and notebooks stay."""
    _open_closed()
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _Watched(sys.stdout, lenient=False)
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Watched(sys.stderr, lenient=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_closed() -> None:
    """Put placeholders in the place of closed standard streams, so that no file gets descriptor 0, 1 or 2.

    Writing to a placeholder fails with EBADF, as to the closed stream.
    """
    for number, name, flags in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        stream = open(number, "r" if number == 0 else "w", closefd=False)  # noqa: SIM115 - for as long as the process
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _end(error: OSError) -> None:
    """End the process with what an error of the system says."""
    of_output = isinstance(sys.stdout, _Watched) and sys.stdout.fault is error
    if of_output:
        discard_standard_output()
        if error.errno == errno.EPIPE:
            sys.exit(1)
    if of_output:
        told = said("standard output: could not be written ({reason})", reason=error.strerror or error)
    elif error.filename is not None:
        told = said("{file}: {reason}", file=error.filename, reason=error.strerror or type(error).__name__)
    else:
        told = said(
            "{reason} ({place})", reason=error.strerror or type(error).__name__, place=where_raised(error)
        )
    typer.echo(f"error: {told}", err=True)
    sys.exit(2)


class _Watched(io.TextIOWrapper):
    """A standard stream that remembers why it could not be written.

    Parameters
    ----------
    stream : TextIOWrapper
        Detached from its buffer.
    lenient : bool
        Lose what cannot be written, instead of raising.
    """

    def __init__(self, stream: io.TextIOWrapper, *, lenient: bool) -> None:
        encoding, errors = stream.encoding, stream.errors
        line, through = stream.line_buffering, stream.write_through
        super().__init__(
            stream.detach(),
            encoding=encoding,
            errors=errors,
            line_buffering=line or lenient,
            write_through=through,
        )
        self._lenient = lenient
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._failed(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        self.fault = error
        if not self._lenient:
            raise error
