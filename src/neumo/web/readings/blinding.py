"""Blinded reading: whether a person may see the model's answer yet, and a record of each first view.

Every route that serves anything from which an answer can be told (lists, posteriors, exports, files, heat maps, other
people's decisions) calls `serve` first. A decision is blinded only if none was served to that person before.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine

from neumo.records.decisions import record_views
from neumo.records.filters import Filters, Sort
from neumo.records.stored_reading import StoredReading
from neumo.web.people.identity import Person


def is_withheld(reading: StoredReading, person: Person) -> bool:
    """Whether a person must decide before seeing the answer."""
    return person.blinded and not any(decision.person == person.name for decision in reading.decisions)


def serve(archive: Engine, readings: Sequence[StoredReading], person: Person) -> tuple[StoredReading, ...]:
    """Record that a person is served answers, each reading once, and return the readings with that view.

    What is withheld from this person is left as it is: nothing of its answer may be shown.

    Raises
    ------
    ArchiveUnavailableError
        Nothing was recorded, and nothing may be served.
    """
    new = [each.id for each in readings if not is_withheld(each, person) and not was_served(each, person)]
    views = record_views(archive, new, person=person.name)
    return tuple(
        replace(each, views=(*each.views, views[each.id])) if each.id in views else each for each in readings
    )


def was_served(reading: StoredReading, person: Person) -> bool:
    """Whether anything that shows the answer was served to a person before."""
    return any(view.person == person.name for view in reading.views)


def is_blind(reading: StoredReading, person: Person) -> bool:
    """Whether a decision that a person makes now is blinded."""
    return is_withheld(reading, person) and not was_served(reading, person)


def tells(filters: Filters, person: Person, sort: Sort) -> bool:
    """Whether that a reading matches tells something of its answer, or of what people decided."""
    return blinded(filters, replace(person, blinded=True), sort).decided_by is not None


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
