"""A reading as a Comprehensive 3D Structured Report: TID 1500, Measurement Report (PS3.16)."""

from collections.abc import Iterator, Sequence

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    CodedConcept,
    Comprehensive3DSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageContentItem,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementProperties,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurement,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from neumo.core.answer import Answer
from neumo.core.findings import FINDINGS
from neumo.core.reading import Notice, Reading
from neumo.imaging.quiet import quiet
from neumo.results.dicom import codes as own
from neumo.results.dicom.decision_items import decision_item, finish_verification, verification
from neumo.results.dicom.evidence_items import DECIMALS, evidence_group, interval, rounded
from neumo.results.dicom.instance import (
    MANUFACTURER,
    UNNAMED_INSTANCE,
    disclaimer,
    equipment,
    finish,
    require_reportable,
    series_of,
)
from neumo.results.dicom.source import Reference, reference_of, text_of, writable
from neumo.results.dicom.uids import stable_uid
from neumo.results.origin import Origin, origin_of
from neumo.results.sentences import performance_sentences, prevalence_sentence

_SERIES_NUMBER = 9001
_ENGLISH = Code("en", "RFC5646", "English")
_CONTAINS = RelationshipTypeValues.CONTAINS


def structured_report(reading: Reading, source: Dataset, /) -> Dataset:
    """Put a reading into a DICOM Structured Report in English, with the decision of a person where it has one.

    It is UNVERIFIED and PRELIMINARY unless somebody with the right to verify reports decided: then it is VERIFIED and
    FINAL, with that person as verifying observer, and in a series of its own.

    The same reading of the same radiograph always gives the same data set, SOP Instance UID included; another
    content, such as another decision, gives another UID.

    Parameters
    ----------
    reading : Reading
        Read or refused, with its receipt, which names the bundle.
    source : Dataset
        Header of the radiograph, as `neumo.results.dicom.source.read_header` gives it; pixel data are not needed.

    Returns
    -------
    Dataset
        With file meta information, in Explicit VR Little Endian.

    Raises
    ------
    ResultError
        The reading failed or has no receipt, or the header lacks a UID.
    """
    require_reportable(reading)
    origin, reference = origin_of(reading), reference_of(source)
    with quiet():
        report = Comprehensive3DSR(
            evidence=[_evidence(reference)],
            content=_content(reading, source, origin, reference),
            series_instance_uid=series_of(reading, reference.study, origin, "SR"),
            series_number=_SERIES_NUMBER,
            sop_instance_uid=UNNAMED_INSTANCE,
            instance_number=1,
            is_complete=True,
            transfer_syntax_uid=ExplicitVRLittleEndian,
            **verification(reading.decision),
            **equipment(reading, origin),
        )
        finish_verification(report, reading.decision, source)
        finish(report, source)
    return report


def _evidence(reference: Reference) -> Dataset:
    """Return what highdicom wants to know of the radiograph; patient and study are copied by `finish`."""
    evidence = Dataset()
    evidence.StudyInstanceUID, evidence.SeriesInstanceUID = reference.study, reference.series
    evidence.SOPInstanceUID, evidence.SOPClassUID = reference.instance, reference.sop_class
    for keyword in (
        "PatientID",
        "PatientName",
        "PatientBirthDate",
        "PatientSex",
        "AccessionNumber",
        "StudyID",
    ):
        setattr(evidence, keyword, "")
    evidence.StudyDate = evidence.StudyTime = None
    return evidence


def _content(reading: Reading, source: Dataset, origin: Origin, reference: Reference) -> MeasurementReport:
    measured = () if reading.answer is None else reading.answer.evidence
    groups = [_group(reading, source, origin, reference), evidence_group(measured, origin, source)]
    report = MeasurementReport(
        observation_context=_observed_by(origin),
        procedure_reported=own.CHEST_RADIOGRAPHY,
        imaging_measurements=[group for group in groups if group is not None],
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(
            CodedConcept.from_code(_ENGLISH)
        ),
    )
    root: ContentSequence = report[0].ContentSequence
    root.insert(len(root) - 1, _image_library(source, reference))
    root.append(_texts(reading, source))
    return report


