"""Makers of results, found by name before the first object is read."""

from collections.abc import Callable

import pytest
from pydicom import Dataset

from neumo.core.errors import ConfigError
from neumo.core.reading import Reading
from neumo.dicomnode.work.results import load_results
from neumo.results.dicom.makers import DEFAULT_MAKERS
from neumo.texts.language import Language


@pytest.mark.parametrize("name", ["no.such.module:f", "json:nothing", "json:__doc__", "json"])
def test_makers_that_are_none_are_told(name: str) -> None:
    with pytest.raises(ConfigError, match=r"read\.results"):
        load_results(name)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_default_makes_a_report_and_a_picture_in_the_nodes_language(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, asked = [Dataset(), Dataset()], list[str]()

    def making(one: Dataset) -> Callable[..., Dataset]:
        def make(_reading: Reading, _header: Dataset, *, language: str) -> Dataset:
            asked.append(language)
            return one

        return make

    for name, one in zip(DEFAULT_MAKERS, made, strict=True):
        monkeypatch.setattr(f"neumo.results.dicom.{name}", making(one))
    maker = load_results("neumo.dicomnode.work.results:default_results", language)
    found = maker(Reading.__new__(Reading), Dataset())
    assert all(one is other for one, other in zip(found, made, strict=True))
    assert asked == [language, language]


def test_a_light_install_has_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="name a maker of your own"):
        load_results("neumo.dicomnode.work.results:default_results")
