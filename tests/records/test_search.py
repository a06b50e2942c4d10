import hashlib

import pytest

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Reading, Status
from neumo.records.search import search
from neumo.records.store import record


def _keep(archive, name, source="ward", status=Status.REFUSED):
    reading = Reading(name, hashlib.sha256(name.encode()).hexdigest(), status)
    return record(archive, reading, source=source, actor="t")


def test_pages_hold_each_reading_once_while_others_are_recorded(archive):
    kept = [_keep(archive, str(number)) for number in range(7)]
    page = search(archive, limit=3)
    seen = [row.id for row in page.readings]
    _keep(archive, "meanwhile")
    while page.after is not None:
        page = search(archive, limit=3, after=page.after)
        seen += [row.id for row in page.readings]
    assert seen == kept[::-1]


def test_filters_hold_together(archive):
    wanted = _keep(archive, "a", source="node", status=Status.FAILED)
    _keep(archive, "b", source="node")
    _keep(archive, "c", status=Status.FAILED)
    found = search(archive, source="node", status=Status.FAILED)
    assert [row.id for row in found.readings] == [wanted] and found.after is None
    assert search(archive, finding=Finding.NORMAL).readings == ()


def test_wrong_requests_are_named(archive):
    for wrong in ({"limit": 0}, {"limit": 1001}, {"after": "x"}, {"after": "2026/y"}):
        with pytest.raises(ArchiveError, match="give"):
            search(archive, **wrong)
