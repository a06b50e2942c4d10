"""Evidence of the model, as numbers with their 95 % intervals in a measurement group (PS3.16, TID 1501)."""

from collections.abc import Iterator, Sequence
from typing import Final

from highdicom.sr import (
    Measurement,
    MeasurementProperties,
    MeasurementsAndQualitativeEvaluations,
    MeasurementStatisticalProperties,
    NumContentItem,
    RelationshipTypeValues,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.coding import Code

from neumo.core.evidence import Evidence
from neumo.results.dicom import codes as own
from neumo.results.dicom.source import writable
from neumo.results.dicom.uids import stable_uid
from neumo.results.origin import Origin
from neumo.texts.data_names import data_name
from neumo.texts.language import Language

DECIMALS: Final = 4
"""Decimal places of every number: the last bits depend on the machine and would change the SOP Instance UID."""
_PREDICTIVE: Final = ("ppv", "npv")
"""Metrics that stand among the measurements of a reading, since they depend on its prevalence."""


def evidence_group(
    evidence: Sequence[Evidence], origin: Origin, source: Dataset, language: Language
) -> MeasurementsAndQualitativeEvaluations | None:
    """Return sensitivity, specificity, calibration error and coverage of a model; None where none was measured.

    The group refers to no image, since nothing in it is said of the radiograph.
    """
    measured = [entry for entry in evidence if entry.metric not in _PREDICTIVE]
    found = [
        Measurement(
            name=code,
            value=rounded(entry.value),
            unit=own.NO_UNITS,
            properties=interval(entry, source, language),
        )
        for entry, code in coded(measured)
        if entry.value is not None
    ]
    if not found:
        return None
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=stable_uid("tracking", "evidence", origin.digest), identifier="neumo evidence"
        ),
        measurements=found,
    )


def coded(evidence: Sequence[Evidence]) -> Iterator[tuple[Evidence, Code]]:
    """Yield what has a value and a code, with that code."""
    for entry in evidence:
        code = own.metric_code(entry)
        if entry.value is not None and code is not None:
            yield entry, code


def interval(entry: Evidence, source: Dataset, language: Language) -> MeasurementProperties:
    """Return the ends of a metric's interval, the number of images and the data, by TID 310 and 311."""
    stated = ((own.INTERVAL_LOW, entry.low), (own.INTERVAL_HIGH, entry.high))
    ends = [(code, rounded(value)) for code, value in stated if value is not None]
    values = [
        NumContentItem(code, value, own.NO_UNITS, relationship_type=_HAS)
        for code, value in (*ends, (own.IMAGES, entry.n))
    ]
    return MeasurementProperties(
        measurement_statistical_properties=MeasurementStatisticalProperties(
            values, description=writable(data_name(entry, language), source)
        )
    )


def rounded(value: float) -> float:
    """Return a number as results state it."""
    return round(float(value), DECIMALS)


_HAS: Final = RelationshipTypeValues.HAS_PROPERTIES
