"""Coded concepts of the results: SNOMED CT and DICOM codes, and neumo's own where those have none.

neumo's scheme is described in docs/reference/dicom-results.md. A code once given keeps its meaning for ever.
"""

from collections.abc import Mapping
from typing import Final

from pydicom import Dataset
from pydicom.sr.coding import Code

from neumo.core.answer import Answer, Etiology, Verdict
from neumo.core.evidence import Evidence
from neumo.core.findings import Finding
from neumo.core.labels import Outcome, PartialLabel
from neumo.results.dicom.uids import CODING_SCHEME

SCHEME: Final = "99NEUMO"


def _own(value: str, meaning: str) -> Code:
    return Code(value, SCHEME, meaning)


PNEUMONIA: Final = Code("233604007", "SCT", "Pneumonia")
FINDING_CODES: Final[Mapping[Outcome, Code]] = {
    Finding.NORMAL: Code("17621005", "SCT", "Normal"),
    Finding.BACTERIAL_PNEUMONIA: Code("53084003", "SCT", "Bacterial pneumonia"),
    Finding.VIRAL_PNEUMONIA: Code("75570004", "SCT", "Viral pneumonia"),
    PartialLabel.PNEUMONIA: PNEUMONIA,
}
PRESENT: Final = Code("52101004", "SCT", "Present")
ABSENT: Final = Code("272519000", "SCT", "Absent")
CHEST: Final = Code("51185008", "SCT", "Chest")
CHEST_RADIOGRAPHY: Final = Code("399208008", "SCT", "Plain chest X-ray")
UNDETERMINED: Final = Code("373068000", "SCT", "Undetermined")
ARTIFICIAL_INTELLIGENCE: Final = Code("123110", "DCM", "Artificial Intelligence")
"""Family of algorithms (CID 7162)."""
NO_UNITS: Final = Code("1", "UCUM", "no units")

PROBABILITY_CODES: Final[Mapping[Outcome, Code]] = {
    Finding.NORMAL: _own("P-NORMAL", "Calibrated probability of normal"),
    Finding.BACTERIAL_PNEUMONIA: _own("P-BACTERIAL", "Calibrated probability of bacterial pneumonia"),
    Finding.VIRAL_PNEUMONIA: _own("P-VIRAL", "Calibrated probability of viral pneumonia"),
    PartialLabel.PNEUMONIA: _own("P-PNEUMONIA", "Calibrated probability of pneumonia"),
}
COVERAGE: Final = _own("COVERAGE", "Coverage of the prediction set")
THRESHOLD: Final = _own("THRESHOLD", "Threshold of the operating point")
PPV: Final = _own("PPV", "Positive predictive value")
NPV: Final = _own("NPV", "Negative predictive value")
_COVERED: Final[Mapping[str, Code]] = {
    Finding.NORMAL: _own("COV-NORMAL", "Measured coverage of normal radiographs"),
    Finding.BACTERIAL_PNEUMONIA: _own("COV-BACTERIAL", "Measured coverage of bacterial pneumonia"),
    Finding.VIRAL_PNEUMONIA: _own("COV-VIRAL", "Measured coverage of viral pneumonia"),
    PartialLabel.PNEUMONIA: _own("COV-PNEUMONIA", "Measured coverage of pneumonia"),
}
_METRICS: Final[Mapping[str, Code]] = {
    "sensitivity": _own("SENSITIVITY", "Sensitivity of the operating point"),
    "specificity": _own("SPECIFICITY", "Specificity of the operating point"),
    "expected_calibration_error": _own("ECE", "Expected calibration error"),
    "ppv": PPV,
    "npv": NPV,
}
INTERVAL_LOW: Final = _own("CI95-LOW", "Lower end of the 95 % confidence interval")
INTERVAL_HIGH: Final = _own("CI95-HIGH", "Upper end of the 95 % confidence interval")
IMAGES: Final = _own("IMAGES", "Radiographs that it was measured on")

IMAGING_STUDY: Final = Code("18748-4", "LN", "Diagnostic imaging study")
"""LOINC's code of what a report is about."""

