"""Age and sex in the table of searches; restated answers and searches by answers, each in a table of its own."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MESSAGE = "rows on record are neither changed nor deleted"
_FILTERS = ("verdict", "finding", "status", "source", "decided", "disagreement", "sex")
_ROWS = 1000


def upgrade() -> None:
    """Add columns and tables, and fill the columns from the stored readings."""
    op.add_column("worklist", sa.Column("age", sa.Float(53)))
    op.add_column("worklist", sa.Column("sex", sa.String(1)))
    _fill()
    _indexes()
    _restatements()
    _answer_searches()
    for table in ("restatements", "answer_searches"):
        _refuse_changes(table)


def _fill() -> None:
    connection, last = op.get_bind(), 0
    query = sa.text("SELECT id, body FROM readings WHERE id > :last ORDER BY id LIMIT :rows")
    change = sa.text("UPDATE worklist SET age = :age, sex = :sex WHERE reading_id = :id")
    while rows := connection.execute(query, {"last": last, "rows": _ROWS}).all():
        last = rows[-1][0]
        stated = [(number, json.loads(body).get("patient") or {}) for number, body in rows]
        values = [
            {"id": number, "age": patient.get("age"), "sex": _sex(patient.get("sex"))}
            for number, patient in stated
            if patient
        ]
        if values:
            connection.execute(change, values)


def _sex(stated: str | None) -> str | None:
    code = (stated or "").strip().upper()
    return code if code in ("F", "M", "O") else None


def _indexes() -> None:
    for name in ("worklist_by_time", "worklist_by_normal"):
        op.drop_index(name, "worklist")
    op.create_index("worklist_by_time", "worklist", ["recorded_at", "reading_id", *_FILTERS, "age", "path"])
    by_normal = ["normal", "reading_id", "recorded_at", *_FILTERS, "age", "path"]
    op.create_index("worklist_by_normal", "worklist", by_normal)
    op.create_index("worklist_by_sex", "worklist", ["sex", "recorded_at", "reading_id"])


def _restatements() -> None:
    op.create_table(
        "restatements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("result", sa.String(32), nullable=False),
        sa.Column("prevalence", sa.Float(53)),
        sa.Column("operating_point", sa.Text()),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_restatements_reading_id", "restatements", ["reading_id"])


def _answer_searches() -> None:
    op.create_table(
        "answer_searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("answer_searches_by_person", "answer_searches", ["person", "at"])


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION neumo_refuse_change()"
        )
