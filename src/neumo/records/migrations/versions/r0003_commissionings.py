"""Steps of commissioning a bundle, in a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MESSAGE = "rows on record are neither changed nor deleted"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "commissionings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER commissionings_no_{event.lower()} BEFORE {event} ON commissionings "
                f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER commissionings_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON commissionings "
            "FOR EACH STATEMENT EXECUTE FUNCTION neumo_refuse_change()"
        )
