"""Blinded reading: whether a person may see the model's answer yet, and a record of each first view.

Every route that serves anything from which an answer can be told (lists, posteriors, exports, files, heat maps, other
people's decisions) calls `serve` first. A decision is blinded only if none was served to that person before.
A search by answers tells something also of the readings that it leaves out: people who read blinded search only among
those that they decided (`searchable`); of others it is recorded, and no later decision of theirs on what was on record
then is blinded.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine

from neumo.core.reading import Status
from neumo.records.answer_searches import note_answer_search
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
    """Whether a decision that a person makes now is blinded; never where nothing could be read: it hides no answer."""
    answerless = reading.status == Status.FAILED
    return not answerless and is_withheld(reading, person) and not was_served(reading, person)


def tells(filters: Filters, sort: Sort = Sort.NEWEST) -> bool:
    """Whether that a reading matches, or has its place, tells something of the model's answer."""
    revealing = (filters.verdict, filters.finding, filters.disagreement)
    return not sort.by_time or any(value is not None for value in revealing)


def searchable(archive: Engine, filters: Filters, person: Person, sort: Sort = Sort.NEWEST) -> Filters:
    """Return the filters of a person's search as `blinded` restricts them, and record a search by answers.

    Raises
    ------
    ArchiveUnavailableError
        Nothing was recorded, and nothing may be searched.
    """
    if tells(filters, sort) and not person.blinded:
        note_answer_search(archive, person.name)
    return blinded(filters, person, sort)


def blinded(filters: Filters, person: Person, sort: Sort = Sort.NEWEST) -> Filters:
    """Restrict filters so that a blinded person learns nothing of withheld answers from the matches.

    Where filters or order depend on answers or on what others decided, only readings match that this person has
    decided; `decided` is about this person's own decisions.
    """
    if not person.blinded:
        return filters
    return replace(
        filters,
        decided=None,
        decided_by=person.name if tells(filters, sort) or filters.decided is True else None,
        not_decided_by=person.name if filters.decided is False else None,
    )
