"""Makers of results, found by name before the first object is read."""

from dataclasses import replace

import pytest
from tests.support.hospital_samples import ANSWER, header, reading

from neumo.core.errors import ConfigError
from neumo.core.findings import Finding
from neumo.dicomnode.work.results import load_results
from neumo.results.dicom import structured_report
from neumo.results.dicom.makers import SOP_CLASSES
from neumo.results.kinds import KINDS
from neumo.texts.language import LANGUAGES, Language


@pytest.mark.parametrize("name", ["no.such.module:f", "json:nothing", "json:__doc__", "json"])
def test_makers_that_are_none_are_told(name: str) -> None:
    with pytest.raises(ConfigError, match=r"read\.results"):
        load_results(name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_default_makes_what_is_asked_for_in_the_nodes_language(language: Language) -> None:
    """A reading of pneumonia gives every kind, another one no key object, a refusal no heat map either."""
    normal = replace(ANSWER, finding=Finding.NORMAL, pneumonia=False, prediction_set=(Finding.NORMAL,))
    maker = load_results("neumo.dicomnode.work.results:default_results", language, KINDS)
    for answer, missing in ((ANSWER, set[str]()), (normal, {"ko"}), (None, {"ko", "seg"})):
        made = [str(one.SOPClassUID) for one in maker(reading(answer), header())]
        assert made == [SOP_CLASSES[kind] for kind in KINDS if kind not in missing]
    usual = load_results("neumo.dicomnode.work.results:default_results", language)
    report, picture = usual(reading(), header())
    assert (report.SOPClassUID, picture.SOPClassUID) == (SOP_CLASSES["sr"], SOP_CLASSES["sc"])
    assert report.SOPInstanceUID == structured_report(reading(), header(), language=language).SOPInstanceUID


def test_a_light_install_has_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="name a maker of your own"):
        load_results("neumo.dicomnode.work.results:default_results")
