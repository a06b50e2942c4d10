"""Reports that a skeleton gives are those that highdicom builds whole, to the last byte."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import MediaStorageDirectoryStorage, generate_uid
from tests.results.dicom.test_structured_report import VARIANTS
from tests.results.dicom.test_validators import HEADERS
from tests.support.hospital_samples import ANSWER, header, reading, write_file
from tests.support.reading_samples import DECISIONS

from neumo.core.findings import FINDINGS
from neumo.core.reading import Notice, Reading
from neumo.imaging.quiet import quiet
from neumo.results.dicom import read_header, structured_report
from neumo.results.dicom.instance import finish
from neumo.results.dicom.skeleton import Skeleton
from neumo.results.dicom.source import patient_and_study
from neumo.results.dicom.structured_report import _said, _skeleton, build_report
from neumo.texts.language import LANGUAGES, Language

SOURCES: dict[str, dict[str, Any]] = {
    **HEADERS,
    "mammography": {"Modality": "MG", "SpecificCharacterSet": "ISO_IR 192"},
    "undeclared Unicode": {"PatientName": "Muñoz^José"},
}
NOTICES = (
    Notice("odd", "Æ 日本 [stand-in] «50 %» á\N{COMBINING ACUTE ACCENT} " + "y" * 3000),
    Notice("odd", "the same code again"),
    Notice("odd", "the same code again"),
)
MOST_PROBABLE = {finding.name: finding for finding in FINDINGS}


def encoded(result: Dataset) -> bytes:
    stream = BytesIO()
    result.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def built_whole(subject: Reading, source: Dataset, language: Language) -> Dataset:
    with quiet():
        report = build_report(_said(subject, language), source, language)
        finish(report, source, patient_and_study(source))
    return report


def assert_same(subject: Reading, source: Dataset, languages: Sequence[Language] = ("en",)) -> None:
    for language in languages:
        filled = structured_report(subject, source, language=language)
        assert encoded(filled) == encoded(built_whole(subject, source, language))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_filled_report_is_the_one_built_whole(variant: str) -> None:
    assert_same(reading(VARIANTS[variant]), header(), LANGUAGES)


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_report_with_a_decision_is_built_whole(decision: str) -> None:
    assert_same(reading(decision=DECISIONS[decision]), header())


@pytest.mark.parametrize("finding", MOST_PROBABLE)
def test_every_finding_fills_it(finding: str) -> None:
    assert_same(reading(replace(ANSWER, finding=MOST_PROBABLE[finding]), warnings=NOTICES), header())


@pytest.mark.parametrize("stored", [False, True], ids=["made", "read from a file"])
@pytest.mark.parametrize("source", SOURCES)
def test_every_header_fills_it(source: str, stored: bool, tmp_path: Path) -> None:
    film = header(**SOURCES[source])
    if stored:
        with quiet():
            film = read_header(write_file(film, tmp_path / "film.dcm"))
    assert_same(reading(warnings=NOTICES), film)


@pytest.mark.parametrize("notices", [(), NOTICES[:1], NOTICES], ids=len)
def test_refusals_state_their_reasons(notices: tuple[Notice, ...]) -> None:
    assert_same(reading(None, reasons=notices), header(SpecificCharacterSet="ISO_IR 100"))


def test_readings_that_differ_in_values_share_a_skeleton() -> None:
    structured_report(reading(), header())
    before = _skeleton.cache_info()
    random = np.random.default_rng(1)
    for number in range(5):
        shares = random.dirichlet(np.ones(3)).tolist()
        answer = replace(ANSWER, probabilities=dict(zip(FINDINGS, shares, strict=True)))
        uids = {f"{level}InstanceUID": generate_uid() for level in ("Study", "Series", "SOP")}
        source = header(**uids, PatientName=f"Patient^{number}", PatientAge=f"{number:03d}Y")
        assert_same(reading(answer, warnings=(Notice("outside_age_range", f"Age {number}."),)), source)
    after = _skeleton.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 5)


def test_probabilities_at_the_bounds_are_numbers_like_any_other() -> None:
    for shares in ((0.0, 0.0, 1.0), (1e-9, 0.33333333, 0.66666666)):
        assert_same(
            reading(replace(ANSWER, probabilities=dict(zip(FINDINGS, shares, strict=True)))), header()
        )


def test_a_result_may_be_changed_and_leaves_the_next_one_as_it_is() -> None:
    first = structured_report(reading(), header())
    sent = encoded(first)
    first.CompletionFlag = "PARTIAL"
    del first.ContentSequence[-1]
    first.CurrentRequestedProcedureEvidenceSequence[0].StudyInstanceUID = "1.2"
    assert encoded(first) != sent and encoded(structured_report(reading(), header())) == sent


def test_texts_are_filled_into_longer_ones_and_elements_without_gaps_stay() -> None:
    built = Dataset()
    built.SOPClassUID = MediaStorageDirectoryStorage
    built.SoftwareVersions = ["a", "[b]"]
    item = Dataset()
    item.TextValue = "before [b] and [c]"
    item.NumericValue = "7.5"
    built.ContentSequence = [item, Dataset()]
    filled = Skeleton(built, {"[c]", "[b]", 7.5}).filled({"[c]": "é", "[b]": "B", 7.5: 0.25})
    filled.set_original_encoding(False, True, filled._character_set)
    assert filled.SoftwareVersions == ["a", "B"]
    assert filled.ContentSequence[0].TextValue == "before B and é"
    assert filled.ContentSequence[0].NumericValue == 0.25 and len(filled.ContentSequence) == 2
