"""The first tables, with triggers that refuse to change or delete what is on record."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MESSAGE = "rows on record are neither changed nor deleted"
_INSERT_ONLY = ("subjects", "readings", "views", "decisions", "audit_log")
_UNCHANGING = (
    "id", "subject_id", "recorded_at", "source", "content_sha256", "bundle_digest", "status", "finding",
    "normal", "bacterial", "viral", "distance",
)  # fmt: skip
"""Columns of a reading that stay when its body is emptied."""
_FILTERS = ("verdict", "finding", "status", "source", "decided", "disagreement")


def upgrade() -> None:
    """Create tables, indexes and triggers."""
    _readings()
    _people()
    _audit_log()
    _worklist()
    _patient_words()
    _purged_files()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _readings() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("keyed_hash", sa.String(64), nullable=False),
        sa.Column("patient_hash", sa.String(64)),
        sa.Column("study_hash", sa.String(64)),
        sa.Column("series_hash", sa.String(64)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("keyed_hash"),
    )
    op.create_index("ix_subjects_patient_hash", "subjects", ["patient_hash"])
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer()),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("bundle_digest", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("finding", sa.String(32)),
        *(sa.Column(name, sa.Float(53)) for name in ("normal", "bacterial", "viral", "distance")),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("content_sha256", "bundle_digest", name="readings_once"),
    )
    op.create_index("ix_readings_subject_id", "readings", ["subject_id"])
    op.create_index("readings_by_time", "readings", ["recorded_at", "id"])


def _people() -> None:
    op.create_table(
        "views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_views_reading_id", "views", ["reading_id"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("conclusion", sa.String(32), nullable=False),
        sa.Column("abnormality", sa.Text(), nullable=False),
        sa.Column("agrees", sa.Boolean()),
        sa.Column("blinded", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text()),
        sa.Column("organization", sa.Text()),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reading_id", "revision", name="decisions_in_order"),
    )
    op.create_index("decisions_by_person", "decisions", ["person", "reading_id"])


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )


def _worklist() -> None:
    op.create_table(
        "worklist",
        sa.Column("reading_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("finding", sa.String(32)),
        sa.Column("normal", sa.Float(53)),
        sa.Column("verdict", sa.String(16)),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("disagreement", sa.Boolean(), nullable=False),
        sa.Column("path", sa.String(400), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("patient_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("reading_id"),
    )
    op.create_index("worklist_by_time", "worklist", ["recorded_at", "reading_id", *_FILTERS, "path"])
    by_normal = ["normal", "reading_id", "recorded_at", *_FILTERS, "path"]
    op.create_index("worklist_by_normal", "worklist", by_normal)
    op.create_index("worklist_by_sha256", "worklist", ["sha256"])
    op.create_index("worklist_by_patient", "worklist", ["patient_key", "recorded_at", "reading_id"])
    for name in _FILTERS:
        op.create_index(f"worklist_by_{name}", "worklist", [name, "recorded_at", "reading_id"])


def _patient_words() -> None:
    byte_order = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "patient_words",
        sa.Column("word", byte_order, nullable=False),
        sa.Column("reading_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word", "reading_id"),
    )
    op.create_index("ix_patient_words_reading_id", "patient_words", ["reading_id"])


def _purged_files() -> None:
    op.create_table(
        "purged_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _sqlite_triggers() -> None:
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _UNCHANGING)
    for table in _INSERT_ONLY:
        # The body of a reading may be emptied, and nothing else.
        unless = f"WHEN NOT (NEW.body = '{{}}' AND {same})" if table == "readings" else ""
        for event, condition in (("UPDATE", unless), ("DELETE", "")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
            )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION neumo_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
    )
    op.execute(
        "CREATE FUNCTION neumo_only_empty_body() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.body = '{}' AND to_jsonb(NEW) - 'body' = to_jsonb(OLD) - 'body' THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{_MESSAGE}'; END $$"
    )
    for table in _INSERT_ONLY:
        events = "DELETE OR TRUNCATE" if table == "readings" else "UPDATE OR DELETE OR TRUNCATE"
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE {events} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION neumo_refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER readings_no_update BEFORE UPDATE ON readings "
        "FOR EACH ROW EXECUTE FUNCTION neumo_only_empty_body()"
    )
