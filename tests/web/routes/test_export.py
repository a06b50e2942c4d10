"""Export where the library of a format is missing."""

import sys
from typing import Any

import pytest

from neumo.records.export import Format
from neumo.web.http.problems import Problem
from neumo.web.people.accounts import Preferences, Role
from neumo.web.people.identity import Person
from neumo.web.readings.searching import Export
from neumo.web.routes.export import export


def test_without_pyarrow_parquet_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    person = Person("ana", Role.READER, frozenset(), Preferences(), "", blinded=False)
    request: Any = None
    with pytest.raises(Problem) as raised:
        export(request, person, Export(format=Format.PARQUET))
    assert (raised.value.status, raised.value.members) == (501, {"extra": "parquet"})
