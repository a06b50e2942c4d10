"""Stores readings: one, or several in one transaction (group commit), each with its event in the audit log."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Engine, Table, bindparam, insert, select
from sqlalchemy.orm import Session

from neumo.core.patient import PatientStudy
from neumo.core.reading import Reading
from neumo.records import search_index
from neumo.records.audit_log import Event, append_all, now
from neumo.records.canonical import canonical, checked_name, storable
from neumo.records.database import writing_session
from neumo.records.log_coverage import EMPTIED, entry_of_columns
from neumo.records.purged_files import forget_file
from neumo.records.schema import Base, ReadingRow, SubjectRow, ViewRow
from neumo.records.subjects import Subject

_Key = tuple[str, str]
_SUBJECTS, _READINGS, _VIEWS = (
    Base.metadata.tables[row.__tablename__] for row in (SubjectRow, ReadingRow, ViewRow)
)
_INSERTS: Final = {
    table.name: insert(table).returning(table.c.id, sort_by_parameter_order=True)
    for table in (_SUBJECTS, _READINGS, _VIEWS)
}
_SAME_CONTENT: Final = select(
    _READINGS.c.content_sha256,
    _READINGS.c.bundle_digest,
    _READINGS.c.id,
    _READINGS.c.recorded_at,
    (_READINGS.c.body == EMPTIED).label("purged"),
).where(_READINGS.c.content_sha256.in_(bindparam("contents", expanding=True)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A reading that is to be stored.

    Attributes
    ----------
    values : mapping
        As `Reading.to_json` makes them; `file` is stored as it stands there.
    source, actor : str
        Where the reading came from, and who recorded it; 1-128 characters.
    subject : Subject or None
        Whose image it is; a reading that is stored already keeps the subject that it has.
    patient : PatientStudy or None
        Whose image it is in the clear, to be shown and searched until the reading is purged; it is stored in the body.
    shown_to : str or None
        Who is shown the answer as soon as it is stored; that view is recorded with it.
    """

    values: Mapping[str, Any]
    source: str
    actor: str
    subject: Subject | None = None
    shown_to: str | None = None
    patient: PatientStudy | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Location of a stored reading.

    Attributes
    ----------
    id : int
    recorded_at : str
        When it was stored, ISO 8601 in UTC.
    body : mapping or None
        What was stored of it; None where it had been stored before.
    """

    id: int
    recorded_at: str
    body: Mapping[str, Any] | None


def record(
    engine: Engine,
    reading: Reading | Mapping[str, Any],
    *,
    source: str,
    actor: str,
    subject: Subject | None = None,
    patient: PatientStudy | None = None,
) -> int:
    """Store a reading, or its plain form, and return its number.

    The same bytes, read by the same bundle with the same options, are stored once. Parameters and errors are those of
    `Entry` and `record_all`.
    """
    values = reading.to_json() if isinstance(reading, Reading) else reading
    return record_all(engine, [Entry(values, source, actor, subject, patient=patient)])[0].id


def record_all(engine: Engine, entries: Sequence[Entry]) -> tuple[Recorded, ...]:
    """Store readings in one transaction, all of them or none, which waits for the disk once.

    Raises
    ------
    ArchiveError
        A name cannot be stored, or the database refuses a value.
    ArchiveUnavailableError
    """
    prepared = [_prepared(entry) for entry in entries]
    with writing_session(engine) as session:
        return _Writing(session, prepared).run()


@dataclass(frozen=True, slots=True)
class _Prepared:
    entry: Entry
    key: _Key
    body: Mapping[str, Any]
    row: Mapping[str, Any]


def _prepared(entry: Entry) -> _Prepared:
    """Return a new reading with those columns of its row that can be filled without the database."""
    source, actor = checked_name("source", entry.source), checked_name("actor", entry.actor)
    patient = None if entry.patient is None else entry.patient.to_json()
    # Decisions have a table of their own.
    body = {key: value for key, value in entry.values.items() if key != "decision"}
    body |= {"file": storable(body["file"]), "patient": patient}
    receipt: Mapping[str, Any] = body["receipt"] or {}
    content, bundle = _content_sha256(body), str(receipt.get("bundle", {}).get("digest", ""))
    probabilities, distance = body["probabilities"] or {}, receipt.get("distance")
    row = {
        "source": source,
        "content_sha256": content,
        "bundle_digest": bundle,
        "status": body["status"],
        "finding": body["finding"],
        "normal": probabilities.get("NORMAL"),
        "bacterial": probabilities.get("BACTERIAL_PNEUMONIA"),
        "viral": probabilities.get("VIRAL_PNEUMONIA"),
        "distance": float.fromhex(distance) if distance else None,
        "body": canonical(body),
    }
    shown_to = None if entry.shown_to is None else checked_name("person", entry.shown_to)
    checked = replace(entry, source=source, actor=actor, shown_to=shown_to)
    return _Prepared(checked, (content, bundle), body, row)


@dataclass
class _Writing:
    """One transaction: one INSERT for all rows of a table, since the unit of work (ORM) takes much longer."""

    session: Session
    prepared: Sequence[_Prepared]
    events: list[Event] = field(default_factory=list)

    def run(self) -> tuple[Recorded, ...]:
        known, purged = self._known()
        new: dict[_Key, _Prepared] = {}
        for one in self.prepared:
            if one.key not in known:
                new.setdefault(one.key, one)
            elif known[one.key].id in purged:  # sent and read again: its new file must be deleted, too
                forget_file(self.session, one.body)
        known |= self._recorded(list(new.values()))
        append_all(self.session, self.events)
        # The same bytes twice in this transaction are one new reading.
        return tuple(
            known[one.key] if new.get(one.key) is one else replace(known[one.key], body=None)
            for one in self.prepared
        )

    def _known(self) -> tuple[dict[_Key, Recorded], set[int]]:
        """Return the stored readings of the same content by key, and the ids of those that were purged."""
        contents = sorted({one.key[0] for one in self.prepared})
        rows = self.session.connection().execute(_SAME_CONTENT, {"contents": contents}).all()
        known = {(row[0], row[1]): Recorded(row[2], row[3], None) for row in rows}
        return known, {row[2] for row in rows if row[4]}

    def _recorded(self, new: Sequence[_Prepared]) -> dict[_Key, Recorded]:
        """Insert new readings with their subjects, views and search index; return what was recorded, by key."""
        rows = self._insert(
            _READINGS,
            [{"subject_id": self._subject_id(one.entry), "recorded_at": now(), **one.row} for one in new],
        )
        recorded = list(zip(new, rows, strict=True))
        shown = [
            {"reading_id": row["id"], "person": one.entry.shown_to, "at": now()}
            for one, row in recorded
            if one.entry.shown_to is not None
        ]
        views = {view["reading_id"]: view for view in self._insert(_VIEWS, shown)}
        for one, row in recorded:
            self._log(one.entry.actor, "record", _READINGS, row)
            if row["id"] in views:
                view = views[row["id"]]
                self._log(view["person"], "view", _VIEWS, view)
        search_index.add_all(
            self.session,
            [search_index.values_of(row, one.body) for one, row in recorded],
            [word for one, row in recorded for word in search_index.words_rows(row["id"], one.body)],
        )
        return {one.key: Recorded(row["id"], row["recorded_at"], one.body) for one, row in recorded}

    def _subject_id(self, entry: Entry) -> int | None:
        if entry.subject is None:
            return None
        query = select(SubjectRow.id).where(SubjectRow.keyed_hash == entry.subject.keyed_hash)
        known = self.session.scalar(query)
        if known is not None:
            return known
        (row,) = self._insert(_SUBJECTS, [asdict(entry.subject)])
        self._log(entry.actor, "subject", _SUBJECTS, row)
        return int(row["id"])

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Insert rows, and return them with their primary keys."""
        if not rows:
            return []
        numbers = self.session.connection().scalars(_INSERTS[table.name], rows)
        return [{"id": number, **row} for number, row in zip(numbers, rows, strict=True)]

    def _log(self, actor: str, action: str, table: Table, row: Mapping[str, Any]) -> None:
        self.events.append(Event(actor, action, entry_of_columns(table.name, row)))


def _content_sha256(values: Mapping[str, Any]) -> str:
    """Name what was read and how, not where it lay; a failure does not stand in the way of a later answer."""
    receipt: Mapping[str, Any] = values["receipt"] or {}
    read = values["sha256"] or receipt.get("input_sha256") or {"file": values["file"]}
    named = {"read": read, "options": receipt.get("options"), "status": values["status"]}
    return hashlib.sha256(canonical(named).encode()).hexdigest()
