"""A table to search along, hashed subjects, and bodies that may be emptied; earlier readings are logged anew."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from neumo.records.audit_log import append
from neumo.records.canonical import canonical

revision = "0003"
down_revision = "0002"

_MESSAGE = "rows on record are neither changed nor deleted"
_FILTERS = ("finding", "status", "source", "undecided", "decided", "disagreement")
_COLUMNS = (
    "id", "subject_id", "recorded_at", "source", "content_sha256", "bundle_digest", "status", "finding",
    "normal", "bacterial", "viral", "distance", "body",
)  # fmt: skip
_BATCH = 500


def upgrade() -> None:
    """Change the tables, then fill the new one."""
    _subjects()
    _worklist()
    op.create_index("decisions_by_person", "decisions", ["person", "reading_id"])
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()
    with Session(op.get_bind(), join_transaction_mode="rollback_only") as session:
        for row in _readings(session):
            _restate(session, row)
        session.flush()


def _subjects() -> None:
    for kind in ("patient_id", "study_instance_uid", "series_instance_uid"):
        hashed = f"{kind.split('_', maxsplit=1)[0]}_hash"
        op.execute(f"ALTER TABLE subjects RENAME COLUMN {kind} TO {hashed}")
    op.execute("ALTER TABLE subjects DROP COLUMN sop_instance_uid")
    op.create_index("ix_subjects_patient_hash", "subjects", ["patient_hash"])


def _worklist() -> None:
    op.create_table(
        "worklist",
        sa.Column("reading_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.String(length=27), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("finding", sa.String(length=32), nullable=True),
        sa.Column("normal", sa.Float(precision=53), nullable=True),
        sa.Column("undecided", sa.Boolean(), nullable=True),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("disagreement", sa.Boolean(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("reading_id"),
    )
    op.create_index("worklist_by_time", "worklist", ["recorded_at", "reading_id"])
    op.create_index("worklist_by_normal", "worklist", ["normal", "reading_id"])
    for name in _FILTERS:
        op.create_index(f"worklist_by_{name}", "worklist", [name, "recorded_at", "reading_id"])


def _sqlite() -> None:
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _COLUMNS[:-1])
    op.execute("DROP TRIGGER readings_no_update")
    op.execute(
        "CREATE TRIGGER readings_no_update BEFORE UPDATE ON readings "
        f"WHEN NOT (NEW.body = '{{}}' AND {same}) BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    )
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER subjects_no_{event.lower()} BEFORE {event} ON subjects "
            f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION neumo_only_empty_body() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.body = '{}' AND to_jsonb(NEW) - 'body' = to_jsonb(OLD) - 'body' THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{_MESSAGE}'; END $$"
    )
    op.execute("DROP TRIGGER readings_no_change ON readings")
    op.execute(
        "CREATE TRIGGER readings_no_change BEFORE DELETE OR TRUNCATE ON readings "
        "FOR EACH STATEMENT EXECUTE FUNCTION neumo_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER readings_no_update BEFORE UPDATE ON readings "
        "FOR EACH ROW EXECUTE FUNCTION neumo_only_empty_body()"
    )
    op.execute(
        "CREATE TRIGGER subjects_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON subjects "
        "FOR EACH STATEMENT EXECUTE FUNCTION neumo_refuse_change()"
    )


def _readings(session: Session) -> Iterator[dict[str, Any]]:
    table = sa.table("readings", *(sa.column(name) for name in _COLUMNS))
    last = 0
    while True:
        query = sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(_BATCH)
        rows = [dict(row) for row in session.execute(query).mappings()]
        if not rows:
            return
        yield from rows
        last = rows[-1]["id"]


def _restate(session: Session, row: dict[str, Any]) -> None:
    """Log a reading by the digest of its body, and make it findable."""
    body = hashlib.sha256(row["body"].encode()).hexdigest()
    sha256 = hashlib.sha256(canonical(row | {"body": body}).encode()).hexdigest()
    entry = {"table": "readings", "id": row["id"], "body": body, "sha256": sha256}
    append(session, "neumo", "restate", entry)
    values = json.loads(row["body"])
    agreed = sa.text(
        "SELECT count(*), count(CASE WHEN agrees = false THEN 1 END) FROM decisions WHERE reading_id = :id"
    )
    decisions, against = session.execute(agreed, {"id": row["id"]}).one()
    found = values["prediction_set"]
    names = ("recorded_at", "source", "status", "finding", "normal")
    kept: dict[str, Any] = {"reading_id": row["id"], **{name: row[name] for name in names}}
    kept |= {"undecided": None if found is None else len(found) > 1}
    kept |= {"decided": decisions > 0, "disagreement": against > 0}
    kept |= {"file": values["file"], "sha256": values["sha256"] or ""}
    session.execute(sa.insert(sa.table("worklist", *(sa.column(name) for name in kept))).values(kept))
