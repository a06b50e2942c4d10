"""Objects in the queue: new ones that are to be read, and jobs, which are being read."""

import sqlite3
from dataclasses import dataclass

from neumo.dicomnode.store.identifiers import reading_key


@dataclass(frozen=True, slots=True)
class NewObject:
    """A stored object that is to be read.

    Attributes
    ----------
    sop_instance_uid, study_uid : str
    digest : str
        Of its content (see `neumo.dicomnode.store.identifiers.content_digest`).
    path : str
        Below the data folder.
    canary : bool
        Whether it is of no patient, and its results go back to the canary alone.
    """

    sop_instance_uid: str
    study_uid: str
    digest: str
    path: str
    canary: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """An object that is being read.

    Attributes
    ----------
    id : int
    key : str
        Names its results folder (see `neumo.dicomnode.store.identifiers.reading_key`).
    sop_instance_uid : str
    path : str
        Below the data folder.
    attempts : int
        Earlier attempts that failed.
    interruptions : int
        How often the node ended while it was being read.
    received_at : float
        Seconds since 1970.
    canary : bool
        As of `NewObject`.
    """

    id: int
    key: str
    sop_instance_uid: str
    path: str
    attempts: int
    interruptions: int
    received_at: float
    canary: bool = False


def job_of(row: sqlite3.Row) -> Job:
    """Return the job of a row of the table of objects."""
    return Job(
        id=row["id"],
        key=reading_key(row["sop_instance_uid"], row["digest"], row["bundle"]),
        sop_instance_uid=row["sop_instance_uid"],
        path=row["path"],
        attempts=row["attempts"],
        interruptions=row["interruptions"],
        received_at=row["received_at"],
        canary=bool(row["canary"]),
    )
