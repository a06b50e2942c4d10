import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID, Comprehensive3DSRStorage
from tests.support.hospital_samples import (
    ANSWER,
    DIGEST,
    NO_CHEST,
    RECEIPT,
    errors_of,
    header,
    reading,
    write_file,
)
from tests.support.programs import require

from neumo.core.answer import Answer
from neumo.core.errors import ResultError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import Outcome, PartialLabel
from neumo.core.reading import Notice, Reading, Status
from neumo.results.dicom import codes as own
from neumo.results.dicom import read_back, read_header, structured_report
from neumo.results.dicom.files import write_result

WRITTEN = Path(__file__).with_name("written")
"""Reports that earlier versions wrote."""
VARIANTS: dict[str, Answer | None] = {
    "read": ANSWER,
    "normal": replace(ANSWER, finding=Finding.NORMAL, pneumonia=False, prediction_set=(Finding.NORMAL,)),
    "undetermined": replace(
        ANSWER, prediction_set=(Finding.NORMAL, Finding.VIRAL_PNEUMONIA), pneumonia=False
    ),
    "viral": replace(ANSWER, prediction_set=(Finding.VIRAL_PNEUMONIA,)),
    "nothing excluded": replace(ANSWER, prediction_set=FINDINGS, coverage=0.95),
    "own operating point": replace(ANSWER, operating_point="ours=2", threshold=0.1234),
    "no prevalence": replace(
        ANSWER, ppv=None, npv=None, prevalence=None, prevalence_given=False, evidence=()
    ),
    "refused": None,
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_report_read_again_states_the_same(variant: str, tmp_path: Path) -> None:
    answer = VARIANTS[variant]
    file = write_result(structured_report(reading(answer), header()), tmp_path)
    reported = read_back(dcmread(file))
    assert reported.status is (Status.REFUSED if answer is None else Status.READ)
    assert (reported.bundle, reported.version, reported.digest) == ("tiny", "1", DIGEST)
    assert reported.neumo == "0.1.0" and reported.instance == "1.2.3.4.1.1"
    assert reported.warnings == (() if answer is None else ("outside_age_range: Too old.",))
    assert reported.reasons == ((str(NO_CHEST),) if answer is None else ())
    if answer is None:
        assert reported.answer is None
        return
    rounded = {f: round(p, 4) for f, p in answer.probabilities.items()}
    assert reported.answer == replace(answer, probabilities=rounded, evidence=())


LEADS = {
    "read": ("233604007", "52101004", "373068000"),
    "normal": ("NO-PNEUMONIA", "272519000", None),
    "undetermined": ("373068000", "373068000", "75570004"),
    "viral": ("75570004", "52101004", "75570004"),
    "nothing excluded": ("373068000", "373068000", "373068000"),
}
"""Codes of the finding, of pneumonia (present, absent, undetermined) and of its etiology."""


@pytest.mark.parametrize("variant", LEADS)
def test_verdict_and_etiology_lead_the_report(variant: str) -> None:
    report = structured_report(reading(VARIANTS[variant]), header())
    coded = [
        (item.ConceptNameCodeSequence[0].CodeValue, item.ConceptCodeSequence[0].CodeValue)
        for _, item in walk(report)
        if item.get("ValueType") == "CODE"
    ]
    values = dict(reversed(coded))
    lead, pneumonia, etiology = LEADS[variant]
    assert (values["121071"], values["233604007"], values.get("ETIOLOGY")) == (lead, pneumonia, etiology)
    names = [name for name, _ in coded]
    assert names.index("233604007") < names.index("MOST-PROBABLE") < names.index("POINT-DECISION")


def walk(dataset: Dataset) -> Iterator[tuple[int, Dataset]]:
    """Content items with their depth, in their order."""
    for item in dataset.get("ContentSequence", ()):
        yield 0, item
        for depth, inner in walk(item):
            yield depth + 1, inner


@pytest.mark.parametrize("answer", [ANSWER, None], ids=["read", "refused"])
def test_the_algorithm_is_identified_by_the_whole_of_its_template(answer: Answer | None) -> None:
    """TID 4019: name and version once, manufacturer, parameters and family; family by CID 7162."""
    items = [item for _, item in walk(structured_report(reading(answer), header()))]
    of_template = ("111001", "111003", "122405", "111002", "111000")
    found: dict[str, list[str]] = {}
    for item in items:
        name = item.ConceptNameCodeSequence[0]
        if name.CodingSchemeDesignator == "DCM" and name.CodeValue in of_template:
            assert item.RelationshipType == "HAS CONCEPT MOD"
            coded = item.get("ConceptCodeSequence")
            found.setdefault(name.CodeValue, []).append(coded[0].CodeValue if coded else item.TextValue)
    assert found.keys() == set(of_template)
    assert (found["111001"], found["111003"]) == (["tiny"], ["1"])
    assert (found["122405"], found["111000"]) == (["neumo"], ["123110"])
    stated = dict(text.split("=", 1) for text in found["111002"])
    assert stated["bundle_sha256"] == DIGEST and stated["neumo"] == "0.1.0"
    assert ("operating_point" in stated, "prevalence_NORMAL" in stated) == (answer is not None,) * 2


def test_what_was_measured_stands_in_numbers_with_their_intervals() -> None:
    report = structured_report(reading(), header())
    stated: dict[str, list[object]] = {}
    for _, item in walk(report):
        parts = [part for part in item.get("ContentSequence", ()) if part.ValueType in ("NUM", "TEXT")]
        if item.get("ValueType") == "NUM" and parts:
            stated[item.ConceptNameCodeSequence[0].CodeValue] = [
                float(part.MeasuredValueSequence[0].NumericValue)
                if part.ValueType == "NUM"
                else part.TextValue
                for part in (item, *parts)
            ]
    coverage = [0.88, 0.8, 0.93, 300, "set, test"]
    assert stated == {
        "PPV": [0.31, 0.25, 0.4, 300, "set, test"],
        "NPV": [0.98, 0.96, 0.99, 300, "set, test"],
        "SENSITIVITY": [0.9, 0.85, 0.94, 300, "set, test"],
        "SPECIFICITY": [0.8, 0.73, 0.86, 150, "set, test"],
        "ECE": [0.1, 0.08, 0.14, 450, "set, test"],
        **{f"COV-{finding}": coverage for finding in ("NORMAL", "BACTERIAL", "VIRAL")},
    }


def test_whatever_an_answer_states_has_a_code_for_its_coverage() -> None:
    for outcome in (*FINDINGS, PartialLabel.PNEUMONIA):
        entry = replace(ANSWER.evidence[0], metric="coverage", conditions={"finding": outcome.value})
        code = own.metric_code(entry)
        assert code is not None and len(code.value) <= 16
    assert own.metric_code(replace(entry, metric="another")) is None


def test_metrics_of_several_hospitals_and_without_interval_are_told_apart(tmp_path: Path) -> None:
    first = ANSWER.evidence[0]
    others = (replace(first, data="Niño, all", value=0.7, low=None, high=None), replace(first, value=None))
    report = structured_report(
        reading(replace(ANSWER, evidence=(*ANSWER.evidence, *others))),
        header(SpecificCharacterSet="ISO_IR 100"),
    )
    data = [
        [part.TextValue for part in item.ContentSequence if part.ValueType == "TEXT"]
        for _, item in walk(report)
        if item.get("ValueType") == "NUM" and item.ConceptNameCodeSequence[0].CodeValue == "SENSITIVITY"
    ]
    assert data == [["set, test"], ["Niño, all"]]
    assert errors_of(write_result(report, tmp_path)) == []


@pytest.mark.parametrize(
    ("file", "members"),
    [
        ("0.2-viral.dcm", (Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA)),
        ("0.2-empty-set.dcm", (Finding.VIRAL_PNEUMONIA,)),
    ],
)
def test_reports_of_version_0_2_are_read_with_a_set_that_fits_their_answer(
    file: str, members: tuple[Finding, ...]
) -> None:
    answer = read_back(dcmread(WRITTEN / file)).answer
    rounded: dict[Outcome, float] = dict(zip(FINDINGS, (0.2, 0.3, 0.5), strict=True))
    assert answer == replace(ANSWER, probabilities=rounded, prediction_set=members, evidence=())


@pytest.mark.parametrize("variant", VARIANTS)
def test_reports_keep_to_their_definition(variant: str, tmp_path: Path) -> None:
    assert errors_of(write_result(structured_report(reading(VARIANTS[variant]), header()), tmp_path)) == []


def test_the_real_radiograph_and_a_bare_header_give_valid_reports(tmp_path: Path) -> None:
    from pydicom.data import get_testdata_file

    film = get_testdata_file("RG1_UNCR.dcm", download=False)
    if film is None:
        pytest.skip("RG1_UNCR.dcm is absent; it comes with the package pydicom-data")
    bare = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        setattr(bare, keyword, getattr(header(), keyword))
    for source in (read_header(str(film)), bare):
        assert errors_of(write_result(structured_report(reading(), source), tmp_path)) == []


def test_the_check_of_definitions_can_fail(tmp_path: Path) -> None:
    damaged = structured_report(reading(), header())
    del damaged.VerificationFlag
    damaged.CompletionFlag = "PERHAPS"
    assert len(errors_of(write_result(damaged, tmp_path))) >= 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_reader_finds_no_fault_with_any_report(variant: str, tmp_path: Path) -> None:
    program = require("dsrdump", "dcmtk")
    answer = VARIANTS[variant]
    file = write_result(structured_report(reading(answer), header()), tmp_path)
    done = subprocess.run(
        [program, "-Ee", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    code = own.STATUS_REFUSED if answer is None else own.STATUS_READ
    assert f'{code.value},99NEUMO,"{code.meaning}"' in done.stdout
    assert ('"Finding")=(' in done.stdout) is (answer is not None)


def test_another_reader_understands_the_report(tmp_path: Path) -> None:
    program = require("dsrdump", "dcmtk")
    film = write_file(
        header(SpecificCharacterSet="ISO_IR 100", PatientName="Ñuñez^José"), tmp_path / "film.dcm"
    )
    file = write_result(structured_report(reading(), read_header(film)), tmp_path)
    done = subprocess.run(
        [program, "+U8", "+Pl", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    for stated in (
        "Ñuñez^José", "UNVERIFIED", "PRELIMINARY", '(233604007,SCT,"Pneumonia")',
        '(123110,DCM,"Artificial Intelligence")', "Algorithm Manufacturer",
        '(75570004,SCT,"Viral pneumonia")', '"0.3"', '"0.5"',
        '(52101004,SCT,"Present")', "Too old.", "not verified", DIGEST,
        "specificity of 80.0\xa0% (73.0-86.0\xa0%) (150 images)",
    ):  # fmt: skip
        assert stated in done.stdout


def test_the_report_says_who_made_it_of_what_and_that_nobody_verified_it() -> None:
    report = structured_report(reading(), header())
    assert report.SOPClassUID == Comprehensive3DSRStorage and report.Modality == "SR"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert "VerifyingObserverSequence" not in report
    series = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.4.1.1"
    assert report.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99NEUMO"
    assert report.DeviceSerialNumber == DIGEST
    assert report.StudyInstanceUID == "1.2.3.4" and report.SeriesInstanceUID != "1.2.3.4.1"


def test_the_same_content_is_the_same_instance_and_another_content_is_not() -> None:
    first = structured_report(reading(), header())
    assert first == structured_report(reading(), header())
    assert first.SOPInstanceUID == structured_report(reading(file="moved.dcm"), header()).SOPInstanceUID
    assert UID(first.SOPInstanceUID).is_valid and first.SOPInstanceUID.startswith("2.25.")
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID
    other = replace(ANSWER, probabilities=dict(zip(FINDINGS, (0.2, 0.3, 0.5001), strict=True)))
    others = [
        structured_report(reading(other), header()),
        structured_report(reading(warnings=()), header()),
        structured_report(reading(None), header()),
        structured_report(reading(), header(PatientName="Doe^Janet")),
        structured_report(reading(), header(SOPInstanceUID="1.2.3.4.1.2")),
    ]
    assert len({first.SOPInstanceUID, *(report.SOPInstanceUID for report in others)}) == 6
    assert {report.SeriesInstanceUID for report in others} == {first.SeriesInstanceUID}


def test_noise_in_the_last_bits_makes_no_new_instance() -> None:
    noisy = replace(ANSWER, probabilities={f: p + 1e-8 for f, p in ANSWER.probabilities.items()})
    first, second = (structured_report(reading(answer), header()) for answer in (ANSWER, noisy))
    assert first.SOPInstanceUID == second.SOPInstanceUID


def test_every_study_and_every_bundle_has_its_series() -> None:
    other = {**RECEIPT, "bundle": {**RECEIPT["bundle"], "digest": "1e" * 32}}
    series = {
        structured_report(reading(), header()).SeriesInstanceUID,
        structured_report(reading(receipt=other), header()).SeriesInstanceUID,
        structured_report(reading(), header(StudyInstanceUID="1.2.3.5")).SeriesInstanceUID,
    }
    assert len(series) == 3


def test_what_cannot_be_reported_is_told() -> None:
    with pytest.raises(ResultError, match="no receipt"):
        structured_report(reading(receipt=None), header())


def test_a_failed_reading_states_why_and_is_not_verified() -> None:
    failed = reading(status=Status.FAILED, answer=None, reasons=(Notice("not_an_image", "It is no image."),))
    report = structured_report(failed, header())
    stated = read_back(report)
    assert (stated.status, stated.answer, stated.verified) == (Status.FAILED, None, False)
    assert stated.reasons == ("not_an_image: It is no image.",)


def test_reports_of_others_are_not_taken_for_neumo_s() -> None:
    report = structured_report(reading(), header())
    del report.ContentSequence[-1]
    for strange in (report, header()):
        with pytest.raises(ResultError, match="none that neumo wrote"):
            read_back(strange)


def test_a_reading_is_not_changed_by_being_reported() -> None:
    before, film = reading(), header()
    copy: Reading = replace(before)
    structured_report(before, film)
    assert before == copy and film == header()
