"""Exports readings on record with the decision that stands for each, as CSV, JSON Lines or Parquet."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Engine

from neumo.core.answer import Answer
from neumo.core.errors import MissingExtraError
from neumo.core.files import replacing, require_replaceable
from neumo.core.findings import FINDINGS
from neumo.core.spreadsheets import write_row
from neumo.records.database import reading_session
from neumo.records.filters import Filters, Sort
from neumo.records.search import page
from neumo.records.stored_reading import StoredReading

COLUMNS: Final = (
    "id", "time", "source", "file", "sha256", "status", "verdict", "etiology", "finding",
    *(f"p_{finding}" for finding in FINDINGS), "prediction_set", "coverage", "pneumonia", "operating_point", "bundle",
    "bundle_digest", "reasons", "warnings", "patient_hash",
    "purged", "decided", "decision", "abnormality", "agrees", "decided_by", "decided_at", "decision_blinded",
    "verified", "verifier", "revision", "decisions", "note",
)  # fmt: skip
"""Lists are joined by " | "; what has no value is empty in CSV and null in JSON and Parquet."""
_BATCH: Final = 500

Batch = Sequence[Mapping[str, Any]]
"""Some rows, by column."""


class Format(StrEnum):
    """Formats of an export."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


class Encoder(Protocol):
    """Encodes rows as the bytes of a format."""

    def encode(self, rows: Batch) -> bytes:
        """Return the next bytes of the file."""

    def end(self) -> bytes:
        """Return the last bytes of the file."""


def export(engine: Engine, filters: Filters | None = None, *, files: Mapping[Format, Path]) -> int:
    """Write all readings that match to each of the files, oldest first, and return how many.

    All of them come from one state of the database, whatever is recorded meanwhile.

    Raises
    ------
    OutputError
        A file cannot be written, or text would replace something else; those there before are as they were.
    MissingExtraError
        As `open_encoder`.
    FilterError, ArchiveUnavailableError
    """
    require_replaceable(*(file for kind, file in files.items() if kind is not Format.PARQUET))
    rows = 0
    encoders = {file: open_encoder(kind) for kind, file in files.items()}
    with ExitStack() as stack:
        streams = {
            file: stack.enter_context(stack.enter_context(replacing(file)).open("wb")) for file in encoders
        }
        for readings in stored(engine, filters or Filters(), sort=Sort.OLDEST, one_state=True):
            batch = [row_of(reading) for reading in readings]
            rows += len(batch)
            for file, encoder in encoders.items():
                streams[file].write(encoder.encode(batch))
        for file, encoder in encoders.items():
            streams[file].write(encoder.end())
    return rows


def stored(
    engine: Engine, filters: Filters, *, sort: Sort, one_state: bool = False
) -> Iterator[tuple[StoredReading, ...]]:
    """Yield all readings that match, some at a time, at least one time.

    Parameters
    ----------
    engine : Engine
    filters : Filters
    sort : Sort
    one_state : bool
        Take all of them from one transaction, which stays open for as long as they are taken.

    Raises
    ------
    FilterError, ArchiveUnavailableError
    """
    after: str | None = None
    with reading_session(engine) if one_state else nullcontext() as whole:
        while True:
            with nullcontext(whole) if whole is not None else reading_session(engine) as session:
                found = page(session, filters, sort=sort, limit=_BATCH, after=after)
            yield found.readings
            after = found.after
            if after is None:
                return


