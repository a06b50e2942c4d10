"""Radiographs that several people decided on, each before the answer was shown: how far their readers agree."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sqlalchemy import Engine, select

from neumo.core.decision import Conclusion
from neumo.core.findings import FINDINGS, Finding
from neumo.core.statistics import Proportion, wilson
from neumo.monitoring.agreement import Kappa, kappa_of
from neumo.records.database import reading_session
from neumo.records.schema import DecisionRow, ReadingRow
from neumo.records.standing import recorded_between

_SIZE = len(FINDINGS)


@dataclass(frozen=True)
class ReaderPair:
    """Two readers of the same radiographs, by letters that stand for their names.

    Attributes
    ----------
    readers : (str, str)
    both : int
        Radiographs that both decided on, blinded.
    agree : Proportion
        Of those, with the same conclusion.
    pneumonia, findings : Kappa
        Cohen's kappa of pneumonia or not, where both conclusions state it, and of the findings, where both are one.
    """

    readers: tuple[str, str]
    both: int
    agree: Proportion
    pneumonia: Kappa
    findings: Kappa


@dataclass(frozen=True)
class DoubleReading:
    """Double reading: agreement of people on the same radiographs.

    Attributes
    ----------
    pairs : tuple of ReaderPair
        Those that have a radiograph in common, the most radiographs first.
    opinions : mapping of int to tuple of Conclusion
        By reading, the first blinded decision of each person.
    """

    pairs: tuple[ReaderPair, ...]
    opinions: Mapping[int, tuple[Conclusion, ...]]


def double_reading(
    engine: Engine, bundle: str, *, since: str | None = None, until: str | None = None
) -> DoubleReading:
    """Return how people's blinded decisions on a bundle's readings agree with each other.

    The first decision of each person counts, since it was made without those of others if it was blinded. Parameters
    are those of `population_of`.

    Raises
    ------
    ArchiveUnavailableError
    """
    query = (
        select(DecisionRow.reading_id, DecisionRow.person, DecisionRow.conclusion, DecisionRow.blinded)
        .join(ReadingRow, ReadingRow.id == DecisionRow.reading_id)
        .where(ReadingRow.bundle_digest == bundle)
        .order_by(DecisionRow.reading_id, DecisionRow.revision)
    )
    first: dict[int, dict[str, tuple[Conclusion, bool]]] = defaultdict(dict)
    with reading_session(engine) as session:
        for reading, person, conclusion, blinded in session.execute(recorded_between(query, since, until)):
            first[reading].setdefault(person, (Conclusion(conclusion), bool(blinded)))
    blinded_only = {
        reading: {person: said for person, (said, was_blinded) in people.items() if was_blinded}
        for reading, people in first.items()
    }
    return DoubleReading(
        _pairs(list(blinded_only.values())),
        {reading: tuple(people.values()) for reading, people in blinded_only.items() if people},
    )


def _pairs(readings: Sequence[Mapping[str, Conclusion]]) -> tuple[ReaderPair, ...]:
    together: dict[tuple[str, str], list[tuple[Conclusion, Conclusion]]] = defaultdict(list)
    for people in readings:
        for one, other in combinations(sorted(people), 2):
            together[one, other].append((people[one], people[other]))
    names = sorted({name for pair in together for name in pair})
    letters = {name: _letters(position) for position, name in enumerate(names)}
    pairs = [_pair((letters[one], letters[other]), opinions) for (one, other), opinions in together.items()]
    return tuple(sorted(pairs, key=lambda pair: (-pair.both, pair.readers)))


def _letters(position: int) -> str:
    """Return A, B, ..., Z, AA, AB, ..."""
    first, last = divmod(position, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + last)


def _pair(readers: tuple[str, str], opinions: Sequence[tuple[Conclusion, Conclusion]]) -> ReaderPair:
    pneumonia, findings = np.zeros((2, 2)), np.zeros((_SIZE, _SIZE))
    for one, other in opinions:
        if one.pneumonia is not None and other.pneumonia is not None:
            pneumonia[int(one.pneumonia), int(other.pneumonia)] += 1
        if len(one.findings) == len(other.findings) == 1:
            findings[Finding(one).index, Finding(other).index] += 1
    agree = wilson(sum(one is other for one, other in opinions), len(opinions))
    return ReaderPair(readers, len(opinions), agree, kappa_of(pneumonia), kappa_of(findings))
