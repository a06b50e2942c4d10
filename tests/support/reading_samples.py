"""Readings for tests of result formats: one read, one refused."""

from dataclasses import replace
from typing import Any

import numpy as np

from neumo.core.answer import Answer
from neumo.core.decision import Conclusion, Decision
from neumo.core.evidence import Evidence
from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Notice, Reading, Status

MEASURED = Evidence(
    "sensitivity", 0.9, 0.85, 0.94, 300, "set, test", "neumo evaluate B", "2026-11-23", 200,
    {"operating_point": "balanced"},
)  # fmt: skip
EVIDENCE = (
    MEASURED,
    replace(MEASURED, metric="specificity", value=0.8, low=0.73, high=0.86, n=150),
    replace(MEASURED, metric="expected_calibration_error", value=0.1, low=0.08, high=0.14, n=450, conditions={}),
    *(
        replace(
            MEASURED, metric="coverage", value=0.88, low=0.8, high=0.93,
            conditions={"coverage": 0.9, "finding": finding.value},
        )
        for finding in FINDINGS
    ),
    replace(MEASURED, metric="ppv", value=0.31, low=0.25, high=0.4),
    replace(MEASURED, metric="npv", value=0.98, low=0.96, high=0.99),
)  # fmt: skip
ANSWER = Answer(
    finding=Finding.VIRAL_PNEUMONIA,
    probabilities=dict(zip(FINDINGS, (0.2, 0.3, 0.5), strict=True)),
    prediction_set=(Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA),
    coverage=0.9,
    pneumonia=True,
    operating_point="balanced",
    threshold=0.6,
    ppv=0.31,
    npv=0.98,
    evidence=EVIDENCE,
)
AGE = Notice(
    "outside_age_range",
    "Too old.",
    {"youngest": 1.0, "oldest": 5.0, "age": 64.0, "count": 64, "unit": "years"},
)

UNVERIFIED = Decision(
    revision=1,
    person="ana",
    at="2026-01-31T08:05:06.123456Z",
    conclusion=Conclusion.OTHER_ABNORMAL,
    abnormality="hilar mass",
    agrees=False,
    blinded=True,
    note="see lateral view",
)
VERIFIED = Decision(
    revision=2,
    person="bo",
    at="2026-02-01T09:10:11.000000Z",
    conclusion=Conclusion.PNEUMONIA,
    abnormality="",
    agrees=True,
    blinded=False,
    note="tres líneas,\nuna nota\x1b",
    verifier="García López^Ana^^Dra.",
    organization="Hospital Ñuble",
)
DECISIONS = {"undecided": None, "unverified": UNVERIFIED, "verified": VERIFIED}
"""Decisions of people, and none."""


def read(file: str = "a.png", **changes: Any) -> Reading:
    rows, columns = np.indices((90, 80))
    values: dict[str, Any] = {
        "file": file,
        "sha256": "ab" * 32,
        "status": Status.READ,
        "answer": ANSWER,
        "warnings": (AGE,),
        "class_map": np.eye(3, dtype=np.float32),
        "pixels": ((rows + columns) % 256).astype(np.uint8),
        "receipt": {"bundle": {"name": "tiny", "version": "1"}},
    }
    return Reading(**{**values, **changes})


def refused(file: str = "b.png") -> Reading:
    return Reading(file, "cd" * 32, Status.REFUSED, reasons=(Notice("blank", "This is no chest."),))
