"""Readings with the newest decision on each, as CSV, JSON Lines or Parquet, page by page."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Engine

from neumo.core.findings import FINDINGS
from neumo.web.http.problems import not_installed
from neumo.web.people.identity import Person
from neumo.web.readings import worklist
from neumo.web.readings.presenting import file_name, is_withheld
from neumo.web.readings.worklist import Filters, Row

COLUMNS: Final = (
    "id", "time", "source", "file", "sha256", "status", "finding", "p_NORMAL", "p_BACTERIAL_PNEUMONIA",
    "p_VIRAL_PNEUMONIA", "prediction_set", "pneumonia", "operating_point", "bundle", "reasons", "decision",
    "agrees", "decided_by", "decided_at", "decision_blinded", "note",
)  # fmt: skip
FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_PAGE: Final = 500
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Batch = list[dict[str, Any]]
"""Some rows, by column."""


def batches(archive: Engine, filters: Filters, person: Person) -> Iterator[Batch]:
    """Yield everything that matches, newest first, some rows at a time. Raises ArchiveUnavailableError."""
    cursor: str | None = None
    while True:
        page = worklist.page(archive, filters, sort="-time", cursor=cursor, limit=_PAGE)
        yield [_columns(row, person) for row in page.rows]
        cursor = page.next
        if cursor is None:
            return


def open_format(name: str) -> Callable[[Iterator[Batch]], Iterator[bytes]]:
    """Return what turns rows into the bytes of a format. Raises Problem where its library is missing."""
    if name == "csv":
        return _csv
    if name == "jsonl":
        return _json_lines
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise not_installed("web") from error
    return _parquet


def _columns(row: Row, person: Person) -> dict[str, Any]:
    body, withheld = row.body, is_withheld(row, person)
    answered = body["probabilities"] is not None and not withheld
    said = answered and not row.purged
    newest = row.decisions[-1] if row.decisions and not withheld else None
    bundle = (body.get("receipt") or {}).get("bundle") or {}
    shares = {f"p_{f}": body["probabilities"][f] if answered else None for f in FINDINGS}
    return {
        "id": row.id,
        "time": row.recorded_at,
        "source": row.source,
        "file": file_name(body["file"]),
        "sha256": body["sha256"],
        "status": body["status"],
        "finding": body["finding"] if answered else None,
        **shares,
        "prediction_set": " ".join(body["prediction_set"]) if said else None,
        "pneumonia": body["pneumonia"] if said else None,
        "operating_point": body["operating_point"] if said else None,
        "bundle": f"{bundle['name']} {bundle['version']}" if bundle else None,
        "reasons": " ".join(notice["code"] for notice in body["notices"]["reasons"]),
        "decision": None if newest is None else newest.finding,
        "agrees": None if newest is None else newest.agrees,
        "decided_by": None if newest is None else newest.person,
        "decided_at": None if newest is None else newest.at,
        "decision_blinded": None if newest is None else newest.blinded,
        "note": None if newest is None else newest.note,
    }


def _csv(pages: Iterator[Batch]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rows in pages:
        writer.writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: Any) -> Any:
    # A spreadsheet would run a note or a file's name that begins like a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _json_lines(pages: Iterator[Batch]) -> Iterator[bytes]:
    for rows in pages:
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _parquet(pages: Iterator[Batch]) -> Iterator[bytes]:
    import pyarrow
    from pyarrow import parquet

    kinds = {"id": pyarrow.int64(), "pneumonia": pyarrow.bool_(), "agrees": pyarrow.bool_()}
    kinds |= {"decision_blinded": pyarrow.bool_()} | {f"p_{f}": pyarrow.float64() for f in FINDINGS}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS])
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema) as writer:
        for rows in pages:
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Where a writer writes and what it wrote is taken from, so that a large file is never whole in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Whether it can be written."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes."""
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