STATUS: Final = _own("STATUS", "Status of the reading")
STATUS_READ: Final = _own("READ", "Read")
STATUS_REFUSED: Final = _own("REFUSED", "Refused, no finding is stated")
STATUS_FAILED: Final = _own("FAILED", "Could not be read, no finding is stated")
PREDICTION_SET: Final = _own("PREDICTION-SET", "Prediction set")
NO_PNEUMONIA: Final = _own("NO-PNEUMONIA", "No pneumonia")
ETIOLOGY: Final = _own("ETIOLOGY", "Etiology of the pneumonia")
NOT_ASSESSED: Final = _own("NOT-ASSESSED", "Not assessed")
MOST_PROBABLE: Final = _own("MOST-PROBABLE", "Most probable finding")
SET_MEMBER: Final = _own("SET-MEMBER", "Finding in the prediction set")
OPERATING_POINT: Final = _own("OPERATING-POINT", "Operating point")
POINT_DECISION: Final = _own("POINT-DECISION", "Probability of pneumonia at the operating point")
REACHED: Final = _own("REACHED", "Reaches the threshold")
BELOW: Final = _own("BELOW", "Below the threshold")
_POINTS: Final = {
    "balanced": _own("OP-BALANCED", "Balanced"),
    "high_sensitivity": _own("OP-SENSITIVE", "High sensitivity"),
    "high_specificity": _own("OP-SPECIFIC", "High specificity"),
}
_OTHER_POINT: Final = _own("OP-OTHER", "Other, named among the algorithm parameters")

DECISION: Final = _own("DECISION", "Decision of a person")
NO_DECISION: Final = _own("NO-DECISION", "Nobody has decided")
DECIDED_AT: Final = _own("DECIDED-AT", "Time of the decision")
ABNORMALITY: Final = _own("ABNORMALITY", "Abnormality that the decision names")
NOTE: Final = _own("DECISION-NOTE", "Note of the decision")
OTHER_ABNORMAL: Final = _own("OTHER-ABNORMAL", "Another abnormality")
INADEQUATE_IMAGE: Final = _own("INADEQUATE-IMAGE", "Inadequate image")
WRONG_IMAGE: Final = _own("WRONG-IMAGE", "Wrong image")

WARNING: Final = _own("WARNING", "Warning")
REFUSAL: Final = _own("REFUSAL-REASON", "Reason of the refusal")
FAILURE: Final = _own("FAILURE-REASON", "Why it could not be read")
EVIDENCE: Final = _own("EVIDENCE", "How well the model did where it was measured")
PREVALENCE: Final = _own("PREVALENCE", "Prevalence that the probabilities are for")
DISCLAIMER: Final = _own("DISCLAIMER", "Disclaimer")

QUALITATIVE_EVALUATIONS: Final = Code("C0034375", "UMLS", "Qualitative Evaluations")
"""The container of TID 1500 for what is not measured."""


def verdict_code(answer: Answer) -> Code:
    """Return the code of the verdict: present, absent or undetermined."""
    return _VERDICTS[answer.verdict]


def etiology_code(answer: Answer) -> Code | None:
    """Return the kind of a pneumonia, "undetermined" or "not assessed"; None where pneumonia is excluded."""
    return None if answer.etiology is None else _ETIOLOGIES[answer.etiology]


def lead_code(answer: Answer) -> Code:
    """Return verdict and etiology as the one concept that an answer leads with."""
    match answer.verdict, answer.etiology:
        case Verdict.PNEUMONIA, Etiology.UNDETERMINED | Etiology.NOT_ASSESSED:
            return PNEUMONIA
        case Verdict.PNEUMONIA, Etiology() as etiology:
            return _ETIOLOGIES[etiology]
        case Verdict.NO_PNEUMONIA, _:
            return NO_PNEUMONIA
    return UNDETERMINED


_VERDICTS: Final = {
    Verdict.PNEUMONIA: PRESENT,
    Verdict.NO_PNEUMONIA: ABSENT,
    Verdict.UNDETERMINED: UNDETERMINED,
}
_ETIOLOGIES: Final = {
    Etiology.BACTERIAL: FINDING_CODES[Finding.BACTERIAL_PNEUMONIA],
    Etiology.VIRAL: FINDING_CODES[Finding.VIRAL_PNEUMONIA],
    Etiology.UNDETERMINED: UNDETERMINED,
    Etiology.NOT_ASSESSED: NOT_ASSESSED,
}


def operating_point_code(name: str) -> Code:
    """Return the code of an operating point; bundles may have ones of their own, which share a code."""
    return _POINTS.get(name, _OTHER_POINT)


def metric_code(entry: Evidence) -> Code | None:
    """Return the code of a metric that was measured; None where it has none."""
    if entry.metric == "coverage":
        return _COVERED.get(entry.conditions.get("finding", ""))
    return _METRICS.get(entry.metric)


def coding_scheme_item() -> Dataset:
    """Return the item of the Coding Scheme Identification Sequence (PS3.3 section C.12.1.1.1) for neumo's codes."""
    item = Dataset()
    item.CodingSchemeDesignator = SCHEME
    item.CodingSchemeUID = CODING_SCHEME
    item.CodingSchemeName = "neumo"
    item.CodingSchemeResponsibleOrganization = "The neumo authors"
    return item
