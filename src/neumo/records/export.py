"""Readings on record, with the newest decision on each, as CSV and Parquet: whole files or none, in bounded memory."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from neumo.core.files import replacing
from neumo.core.findings import FINDINGS
from neumo.records.database import reading_session
from neumo.records.details import body_of, probabilities_of
from neumo.records.filters import Filters, Sort
from neumo.records.schema import DecisionRow, ReadingRow, SubjectRow
from neumo.records.search import LARGEST_PAGE, page

COLUMNS: Final = (
    "id", "recorded_at", "source", "status", "finding", *(f"p_{finding}" for finding in FINDINGS), "prediction_set",
    "coverage", "operating_point", "bundle", "bundle_digest", "reasons", "file", "sha256", "patient_hash", "purged",
    "decision", "agrees", "decided_by", "decided_at", "revision", "blinded", "note",
)  # fmt: skip
"""Lists are joined by " | "; what has no value is empty in CSV and null in Parquet."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Batch = list[dict[str, Any]]
"""Some rows, by column."""
Sink = Callable[[Batch], None]


def export(
    engine: Engine,
    filters: Filters | None = None,
    *,
    csv_file: Path | None = None,
    parquet_file: Path | None = None,
) -> int:
    """Write all readings that match, oldest first, and return how many.

    All of them come from one state of the database, whatever is recorded meanwhile. A text in CSV that a spreadsheet
    would take for a formula gets an apostrophe before it; Parquet holds texts as they are.

    Raises
    ------
    OutputError
        A file cannot be written; those there before are as they were.
    ArchiveError, ArchiveUnavailableError
    """
    rows = 0
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if csv_file is not None:
            sinks.append(stack.enter_context(_csv(csv_file)))
        if parquet_file is not None:
            sinks.append(stack.enter_context(_parquet(parquet_file)))
        for batch in batches(engine, filters or Filters()):
            for sink in sinks:
                sink(batch)
            rows += len(batch)
    return rows


def batches(engine: Engine, filters: Filters) -> Iterator[Batch]:
    """Yield all that matches, oldest first, some rows at a time. Raises ArchiveError, ArchiveUnavailableError."""
    after: str | None = None
    with reading_session(engine) as session:
        while True:
            found = page(session, filters, sort=Sort.OLDEST, limit=LARGEST_PAGE, after=after)
            yield _batch(session, [row.id for row in found.readings])
            session.expunge_all()
            after = found.after
            if after is None:
                return


def _batch(session: Session, numbers: Sequence[int]) -> Batch:
    newest = (
        select(DecisionRow.reading_id, func.max(DecisionRow.revision).label("revision"))
        .where(DecisionRow.reading_id.in_(numbers))
        .group_by(DecisionRow.reading_id)
        .subquery()
    )
    query = (
        select(ReadingRow, SubjectRow.patient_hash, DecisionRow)
        .outerjoin(SubjectRow, SubjectRow.id == ReadingRow.subject_id)
        .outerjoin(newest, newest.c.reading_id == ReadingRow.id)
        .outerjoin(
            DecisionRow,
            (DecisionRow.reading_id == newest.c.reading_id) & (DecisionRow.revision == newest.c.revision),
        )
        .where(ReadingRow.id.in_(numbers))
        .order_by(ReadingRow.recorded_at, ReadingRow.id)
    )
    return [_columns(*row) for row in session.execute(query)]


def _columns(row: ReadingRow, patient_hash: str | None, decision: DecisionRow | None) -> dict[str, Any]:
    kept = body_of(row)
    body: Mapping[str, Any] = kept or {}
    probabilities = probabilities_of(row) or {}
    bundle = (body.get("receipt") or {}).get("bundle") or {}
    return {
        "id": row.id,
        "recorded_at": row.recorded_at,
        "source": row.source,
        "status": row.status,
        "finding": row.finding,
        **{f"p_{finding}": probabilities.get(finding) for finding in FINDINGS},
        "prediction_set": _joined(body.get("prediction_set")),
        "coverage": body.get("coverage"),
        "operating_point": body.get("operating_point"),
        "bundle": f"{bundle['name']} {bundle['version']}" if bundle else None,
        "bundle_digest": row.bundle_digest or None,
        "reasons": _joined(body.get("reasons")),
        "file": body.get("file"),
        "sha256": body.get("sha256"),
        "patient_hash": patient_hash,
        "purged": kept is None,
        "decision": decision and decision.finding,
        "agrees": decision and decision.agrees,
        "decided_by": decision and decision.person,
        "decided_at": decision and decision.at,
        "revision": decision and decision.revision,
        "blinded": decision and decision.blinded,
        "note": decision and decision.note,
    }


def _joined(values: Sequence[str] | None) -> str | None:
    return None if values is None else " | ".join(values)


@contextmanager
def _csv(target: Path) -> Iterator[Sink]:
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        yield lambda batch: writer.writerows([_cell(row[name]) for name in COLUMNS] for row in batch)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


@contextmanager
def _parquet(target: Path) -> Iterator[Sink]:
    import pyarrow
    from pyarrow import parquet

    kinds = dict.fromkeys(("purged", "agrees", "blinded"), pyarrow.bool_())
    kinds |= dict.fromkeys(("id", "revision"), pyarrow.int64())
    kinds |= dict.fromkeys(("coverage", *(f"p_{finding}" for finding in FINDINGS)), pyarrow.float64())
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS])
    with replacing(target) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        yield lambda batch: writer.write_table(pyarrow.Table.from_pylist(batch, schema=schema))
