"""The sequential tests of a window: which readings and decisions they look at, and what those are compared with."""

from collections.abc import Mapping, Sequence

import numpy as np

from neumo.core.decision import Conclusion
from neumo.monitoring.history import Decided, Read
from neumo.monitoring.reference import Sample
from neumo.monitoring.sequential import MIN_REFERENCE, Stream, of_events, of_rate, of_values


def streams_of(
    read: Sequence[Read],
    decided: Sequence[Decided],
    *,
    reference: Sample | None,
    before: Sequence[Decided] = (),
    limits: Mapping[str, float] | None = None,
) -> tuple[Stream, ...]:
    """Return the streams of values for the sequential tests of a window.

    Parameters
    ----------
    read : sequence of Read
        Of one bundle, in the order of recording.
    decided : sequence of Decided
        Of the same.
    reference : Sample or None
        None where there is nothing to compare readings with.
    before : sequence of Decided
        Decisions of a period when all was well.
    limits : mapping of str to float, optional
        That a site accepted the bundle with, by metric.
    """
    in_order = sorted(decided, key=lambda each: each.at)
    return (
        *_of_readings(read, reference),
        *_of_agreement(in_order, before),
        *_of_limits(in_order, limits or {}),
    )


def _of_readings(read: Sequence[Read], reference: Sample | None) -> tuple[Stream, ...]:
    if reference is None or not read:
        return ()
    found: list[Stream] = []
    for name, values in (("distance", reference.distance), ("pneumonia", reference.pneumonia)):
        known = [(each.at, value) for each in read if (value := getattr(each, name)) is not None]
        if known and values.size >= MIN_REFERENCE:
            times, measured = zip(*known, strict=True)
            found.append(of_values(name, times, values, np.array(measured)))
    refused, readings = reference.refused, reference.readings
    if refused is not None and readings is not None and readings >= MIN_REFERENCE:
        times = tuple(each.at for each in read)
        found.append(of_events("refusals", times, (refused, readings), [each.refused for each in read]))
    return tuple(found)


def _of_agreement(decided: Sequence[Decided], before: Sequence[Decided]) -> tuple[Stream, ...]:
    asked = [each for each in decided if each.agrees is not None]
    earlier = [each.agrees for each in before if each.agrees is not None]
    if not asked or len(earlier) < MIN_REFERENCE:
        return ()
    conflicts = sum(not agrees for agrees in earlier)
    times = [each.at for each in asked]
    return (of_events("agreement", times, (conflicts, len(earlier)), [not each.agrees for each in asked]),)


def _of_limits(decided: Sequence[Decided], limits: Mapping[str, float]) -> tuple[Stream, ...]:
    found: list[Stream] = []
    sick = [(each.at, each.called_pneumonia) for each in decided if each.final.pneumonia]
    well = [(each.at, not each.called_pneumonia) for each in decided if each.final is Conclusion.NORMAL]
    for name, counted in (("sensitivity", sick), ("specificity", well)):
        if name in limits and counted:
            times, held = zip(*counted, strict=True)
            found.append(of_rate(name, times, limits[name], held))
    return tuple(found)
