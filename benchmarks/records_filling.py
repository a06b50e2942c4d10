"""Many readings on record at once, for tests and benchmarks of searching; not logged, since nobody verifies them."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, text

from neumo.core.answer import Verdict
from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Reading, Status
from neumo.records.canonical import canonical
from neumo.records.database import writing_session
from neumo.records.schema import DecisionRow, PatientWordRow, ReadingRow, SubjectRow, WorklistRow

DILIGENT = "reader who decided all but ten"
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = 5000


def fill(engine: Engine, readings: int, *, body: str = "{}", diligent: bool = False) -> None:
    """Add readings, one a minute, of which one in 10 is refused, one in 20 undetermined, one in 100 disagreed with.

    One in four is decided by one of five readers; `DILIGENT` decided all but the first ten where `diligent`. Each of
    20,000 patients has about as many.
    """
    rows = [_row(number) for number in range(1, readings + 1)]
    with writing_session(engine) as session:
        for begin in range(0, readings, _BATCH):
            batch = rows[begin : begin + _BATCH]
            session.execute(insert(SubjectRow), [_subject(row["reading_id"]) for row in batch])
            session.execute(insert(ReadingRow), [_reading(row, body) for row in batch])
            session.execute(insert(WorklistRow), batch)
            session.execute(insert(PatientWordRow), [word for row in batch for word in _words(row)])
            session.execute(insert(DecisionRow), list(_decisions(batch, diligent)))
    if engine.dialect.name == "sqlite":
        return
    # A server does so by itself after a while; nobody does so for a file.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def moment_of(number: int) -> str:
    """Return when that reading was recorded."""
    return (_BEGIN + timedelta(minutes=number)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def sha256_of(number: int) -> str:
    """Return the digest of that reading's file."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def sample_body() -> str:
    """Return a body as long as that of a real reading."""
    return canonical(Reading("film.dcm", None, Status.REFUSED, receipt={"pixels": ["step"] * 400}).to_json())


def _row(number: int) -> dict[str, Any]:
    refused, undetermined, decided = number % 10 == 0, number % 20 == 1, number % 4 == 0
    finding = None if refused else FINDINGS[number % 3]
    return {
        "reading_id": number,
        "recorded_at": moment_of(number),
        "source": f"ward {number % 7}",
        "status": "refused" if refused else "read",
        "finding": finding,
        "normal": None if refused else (number * 7919 % 100_003) / 100_003,
        "verdict": None if finding is None else _verdict(finding, undetermined),
        "decided": decided,
        "disagreement": decided and number % 100 == 4,
        "path": f"study {number % 1009}/film {number}.dcm",
        "sha256": sha256_of(number),
        "patient_key": patient_of(number),
    }


def _verdict(finding: Finding, undetermined: bool) -> str:
    if undetermined:
        return Verdict.UNDETERMINED.value
    return (Verdict.NO_PNEUMONIA if finding is Finding.NORMAL else Verdict.PNEUMONIA).value


def _words(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return by which words that reading's patient is found: one of 500 names, and an identifier."""
    patient = row["reading_id"] % 20_000
    words = (f"name{patient % 500}", f"id{patient}", f"20{patient % 20:02d}0314")
    return [{"word": word, "reading_id": row["reading_id"]} for word in words]


def patient_of(number: int) -> str:
    """Return the hash of that reading's patient."""
    return sha256_of(number % 20_000)


def _subject(number: int) -> dict[str, Any]:
    return {"id": number, "keyed_hash": sha256_of(-number), "patient_hash": patient_of(number)}


def _reading(row: dict[str, Any], body: str) -> dict[str, Any]:
    shared = ("recorded_at", "source", "status", "finding", "normal")
    return {name: row[name] for name in shared} | {
        "id": row["reading_id"],
        "subject_id": row["reading_id"],
        "content_sha256": row["sha256"],
        "bundle_digest": "b",
        "bacterial": None if row["normal"] is None else (1 - row["normal"]) / 2,
        "viral": None if row["normal"] is None else (1 - row["normal"]) / 2,
        "body": body,
    }


def _decisions(batch: list[dict[str, Any]], diligent: bool) -> Iterator[dict[str, Any]]:
    for row in batch:
        if row["decided"] and row["finding"] is not None:
            yield _decision(row, 1, f"reader {row['reading_id'] % 5}", agrees=not row["disagreement"])
        if diligent and row["reading_id"] > 10:
            yield _decision(row, 2, DILIGENT, agrees=True)


def _decision(row: dict[str, Any], revision: int, person: str, *, agrees: bool) -> dict[str, Any]:
    return {
        "reading_id": row["reading_id"],
        "revision": revision,
        "person": person,
        "at": row["recorded_at"],
        "conclusion": row["finding"] or FINDINGS[0],
        "abnormality": "",
        "agrees": agrees,
        "blinded": False,
        "note": "",
    }