def _observed_by(origin: Origin) -> ObservationContext:
    device = DeviceObserverIdentifyingAttributes(
        uid=stable_uid("device", origin.digest),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=f"{origin.name} {origin.version}",
        serial_number=origin.digest,
    )
    return ObservationContext(
        observer_device_context=ObserverContext(
            observer_type=codes.DCM.Device, observer_identifying_attributes=device
        )
    )


def _image_library(source: Dataset, reference: Reference) -> ContainerContentItem:
    """Return TID 1600 with the radiograph and its modality, all that every header states."""
    image = ImageContentItem(
        name=Code("260753009", "SCT", "Source"),
        referenced_sop_class_uid=reference.sop_class,
        referenced_sop_instance_uid=reference.instance,
        relationship_type=_CONTAINS,
    )
    modality = _MODALITIES.get(text_of(source, "Modality"))
    group = ContainerContentItem(name=codes.DCM.ImageLibraryGroup, relationship_type=_CONTAINS)
    group.ContentSequence = ContentSequence([image])
    if modality is not None:
        group.ContentSequence.insert(
            0,
            CodeContentItem(
                name=codes.DCM.Modality,
                value=modality,
                relationship_type=RelationshipTypeValues.HAS_ACQ_CONTEXT,
            ),
        )
    library = ContainerContentItem(name=codes.DCM.ImageLibrary, relationship_type=_CONTAINS)
    library.ContentSequence = ContentSequence([group])
    return library


_MODALITIES = {
    "CR": codes.DCM.ComputedRadiography,
    "DX": codes.DCM.DigitalRadiography,
    "RG": Code("RG", "DCM", "Radiographic imaging"),
}


def _group(
    reading: Reading, source: Dataset, origin: Origin, reference: Reference
) -> MeasurementsAndQualitativeEvaluations:
    answer = reading.answer
    image = SourceImageForMeasurement(
        referenced_sop_class_uid=reference.sop_class, referenced_sop_instance_uid=reference.instance
    )
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=stable_uid("tracking", reference.instance, origin.digest), identifier="neumo reading"
        ),
        finding_type=None if answer is None else own.lead_code(answer),
        finding_sites=[FindingSite(own.CHEST)],
        algorithm_id=_algorithm(origin, answer),
        measurements=None if answer is None else list(_measurements(answer, image, source)),
        qualitative_evaluations=list(_evaluations(answer)),
    )


def _algorithm(origin: Origin, answer: Answer | None) -> AlgorithmIdentification:
    return AlgorithmIdentification(
        name=origin.name,
        version=origin.version,
        manufacturer=MANUFACTURER,
        parameters=[f"{key}={value}" for key, value in _parameters(origin, answer)],
    )


def _parameters(origin: Origin, answer: Answer | None) -> Iterator[tuple[str, str]]:
    yield "bundle_sha256", origin.digest
    yield "neumo", origin.neumo
    if answer is None:
        return
    yield "operating_point", answer.operating_point
    if answer.prevalence is not None:
        yield "prevalence_given", "yes" if answer.prevalence_given else "no"
        for finding in FINDINGS:
            yield f"prevalence_{finding}", f"{answer.prevalence[finding]:.{DECIMALS}f}"


def _measurements(answer: Answer, image: SourceImageForMeasurement, source: Dataset) -> Iterator[Measurement]:
    measured = {entry.metric: interval(entry, source) for entry in answer.evidence}
    values: list[tuple[Code, float, MeasurementProperties | None]] = [
        *((own.PROBABILITY_CODES[finding], answer.probabilities[finding], None) for finding in FINDINGS),
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


def _evaluations(answer: Answer | None) -> Iterator[QualitativeEvaluation]:
    if answer is None:
        yield QualitativeEvaluation(own.STATUS, own.STATUS_REFUSED)
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


def _texts(reading: Reading, source: Dataset) -> ContainerContentItem:
    """Return the items beside what was measured: disclaimer, notices, prevalence, evidence, a person's decision."""
    stated: list[tuple[Code, str]] = [(own.DISCLAIMER, disclaimer(reading))]
    stated += _of(own.REFUSAL, reading.reasons) + _of(own.WARNING, reading.warnings)
    if reading.answer is not None:
        assumed = prevalence_sentence(reading.answer, "en")
        stated += [(own.PREVALENCE, assumed)] if assumed else []
        stated += [(own.EVIDENCE, text) for text in performance_sentences(reading.answer, "en")]
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
