"""Records who commissioned a bundle at the site, accepted it and signed it."""

from typing import Literal

from sqlalchemy import Engine

from neumo.records.audit_log import insert, now
from neumo.records.canonical import checked_name, storable
from neumo.records.database import writing_session
from neumo.records.schema import CommissioningRow

Step = Literal["commission", "cancel", "accept", "sign"]


def note_commissioning(
    engine: Engine, *, person: str, step: Step, run: str, site: str, sha256: str = ""
) -> None:
    """Record a step.

    Parameters
    ----------
    engine : Engine
    person : str
        Who took it.
    step : str
        The event's action in the log, too.
    run : str
        Identifier of the commissioning run.
    site : str
        Name of the hospital or department.
    sha256 : str
        Digest of the bundle that was commissioned, accepted or signed.

    Raises
    ------
    ArchiveError, ArchiveUnavailableError
    """
    person = checked_name("person", person)
    row = CommissioningRow(person=person, at=now(), step=step, run=run, site=storable(site), sha256=sha256)
    with writing_session(engine) as session:
        insert(session, person, step, row)
