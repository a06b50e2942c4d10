"""Parsing of Structured Reports that neumo wrote: status, answer, origin, notices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
)
from pydicom import Dataset
from pydicom.sr.coding import Code

from neumo.core.answer import Answer, coherent_set
from neumo.core.decision import Conclusion
from neumo.core.errors import ResultError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PNEUMONIA_OR_NOT, PartialLabel
from neumo.core.reading import Status
from neumo.imaging.quiet import quiet
from neumo.results.dicom import codes as own
from neumo.results.dicom.decision_items import CONCLUSION_CODES

_PARAMETER = Code("111002", "DCM", "Algorithm Parameters")
_ALGORITHM_NAME, _ALGORITHM_VERSION = (
    Code("111001", "DCM", "Algorithm Name"),
    Code("111003", "DCM", "Algorithm Version"),
)

_STATUSES: Final = {
    own.STATUS_READ.value: Status.READ,
    own.STATUS_REFUSED.value: Status.REFUSED,
    own.STATUS_FAILED.value: Status.FAILED,
}


@dataclass(frozen=True, slots=True)
class Reported:
    """Content of a Structured Report read back.

    Attributes
    ----------
    status : Status
        "failed" only where a person decided.
    answer : Answer or None
        None for a refusal or failure; numbers to four decimals.
    bundle, version, digest, neumo : str
        What made the reading.
    warnings, reasons : tuple of str
        "code: sentence".
    instance : str
        SOP Instance UID of the radiograph.
    conclusion : Conclusion or None
        Of the person who decided; None where nobody had.
    verified : bool
        Whether somebody with the right to verify reports decided.
    """

    status: Status
    answer: Answer | None
    bundle: str
    version: str
    digest: str
    neumo: str
    warnings: tuple[str, ...]
    reasons: tuple[str, ...]
    instance: str
    conclusion: Conclusion | None = None
    verified: bool = False


def read_back(report: Dataset) -> Reported:
    """Read what `neumo.results.dicom.structured_report.structured_report` wrote.

    Parameters
    ----------
    report : Dataset
        A Comprehensive 3D SR, from memory or file.

    Raises
    ------
    ResultError
        It is no Structured Report of neumo's, or one that lacks a part.
    """
    try:
        with quiet():
            content = cast(MeasurementReport, Comprehensive3DSR.from_dataset(report).content)
            group, *_ = content.get_image_measurement_groups()  # the others are of the model
            return _reported(report, group)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, StopIteration) as error:
        raise ResultError(
            "structured report: is none that neumo wrote, or lacks a part ({kind})", kind=type(error).__name__
        ) from error


def _reported(report: Dataset, group: MeasurementsAndQualitativeEvaluations) -> Reported:
    items = group[0].ContentSequence
    parameters = dict(text.split("=", 1) for text in _texts(items, _PARAMETER))
    evaluations = [(e.name, cast(CodedConcept, e.value)) for e in group.get_qualitative_evaluations()]
    status = _STATUSES[_one(evaluations, own.STATUS).value]
    words = _container(report.ContentSequence, own.QUALITATIVE_EVALUATIONS)
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    return Reported(
        status=status,
        answer=_answer(group, evaluations, parameters) if status is Status.READ else None,
        bundle=_texts(items, _ALGORITHM_NAME)[0],
        version=_texts(items, _ALGORITHM_VERSION)[0],
        digest=parameters["bundle_sha256"],
        neumo=parameters["neumo"],
        warnings=_texts(words, own.WARNING),
        reasons=_texts(words, own.REFUSAL) + _texts(words, own.FAILURE),
        instance=str(evidence.ReferencedSOPSequence[0].ReferencedSOPInstanceUID),
        conclusion=_conclusion(words),
        verified=report.VerificationFlag == "VERIFIED",
    )


def _answer(
    group: MeasurementsAndQualitativeEvaluations,
    evaluations: list[tuple[CodedConcept, CodedConcept]],
    parameters: Mapping[str, str],
) -> Answer:
    numbers = {m.name.value: float(m.value) for m in group.get_measurements()}
    finding_of = {code.value: finding for finding, code in own.FINDING_CODES.items()}
    members = {value.value for name, value in evaluations if name == own.SET_MEMBER}
    stated = {name.value: value for name, value in evaluations}
    # Version 0.2 stated the most probable finding as the finding, and the decision as pneumonia, present or absent.
    finding = finding_of[stated.get(own.MOST_PROBABLE.value, cast(CodedConcept, group.finding_type)).value]
    decision = stated.get(own.POINT_DECISION.value, stated[own.PNEUMONIA.value])
    pneumonia = decision.value in (own.REACHED.value, own.PRESENT.value)
    whole = own.PROBABILITY_CODES[PartialLabel.PNEUMONIA].value in numbers
    outcomes = PNEUMONIA_OR_NOT if whole else FINDINGS
    probabilities = {outcome: numbers[own.PROBABILITY_CODES[outcome].value] for outcome in outcomes}
    given = parameters.get("prevalence_given")
    return Answer(
        finding=finding,
        probabilities=probabilities,
        prediction_set=coherent_set(
            (outcome for outcome in outcomes if own.FINDING_CODES[outcome].value in members),
            finding=finding,
            probabilities=probabilities,
            pneumonia=pneumonia,
        ),
        coverage=numbers[own.COVERAGE.value],
        pneumonia=pneumonia,
        operating_point=parameters["operating_point"],
        threshold=numbers[own.THRESHOLD.value],
        ppv=numbers.get(own.PPV.value),
        npv=numbers.get(own.NPV.value),
        prevalence=None if given is None else _prevalence(parameters),
        prevalence_given=given == "yes",
    )


def _conclusion(items: Iterable[Dataset]) -> Conclusion | None:
    """Return the conclusion in a report; reports of version 0.2 state no decisions."""
    stated = [item.ConceptCodeSequence[0].CodeValue for item in items if _named(item, own.DECISION)]
    return next((each for each, code in CONCLUSION_CODES.items() if code.value in stated), None)


def _prevalence(parameters: Mapping[str, str]) -> dict[Finding, float]:
    return {finding: float(parameters[f"prevalence_{finding}"]) for finding in FINDINGS}


def _one(evaluations: Iterable[tuple[CodedConcept, CodedConcept]], name: Code) -> CodedConcept:
    return next(value for stated, value in evaluations if stated == name)


def _container(items: Iterable[Dataset], name: Code) -> Iterable[Dataset]:
    found: Iterable[Dataset] = next(item.ContentSequence for item in items if _named(item, name))
    return found


def _texts(items: Iterable[Dataset], name: Code) -> tuple[str, ...]:
    return tuple(str(item.TextValue) for item in items if _named(item, name))


def _named(item: Dataset, name: Code) -> bool:
    stated = item.ConceptNameCodeSequence[0]
    return bool(stated.CodeValue == name.value and stated.CodingSchemeDesignator == name.scheme_designator)
