"""Authorisation to remove readings that should not be on record."""

from neumo.records.retention import recorded_by
from neumo.records.stored_reading import StoredReading
from neumo.web.people.accounts import Role, Scope
from neumo.web.people.identity import Person
from neumo.web.workbench import Workbench


def may_remove(workbench: Workbench, reading: StoredReading, person: Person) -> bool:
    """Whether a person may remove a reading: whoever sent it and still may send, and administrators."""
    if Scope.READINGS_WRITE not in person.scopes:
        return False
    return person.role is Role.ADMIN or recorded_by(workbench.archive, reading.id) == person.name
