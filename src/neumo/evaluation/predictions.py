"""Predictions: probabilities beside the truth, the one input of every evaluation."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import EvaluationError
from neumo.core.files import write_text
from neumo.core.findings import FINDINGS, Finding

_FIXED = ("path", "patient", "truth", *(f"p_{finding}" for finding in FINDINGS))


@dataclass(frozen=True)
class Predictions:
    """Truth and probabilities of N images.

    Attributes
    ----------
    paths : tuple of str, length N
        Image paths relative to the data set's root.
    patients : tuple of str, length N
        Patient group of each image; intervals resample these.
    truth : ndarray of int64, shape (N,)
        Index into FINDINGS.
    probabilities : ndarray of float64, shape (N, 3)
        Columns in the order of FINDINGS; each row sums to 1.
    attributes : mapping of str to tuple of str
        Optional columns for subgroups (age_band, sex, view, source).
    synthetic : bool
        True when the images are phantoms.
    """

    paths: tuple[str, ...]
    patients: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    synthetic: bool = False

    def __post_init__(self) -> None:
        n = len(self.paths)
        if n == 0:
            raise EvaluationError(
                "predictions: there is no image to evaluate; choose a split that holds images"
            )
        if (
            len(self.patients) != n
            or self.truth.shape != (n,)
            or self.probabilities.shape != (n, len(FINDINGS))
        ):
            raise EvaluationError(
                "predictions: {n} paths, {patients} patients, truth {truth} and probabilities "
                "{probabilities} do not belong together",
                n=n,
                patients=len(self.patients),
                truth=self.truth.shape,
                probabilities=self.probabilities.shape,
            )
        if not np.isfinite(self.probabilities).all():
            raise EvaluationError(
                "predictions: probabilities hold NaN or infinity; the model diverged, train it again"
            )
        if self.probabilities.min() < -1e-6:
            raise EvaluationError(
                "predictions: a probability is {lowest:g}; none may be below 0",
                lowest=self.probabilities.min(),
            )
        if not np.allclose(self.probabilities.sum(axis=1), 1.0, atol=1e-4):
            raise EvaluationError("predictions: the probabilities of an image must add up to 1")

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, indices: NDArray[np.int64]) -> "Predictions":
        """Return the images at `indices`, in that order. Raises EvaluationError when there is none."""
        return Predictions(
            paths=tuple(self.paths[i] for i in indices),
            patients=tuple(self.patients[i] for i in indices),
            truth=self.truth[indices],
            probabilities=self.probabilities[indices],
            attributes={name: tuple(column[i] for i in indices) for name, column in self.attributes.items()},
            synthetic=self.synthetic,
        )

    @property
    def decisions(self) -> NDArray[np.int64]:
        """Index of the most probable finding, shape (N,)."""
        decided: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return decided

    @property
    def pneumonia(self) -> NDArray[np.float64]:
        """Probability of pneumonia, bacterial plus viral, shape (N,)."""
        return 1.0 - self.probabilities[:, Finding.NORMAL.index]


def write_predictions(predictions: Predictions, target: Path) -> None:
    """Write as CSV, one row an image, probabilities with 9 digits. Raises OutputError."""
    names = sorted(predictions.attributes)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*_FIXED, *names])
    for i, path in enumerate(predictions.paths):
        chances = [f"{p:.9g}" for p in predictions.probabilities[i]]
        extra = [predictions.attributes[name][i] for name in names]
        writer.writerow([path, predictions.patients[i], FINDINGS[predictions.truth[i]], *chances, *extra])
    write_text(target, buffer.getvalue())


def read_predictions(source: Path, *, synthetic: bool = False) -> Predictions:
    """Read what `write_predictions` wrote.

    Raises
    ------
    EvaluationError
        The file is missing, has other columns, or holds values that are no probabilities.
    """
    try:
        with source.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            columns = reader.fieldnames or []
            missing = [name for name in _FIXED if name not in columns]
            if missing:
                raise EvaluationError(
                    "{source}: missing column {missing}", source=source, missing=", ".join(missing)
                )
            rows = list(reader)
        names = [name for name in columns if name not in _FIXED]
        return Predictions(
            paths=tuple(row["path"] for row in rows),
            patients=tuple(row["patient"] for row in rows),
            truth=np.array([Finding(row["truth"]).index for row in rows], dtype=np.int64),
            probabilities=np.array(
                [[float(row[f"p_{finding}"]) for finding in FINDINGS] for row in rows], dtype=np.float64
            ).reshape(len(rows), len(FINDINGS)),
            attributes={name: tuple(row[name] for row in rows) for name in names},
            synthetic=synthetic,
        )
    except FileNotFoundError as error:
        raise EvaluationError("{source}: no such file; run neumo evaluate first", source=source) from error
    except (ValueError, TypeError, KeyError, UnicodeDecodeError) as error:
        if isinstance(error, EvaluationError):
            raise
        raise EvaluationError(
            "{source}: {error}; evaluate the run again", source=source, error=error
        ) from error
