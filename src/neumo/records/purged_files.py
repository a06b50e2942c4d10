"""Deletion marks: files of purged readings, which `neumo.records.file_retention` deletes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from neumo.records.reading_file import file_name_of
from neumo.records.schema import PurgedFileRow


def forget_file(session: Session, body: Mapping[str, Any]) -> None:
    """Mark the file of a reading, which its stored body names, for deletion by every server that keeps such files."""
    name = file_name_of(body)
    if name is not None:
        session.execute(insert(PurgedFileRow).values(name=name))
