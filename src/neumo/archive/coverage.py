"""What the log says of each row of the other tables, and whether those tables still say the same."""

import hashlib
import json
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from neumo.archive.canonical import canonical
from neumo.archive.schema import AuditRow, Base, DecisionRow, ReadingRow, ViewRow

COVERED: tuple[type[ReadingRow] | type[ViewRow] | type[DecisionRow], ...] = (ReadingRow, ViewRow, DecisionRow)
"""Tables whose every row the log names with its digest."""


def entry_of(row: Base) -> dict[str, Any]:
    """Return the table, number and SHA-256 over all columns of a flushed row, as the log keeps them."""
    columns = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
    return {
        "table": row.__tablename__,
        "id": columns["id"],
        "sha256": hashlib.sha256(canonical(columns).encode()).hexdigest(),
    }


class Logged:
    """Digests that the log recorded, collected row by row, all held in memory."""

    def __init__(self) -> None:
        self._digests: dict[tuple[str, int], str] = {}

    def add(self, row: AuditRow) -> str | None:
        """Take what one row of the log covers; return a fault, if any, as a sentence."""
        try:
            content = json.loads(row.content)
            key, digest = (str(content["table"]), int(content["id"])), str(content["sha256"])
        except (ValueError, KeyError, TypeError):
            return f"row {row.sequence} of the log covers no row of a table"
        if key in self._digests:
            return f"row {row.sequence} of the log covers {key[0]} {key[1]} again"
        self._digests[key] = digest
        return None

    def faults(self, session: Session) -> list[str]:
        """Return what was changed, added or removed in the covered tables, as sentences."""
        found: list[str] = []
        left = dict(self._digests)
        for table in COVERED:
            rows = session.scalars(select(table).order_by(table.id).execution_options(yield_per=1000))
            for row in rows:
                entry = entry_of(row)
                digest = left.pop((entry["table"], entry["id"]), None)
                if digest is None:
                    found.append(f"{entry['table']}: row {entry['id']} was added outside the log")
                elif digest != entry["sha256"]:
                    found.append(f"{entry['table']}: row {entry['id']} was changed")
        found.extend(f"{table}: row {number} was removed" for table, number in left)
        return found
