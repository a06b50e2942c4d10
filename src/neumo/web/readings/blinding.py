"""Blinded reading: answers are withheld from a person until that person has decided."""

from dataclasses import replace

from neumo.records.filters import Filters, Sort
from neumo.records.stored_reading import StoredReading
from neumo.web.people.identity import Person


def is_withheld(reading: StoredReading, person: Person) -> bool:
    """Whether a person must decide before seeing the answer."""
    return person.blinded and not any(decision.person == person.name for decision in reading.decisions)


def blinded(filters: Filters, person: Person, sort: Sort = Sort.NEWEST) -> Filters:
    """Restrict filters so that a blinded person learns nothing of withheld answers from the matches.

    Where filters or order depend on answers or on what others decided, only readings match that this person has
    decided; `decided` is about this person's own decisions.
    """
    if not person.blinded:
        return filters
    revealing = (filters.verdict, filters.finding, filters.disagreement)
    restricted = not sort.by_time or any(value is not None for value in revealing)
    return replace(
        filters,
        decided=None,
        decided_by=person.name if restricted or filters.decided is True else None,
        not_decided_by=person.name if filters.decided is False else None,
    )
