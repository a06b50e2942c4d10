"""Changed readings, read from the audit log."""

import pytest
from sqlalchemy import Engine
from tests.support.stored_readings import keep, refused

from neumo.core.decision import Conclusion
from neumo.records import changes
from neumo.records.changes import Changes, changes_since, newest_sequence
from neumo.records.decisions import record_decision, record_view
from neumo.records.retention import purge


def test_what_was_recorded_decided_and_purged_is_told_and_who_looked_is_not(archive: Engine) -> None:
    assert changes_since(archive, newest_sequence(archive)) == Changes(0)
    first, second = keep(archive, refused("a")), keep(archive, refused("b"))
    place = newest_sequence(archive)
    assert changes_since(archive, 0) == Changes(place, frozenset({first, second}))
    record_view(archive, first, person="ana")
    assert changes_since(archive, place) == Changes(place + 1)
    record_decision(archive, second, person="ana", conclusion=Conclusion.NORMAL)
    assert changes_since(archive, place + 1).readings == {second}
    purge(archive, days=0, actor="officer")
    assert changes_since(archive, place + 2).readings == {first, second}


def test_too_many_changes_are_not_told_one_by_one(archive: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_EVENTS", 2)
    for name in "abc":
        keep(archive, refused(name))
    assert changes_since(archive, 0) == Changes(3, complete=False)
    assert changes_since(archive, 1).readings == {2, 3}
    for person in "abc":
        record_view(archive, 1, person=person)
    assert changes_since(archive, 3) == Changes(6), "who only looked is no change"
