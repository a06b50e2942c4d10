"""Columns of the dataset of readings, and how a reading becomes a row."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Reading

SCHEMA_VERSION: Final = 1

READINGS_SCHEMA: Final = pa.schema(
    [
        pa.field("location", pa.string(), nullable=False),
        pa.field("size", pa.int64()),
        pa.field("sha256", pa.string()),
        pa.field("status", pa.string(), nullable=False),
        pa.field("verdict", pa.string()),
        pa.field("etiology", pa.string()),
        pa.field("finding", pa.string()),
        *(pa.field(f"p_{finding}", pa.float64()) for finding in FINDINGS),
        pa.field("p_PNEUMONIA", pa.float64()),
        pa.field("prediction_set", pa.list_(pa.string())),
        pa.field("coverage", pa.float64()),
        pa.field("pneumonia", pa.bool_()),
        pa.field("operating_point", pa.string()),
        pa.field("distance", pa.float64()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("warnings", pa.list_(pa.string())),
        pa.field("results", pa.list_(pa.string())),
        pa.field("results_failure", pa.string()),
        pa.field("reading", pa.string(), nullable=False),
    ]
)
"""Of each file of the dataset. `reasons` and `warnings` are codes; `results` are paths in the dataset; `reading`
is the whole plain form (`Reading.to_json`) with its receipt."""


def row_of(reading: Reading, failure: str | None = None) -> dict[str, Any]:
    """Return a reading by column of `READINGS_SCHEMA`, without results; `failure` is why one could not be made."""
    body = reading.to_json()
    receipt = body["receipt"] or {}
    return {
        "location": reading.file,
        "size": (receipt.get("file") or {}).get("bytes"),
        **{name: body[name] for name in ("sha256", "status", "verdict", "etiology", "finding")},
        **{f"p_{finding}": (body["probabilities"] or {}).get(finding.value) for finding in FINDINGS},
        "p_PNEUMONIA": _of_pneumonia(body["probabilities"]),
        **{name: body[name] for name in ("prediction_set", "coverage", "pneumonia", "operating_point")},
        "distance": _distance(receipt),
        "reasons": [notice.code for notice in reading.reasons],
        "warnings": [notice.code for notice in reading.warnings],
        "results": [],
        "results_failure": failure,
        "reading": json.dumps(body, ensure_ascii=False, allow_nan=False),
    }


def _of_pneumonia(probabilities: Mapping[str, float] | None) -> float | None:
    """Return the sum over its kinds, which some answers do not tell apart."""
    return (
        None
        if probabilities is None
        else sum(p for name, p in probabilities.items() if name != Finding.NORMAL)
    )


def _distance(receipt: Mapping[str, Any]) -> float | None:
    found = receipt.get("distance")
    return None if found is None else float.fromhex(found)
