"""Gate statistics of a bundle: the distance of an embedding from those of the training images."""

import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.arrays import read_arrays
from neumo.core.errors import BundleError
from neumo.core.files import replacing

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GateStatistics:
    """Principal components of training embeddings.

    Attributes
    ----------
    mean : ndarray of float32, shape (D,)
    components : ndarray of float32, shape (K, D)
        Orthonormal directions of largest variance.
    deviations : ndarray of float32, shape (K,)
        Standard deviation along each.
    residual : float
        Root mean square length of what the components leave over.
    """

    mean: Floats
    components: Floats
    deviations: Floats
    residual: float

    def distance(self, embeddings: Floats) -> Floats:
        """Distance of embeddings (N, D) from training, shape (N,); about 1 for an ordinary training image.

        Root of the mean square of the standardised coordinates (Mahalanobis distance within the components; Lee et al.,
        NeurIPS 2018) and of the standardised residual, half and half.
        """
        centred = embeddings - self.mean
        # Not `@`: a BLAS that wakes threads of its own for so small a product, and lets them spin, keeps cores from the
        # network.
        inside = np.vecdot(centred[:, np.newaxis], self.components)
        left_over = np.maximum((centred**2).sum(axis=1) - (inside**2).sum(axis=1), 0.0)
        mahalanobis = ((inside / self.deviations) ** 2).mean(axis=1)
        distance: Floats = np.sqrt((mahalanobis + left_over / self.residual**2) / 2).astype(np.float32)
        return distance

    def save(self, target: Path) -> None:
        """Write as NumPy's npz, without pickles. Raises OutputError."""
        with replacing(target) as temporary:
            np.savez(
                temporary,
                mean=self.mean,
                components=self.components,
                deviations=self.deviations,
                residual=np.float32(self.residual),
            )


def fit_gate_statistics(embeddings: Floats, components: int = 256) -> GateStatistics:
    """Fit to training embeddings of shape (N, D); at most N / 4 and D components are kept."""
    components = max(1, min(components, len(embeddings) // 4, embeddings.shape[1] - 1))
    mean = embeddings.mean(axis=0)
    centred = (embeddings - mean).astype(np.float64)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    variances = singular**2 / len(embeddings)
    return GateStatistics(
        mean=mean.astype(np.float32),
        components=directions[:components].astype(np.float32),
        # Features that never fire have no variance; the floor keeps distances finite.
        deviations=np.sqrt(np.maximum(variances[:components], 1e-8)).astype(np.float32),
        residual=float(np.sqrt(max(variances[components:].sum(), 1e-8))),
    )


def read_gate_statistics(data: bytes, source: Path) -> GateStatistics:
    """Parse what `save` wrote. Raises BundleError where it is no such thing."""
    try:
        arrays = read_arrays(io.BytesIO(data))
        return GateStatistics(
            mean=arrays["mean"],
            components=arrays["components"],
            deviations=arrays["deviations"],
            residual=float(arrays["residual"]),
        )
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise BundleError(
            "{source}: cannot be read ({error}); install the bundle again", source=source, error=error
        ) from error
