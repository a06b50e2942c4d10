"""Expected result of a canary: learnt once, and compared with what comes back."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from neumo.core.errors import NodeError
from neumo.core.files import write_json
from neumo.core.findings import Finding
from neumo.core.message import Message
from neumo.results.dicom.read_back import read_back

SCHEMA: Final = 1
_CELLS: Final = 12
"""Cells along each side of the coarse heat map that is compared."""


@dataclass(frozen=True)
class CanaryResult:
    """Result of a canary as a node sent it.

    Attributes
    ----------
    bundle : str
        Digest of the bundle that answered.
    status, verdict : str
        "read" or "refused"; the verdict is empty where there is no answer.
    pneumonia : float or None
        Its probability, in 0-1, to four decimals.
    heat_map : tuple of int
        Mean levels, 0-255, of 12 x 12 fields of the heat map and its three colours; empty where no picture came back.
    """

    bundle: str
    status: str
    verdict: str
    pneumonia: float | None
    heat_map: tuple[int, ...]


def result_of(objects: Sequence[Dataset]) -> CanaryResult:
    """Read the result of a canary from the objects that a node sent.

    Raises
    ------
    NodeError
        There is no Structured Report among them.
    ResultError
        It is none of neumo's.
    """
    reports = [each for each in objects if "ContentSequence" in each]
    if not reports:
        raise NodeError(
            "the node sent no Structured Report of the canary; look at read.results of its settings"
        )
    reported = read_back(reports[0])
    answer = reported.answer
    pictures = [each for each in objects if each.SOPClassUID == SecondaryCaptureImageStorage]
    return CanaryResult(
        bundle=reported.digest,
        status=reported.status.value,
        verdict="" if answer is None else answer.verdict.value,
        pneumonia=None if answer is None else round(1 - answer.probabilities[Finding.NORMAL], 4),
        heat_map=_digest(pictures[0]) if pictures else (),
    )


def differences(
    expected: CanaryResult, found: CanaryResult, *, probability: float, levels: float
) -> tuple[Message, ...]:
    """Describe the differences in sentences; empty where all is as expected.

    Parameters
    ----------
    expected, found : CanaryResult
    probability : float
        Tolerated difference of the probability, in 0-1.
    levels : float
        Tolerated difference of a field of the heat map, 0-255.
    """
    return tuple(_differences(expected, found, probability, levels))


def _differences(
    expected: CanaryResult, found: CanaryResult, probability: float, levels: float
) -> Iterator[Message]:
    if found.bundle != expected.bundle:
        yield Message(
            "another bundle answered ({found}, not {expected}); look at its answer and learn it with --learn",
            found=found.bundle[:12],
            expected=expected.bundle[:12],
        )
        return
    for name in ("status", "verdict"):
        if getattr(found, name) != getattr(expected, name):
            yield Message(
                "{name}: {found!r} instead of {expected!r}",
                name=name,
                found=getattr(found, name),
                expected=getattr(expected, name),
            )
    if found.pneumonia is not None and expected.pneumonia is not None:
        off = abs(found.pneumonia - expected.pneumonia)
        if off > probability:
            yield Message(
                "probability of pneumonia: {found:.4f} instead of {expected:.4f}, more than {tolerance:g} apart",
                found=found.pneumonia,
                expected=expected.pneumonia,
                tolerance=probability,
            )
    if len(found.heat_map) != len(expected.heat_map):
        yield Message("heat map: came back in one of the two results only")
    elif found.heat_map:
        worst = int(np.abs(np.subtract(found.heat_map, expected.heat_map)).max())
        if worst > levels:
            yield Message(
                "heat map: a field differs by {worst} levels, more than {tolerance:g}",
                worst=worst,
                tolerance=levels,
            )


def write_expected(target: Path, result: CanaryResult, film: str) -> None:
    """Write a result as the expected one of a film, known by its SHA-256. Raises OutputError."""
    write_json(target, {"schema": SCHEMA, "film": film, **asdict(result)})


def read_expected(source: Path, film: str) -> CanaryResult:
    """Read what is expected of a film.

    Raises
    ------
    NodeError
        Nothing was learnt yet, or of another film.
    """
    try:
        value: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
        result = CanaryResult(
            value["bundle"],
            value["status"],
            value["verdict"],
            None if value["pneumonia"] is None else float(value["pneumonia"]),
            tuple(int(level) for level in value["heat_map"]),
        )
        known = value["film"]
    except FileNotFoundError as error:
        raise NodeError(
            "{file}: nothing was learnt yet; run neumo canary --learn once, and look at the answer",
            file=source,
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NodeError(
            "{file}: does not hold what a canary's result should be ({error}); learn it anew with --learn",
            file=source,
            error=repr(error),
        ) from error
    if known != film:
        raise NodeError(
            "{file}: is of another film; give that film, or learn this one with --learn", file=source
        )
    return result


def _digest(picture: Dataset) -> tuple[int, ...]:
    """Return the mean levels of the lower part of the right half, where the heat map stands below the banner."""
    rows, columns = picture.Rows, picture.Columns
    pixels = np.frombuffer(picture.PixelData, np.uint8)[: rows * columns * 3].reshape(rows, columns, 3)
    part = pixels[-min(rows, columns // 4) :, columns // 2 :].astype(np.float64)
    fields = (
        field.mean(axis=(0, 1))
        for row in np.array_split(part, _CELLS)
        for field in np.array_split(row, _CELLS, axis=1)
    )
    return tuple(round(level) for field in fields for level in field.tolist())