def row_of(reading: StoredReading, *, withheld: bool = False) -> dict[str, Any]:
    """Return a reading by column.

    Parameters
    ----------
    reading : StoredReading
    withheld : bool
        Leave out the answer and all decisions, for somebody who must decide first.
    """
    body = reading.body
    bundle = (body.get("receipt") or {}).get("bundle") or {}
    answer = {} if withheld or reading.finding is None else body
    stated = Answer.from_json(body) if answer.get("prediction_set") else None
    decided = None if withheld else reading.decision
    return {
        "id": reading.id,
        "time": reading.recorded_at,
        "source": reading.source,
        "file": body.get("file"),
        "sha256": body.get("sha256"),
        "status": reading.status,
        "verdict": None if withheld else reading.verdict,
        "etiology": stated and stated.etiology and stated.etiology.value,
        "finding": answer.get("finding"),
        **{f"p_{finding}": (answer.get("probabilities") or {}).get(finding) for finding in FINDINGS},
        "prediction_set": _joined(answer.get("prediction_set")),
        "coverage": answer.get("coverage"),
        "pneumonia": answer.get("pneumonia"),
        "operating_point": answer.get("operating_point"),
        "bundle": f"{bundle['name']} {bundle['version']}" if bundle else None,
        "bundle_digest": reading.bundle_digest or None,
        "reasons": _joined(body.get("reasons")),
        "warnings": None if withheld else _joined(body.get("warnings")),
        "patient_hash": reading.patient_hash,
        "purged": reading.purged,
        "decided": None if withheld else decided is not None,
        "decision": decided and decided.conclusion.value,
        "abnormality": decided and decided.abnormality,
        "agrees": decided and decided.agrees,
        "decided_by": decided and decided.person,
        "decided_at": decided and decided.at,
        "decision_blinded": decided and decided.blinded,
        "verified": decided and decided.verified,
        "verifier": decided and decided.verifier,
        "revision": decided and decided.revision,
        "decisions": len(reading.decisions),
        "note": decided and decided.note,
    }


def _joined(values: Sequence[str] | None) -> str | None:
    return None if values is None else " | ".join(values)


def open_encoder(kind: Format, columns: Sequence[str] = COLUMNS) -> Encoder:
    """Return an encoder of some columns. Raises MissingExtraError where Parquet's library is not installed."""
    encoders: Mapping[Format, Callable[[Sequence[str]], Encoder]]
    encoders = {Format.CSV: _Csv, Format.JSON_LINES: _JsonLines, Format.PARQUET: _Parquet}
    return encoders[kind](columns)


class _Csv:
    """CSV encoder; text cells are guarded against formula injection (`neumo.core.spreadsheets`)."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._buffer = io.StringIO(newline="")
        write_row(self._buffer, columns)

    def encode(self, rows: Batch) -> bytes:
        for row in rows:
            write_row(self._buffer, [_cell(row[name]) for name in self._columns])
        return self.end()

    def end(self) -> bytes:
        written = self._buffer.getvalue().encode()
        self._buffer.seek(0)
        self._buffer.truncate()
        return written


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


class _JsonLines:
    """One JSON object a line."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns

    def encode(self, rows: Batch) -> bytes:
        kept = ({name: row[name] for name in self._columns} for row in rows)
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept).encode()

    def end(self) -> bytes:
        return b""


class _Parquet:
    """Apache Parquet, a row group for each batch."""

    def __init__(self, columns: Sequence[str]) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise MissingExtraError(
                'Parquet: pyarrow is not installed; pip install "neumo[parquet]", or choose another format'
            ) from error
        kinds = dict.fromkeys(
            ("pneumonia", "purged", "decided", "agrees", "decision_blinded", "verified"), pyarrow.bool_()
        )
        kinds |= dict.fromkeys(("id", "revision", "decisions"), pyarrow.int64())
        kinds |= dict.fromkeys(("coverage", *(f"p_{finding}" for finding in FINDINGS)), pyarrow.float64())
        self._schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in columns])
        self._table = pyarrow.Table
        self._written = _Written()
        self._writer = parquet.ParquetWriter(self._written, self._schema)

    def encode(self, rows: Batch) -> bytes:
        self._writer.write_table(self._table.from_pylist(list(rows), schema=self._schema))
        return self._written.take()

    def end(self) -> bytes:
        self._writer.close()
        return self._written.take()


class _Written(io.RawIOBase):
    """A stream to write to, from which what was written is taken, so that no file is ever whole in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
