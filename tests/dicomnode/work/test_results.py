"""Makers of results, found by name before the first object is read."""

import pytest
from pydicom import Dataset

from neumo.core.errors import ConfigError
from neumo.core.reading import Reading
from neumo.dicomnode.work import results
from neumo.dicomnode.work.results import default_results, load_results


@pytest.mark.parametrize("name", ["no.such.module:f", "json:nothing", "json:__doc__", "json"])
def test_makers_that_are_none_are_told(name: str) -> None:
    with pytest.raises(ConfigError, match=r"read\.results"):
        load_results(name)


def test_the_default_makes_a_report_and_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_results("neumo.dicomnode.work.results:default_results") is default_results
    made = [Dataset(), Dataset()]
    makers = {
        name: lambda _reading, _header, one=one: one for name, one in zip(results._MAKERS, made, strict=True)
    }
    monkeypatch.setattr("neumo.results.dicom.structured_report", makers["structured_report"])
    monkeypatch.setattr("neumo.results.dicom.secondary_capture", makers["secondary_capture"])
    found = default_results(Reading.__new__(Reading), Dataset())
    assert all(one is other for one, other in zip(found, made, strict=True))


def test_the_picture_is_in_spanish_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def picture(_reading: Reading, _header: Dataset, *, language: str) -> Dataset:
        asked.append(language)
        return Dataset()

    monkeypatch.setattr("neumo.results.dicom.structured_report", lambda _reading, _header: Dataset())
    monkeypatch.setattr("neumo.results.dicom.secondary_capture", picture)
    maker = load_results("neumo.dicomnode.work.results:spanish_results")
    assert len(maker(Reading.__new__(Reading), Dataset())) == 2 and asked == ["es"]


def test_a_light_install_has_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="name a maker of your own"):
        load_results("neumo.dicomnode.work.results:default_results")
