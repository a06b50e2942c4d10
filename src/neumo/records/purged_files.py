"""Purged readings whose files, with their pixels, are to be deleted by whoever stores them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from neumo.records.reading_file import file_name_of
from neumo.records.schema import PurgedFileRow


def forget_file(session: Session, body: Mapping[str, Any]) -> None:
    """Tell whoever stores the file of a reading, by its body, to delete it (see `neumo.records.file_retention`)."""
    name = file_name_of(body)
    if name is not None:
        session.execute(insert(PurgedFileRow).values(name=name))
