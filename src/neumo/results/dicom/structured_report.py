"""A reading as a Comprehensive 3D Structured Report: TID 1500, Measurement Report (PS3.16)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    ContainerContentItem,
    ContentSequence,
    FindingSite,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementProperties,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurement,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from neumo.core.answer import Answer
from neumo.core.evidence import leading
from neumo.core.reading import Notice, Reading, Status
from neumo.imaging.quiet import quiet
from neumo.results.dicom import codes as own
from neumo.results.dicom.algorithm import algorithm_items
from neumo.results.dicom.decision_items import decision_item, finish_verification, verification
from neumo.results.dicom.evidence_items import evidence_group, interval, rounded
from neumo.results.dicom.instance import (
    UNNAMED_INSTANCE,
    disclaimer,
    equipment,
    finish,
    is_verified,
    series_of,
    settle,
)
from neumo.results.dicom.meanings import translate_meanings
from neumo.results.dicom.report_context import evidence_of, image_library, observed_by
from neumo.results.dicom.skeleton import Skeleton
from neumo.results.dicom.source import Reference, patient_and_study, reference_of, writable
from neumo.results.dicom.stand_ins import Shape, emptied
from neumo.results.dicom.uids import tracking_uid
from neumo.results.origin import Origin, origin_of
from neumo.results.sentences import notice_text, performance_sentences, prevalence_sentence
from neumo.texts.language import DEFAULT, Language

_SERIES_NUMBER = 9001
_LANGUAGES: Mapping[Language, Code] = {
    "en": Code("en", "RFC5646", "English"),
    "es": Code("es", "RFC5646", "Spanish"),
}
_CONTAINS = RelationshipTypeValues.CONTAINS


def structured_report(reading: Reading, source: Dataset, /, *, language: Language = DEFAULT) -> Dataset:
    """Put a reading into a DICOM Structured Report, with the decision of a person where it has one.

    It is UNVERIFIED and PRELIMINARY unless somebody with the right to verify reports decided: then it is VERIFIED and
    FINAL, with that person as verifying observer, and in a series of its own.

    The same reading of the same radiograph always gives the same data set, SOP Instance UID included; another
    content, such as another decision, gives another UID.

    Parameters
    ----------
    reading : Reading
        With its receipt, which names the bundle.
    source : Dataset
        Header of the radiograph, as `neumo.results.dicom.source.read_header` gives it; pixel data are not needed.
    language : str
        Of its texts and of what its codes mean; the codes are the same in every language.

    Returns
    -------
    Dataset
        With file meta information, in Explicit VR Little Endian.

    Raises
    ------
    ResultError
        The reading has no receipt, or the header lacks a UID.
    """
    reading = _said(reading, language)
    origin, copied = origin_of(reading), patient_and_study(source)
    with quiet():
        if reading.decision is None:
            shape, values = emptied(reading, source, copied.character_set, origin, _uids)
            report = _skeleton(shape, language).filled(values)
        else:  # of which no two are alike
            report = build_report(reading, source, language)
        finish(report, source, copied)
    return report


def _uids(origin: Origin, reference: Reference) -> tuple[str, ...]:
    """Return the UIDs in a report that nobody has decided about."""
    own_uids = (
        series_of(False, reference.study, origin, "SR"),
        tracking_uid(reference.instance, origin.digest),
    )
    return (reference.study, reference.series, reference.instance, *own_uids)


@lru_cache(maxsize=64)
def _skeleton(shape: Shape, language: Language) -> Skeleton:
    return Skeleton(build_report(shape.reading, shape.source, language), shape.stand_ins, shape.character_set)


def _said(reading: Reading, language: Language) -> Reading:
    """Return a reading with its notices in a language."""

    def said(notices: Sequence[Notice]) -> tuple[Notice, ...]:
        return tuple(replace(notice, text=notice_text(notice, language)) for notice in notices)

    return replace(reading, warnings=said(reading.warnings), reasons=said(reading.reasons))


def build_report(reading: Reading, source: Dataset, language: Language = DEFAULT) -> Dataset:
    """Have highdicom build and check a whole report, without patient, study and SOP Instance UID.

    Texts of notices are taken as they are.
    """
    origin, reference, verified = origin_of(reading), reference_of(source), is_verified(reading.decision)
    report = Comprehensive3DSR(
        evidence=[evidence_of(reference)],
        content=_content(reading, source, origin, reference, language),
        series_instance_uid=series_of(verified, reference.study, origin, "SR"),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=UNNAMED_INSTANCE,
        instance_number=1,
        is_complete=True,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **verification(reading.decision),
        **equipment(verified, origin),
    )
    finish_verification(report, reading.decision, source)
    settle(report)
    translate_meanings(report, language, source)
    return report


def _content(
    reading: Reading, source: Dataset, origin: Origin, reference: Reference, language: Language
) -> MeasurementReport:
    measured = () if reading.answer is None else reading.answer.evidence
    groups = [
        _group(reading, source, origin, reference, language),
        evidence_group(measured, origin, source, language),
    ]
    report = MeasurementReport(
        observation_context=observed_by(origin),
        procedure_reported=own.CHEST_RADIOGRAPHY,
        imaging_measurements=[group for group in groups if group is not None],
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(
            CodedConcept.from_code(_LANGUAGES[language])
        ),
    )
    root: ContentSequence = report[0].ContentSequence
    root.insert(len(root) - 1, image_library(source, reference))
    root.append(_texts(reading, source, language))
    return report


def _group(
    reading: Reading, source: Dataset, origin: Origin, reference: Reference, language: Language
) -> MeasurementsAndQualitativeEvaluations:
    answer = reading.answer
    image = SourceImageForMeasurement(
        referenced_sop_class_uid=reference.sop_class, referenced_sop_instance_uid=reference.instance
    )
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=tracking_uid(reference.instance, origin.digest), identifier="neumo reading"
        ),
        finding_type=None if answer is None else own.lead_code(answer),
        finding_sites=[FindingSite(own.CHEST)],
        algorithm_id=algorithm_items(origin, answer),
        measurements=None if answer is None else list(_measurements(answer, image, source, language)),
        qualitative_evaluations=list(_evaluations(reading)),
    )


def _measurements(
    answer: Answer, image: SourceImageForMeasurement, source: Dataset, language: Language
) -> Iterator[Measurement]:
    measured = {entry.metric: interval(entry, source, language) for entry in leading(answer.evidence)}
    values: list[tuple[Code, float, MeasurementProperties | None]] = [
        *((own.PROBABILITY_CODES[outcome], p, None) for outcome, p in answer.probabilities.items()),
        (own.COVERAGE, answer.coverage, None),
        (own.THRESHOLD, answer.threshold, None),
    ]
    values += [
        (code, value, measured.get(metric))
        for code, value, metric in ((own.PPV, answer.ppv, "ppv"), (own.NPV, answer.npv, "npv"))
        if value is not None
    ]
    for code, value, properties in values:
        yield Measurement(
            name=code,
            value=rounded(value),
            unit=own.NO_UNITS,
            properties=properties,
            referenced_images=[image],
        )


def _evaluations(reading: Reading) -> Iterator[QualitativeEvaluation]:
    answer = reading.answer
    if answer is None:
        failed = reading.status is Status.FAILED
        yield QualitativeEvaluation(own.STATUS, own.STATUS_FAILED if failed else own.STATUS_REFUSED)
        return
    yield QualitativeEvaluation(own.STATUS, own.STATUS_READ)
    yield QualitativeEvaluation(own.PNEUMONIA, own.verdict_code(answer))
    etiology = own.etiology_code(answer)
    if etiology is not None:
        yield QualitativeEvaluation(own.ETIOLOGY, etiology)
    yield QualitativeEvaluation(own.MOST_PROBABLE, own.FINDING_CODES[answer.finding])
    for finding in answer.prediction_set:
        yield QualitativeEvaluation(own.SET_MEMBER, own.FINDING_CODES[finding])
    yield QualitativeEvaluation(own.OPERATING_POINT, own.operating_point_code(answer.operating_point))
    yield QualitativeEvaluation(own.POINT_DECISION, own.REACHED if answer.pneumonia else own.BELOW)


def _texts(reading: Reading, source: Dataset, language: Language) -> ContainerContentItem:
    """Return the items beside what was measured: disclaimer, notices, prevalence, evidence, a person's decision."""
    stated: list[tuple[Code, str]] = [(own.DISCLAIMER, disclaimer(is_verified(reading.decision), language))]
    why = own.FAILURE if reading.status is Status.FAILED else own.REFUSAL
    stated += _of(why, reading.reasons) + _of(own.WARNING, reading.warnings)
    if reading.answer is not None:
        assumed = prevalence_sentence(reading.answer, language)
        stated += [(own.PREVALENCE, assumed)] if assumed else []
        stated += [(own.EVIDENCE, text) for text in performance_sentences(reading.answer, language)]
    container = ContainerContentItem(name=own.QUALITATIVE_EVALUATIONS, relationship_type=_CONTAINS)
    container.ContentSequence = ContentSequence(
        [
            *(
                TextContentItem(name=code, value=writable(text, source), relationship_type=_CONTAINS)
                for code, text in stated
            ),
            decision_item(reading.decision, source),
        ]
    )
    return container


def _of(code: Code, notices: Sequence[Notice]) -> list[tuple[Code, str]]:
    return [(code, str(notice)) for notice in notices]
