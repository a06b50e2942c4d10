"""Gate statistics of a bundle: the distance of an embedding from those of the training images.

Distance alone forgets damage: networks are trained on random crops, so that a part of a chest lies among chests, and
the images of several hospitals lie far enough apart to have an inverted one among them. What tells damaged images apart
is learnt from training images that were damaged, as outlier exposure does (Hendrycks, Mazeika, Dietterich, ICLR 2019),
here by a linear classifier of the same standardised coordinates.
"""

import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.arrays import read_arrays
from neumo.core.errors import BundleError
from neumo.core.files import replacing

Floats = NDArray[np.float32]

ACCEPTED: Final = 0.985
"""Share of held-out chest radiographs, or of a hospital's own, whose distance from training the gate accepts."""
UNDAMAGED: Final = 0.995
"""Share of held-out chest radiographs whose log odds of damage the gate accepts."""


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
    damage_weights : ndarray of float32, shape (K,), optional
        Direction in the standardised coordinates toward damaged radiographs, in distances; None where none was learnt.
    damage_offset : float
        Of the mean embedding along it, in distances.
    """

    mean: Floats
    components: Floats
    deviations: Floats
    residual: float
    damage_weights: Floats | None = None
    damage_offset: float = 0.0

    def distance(self, embeddings: Floats) -> Floats:
        """Distance of embeddings (N, D) from training, shape (N,); about 1 for an ordinary training image.

        Root of the mean square of the standardised coordinates (Mahalanobis distance within the components; Lee et al.,
        NeurIPS 2018) and of the standardised residual, half and half; or the distance toward damage,
        where that is larger.
        """
        centred = embeddings - self.mean
        inside = self._inside(centred)
        left_over = np.maximum((centred**2).sum(axis=1) - (inside**2).sum(axis=1), 0.0)
        standardised = inside / self.deviations
        mahalanobis = (standardised**2).mean(axis=1)
        distance: Floats = np.sqrt((mahalanobis + left_over / self.residual**2) / 2).astype(np.float32)
        if self.damage_weights is None:
            return distance
        toward_damage = np.vecdot(standardised, self.damage_weights) + np.float32(self.damage_offset)
        larger: Floats = np.maximum(distance, toward_damage)
        return larger

    def standardised(self, embeddings: Floats) -> Floats:
        """Coordinates of embeddings (N, D) along the components, in standard deviations, shape (N, K)."""
        return self._inside(embeddings - self.mean) / self.deviations

    def _inside(self, centred: Floats) -> Floats:
        # Not `@`: a BLAS that wakes threads of its own for so small a product, and lets them spin, keeps cores from the
        # network. Component by component, since all of them together are larger than a core's cache.
        inside: Floats = np.ascontiguousarray(np.vecdot(self.components[:, np.newaxis], centred).T)
        return inside

    def save(self, target: Path) -> None:
        """Write as NumPy's npz, without pickles. Raises OutputError."""
        arrays: dict[str, Any] = {
            "mean": self.mean,
            "components": self.components,
            "deviations": self.deviations,
            "residual": np.float32(self.residual),
            "damage_offset": np.float32(self.damage_offset),
        }
        if self.damage_weights is not None:
            arrays["damage_weights"] = self.damage_weights
        with replacing(target) as temporary:
            np.savez(temporary, **arrays)


def read_gate_statistics(data: bytes, source: Path) -> GateStatistics:
    """Parse what `save` wrote. Raises BundleError where it is no such thing."""
    try:
        arrays = read_arrays(io.BytesIO(data))
        return GateStatistics(
            mean=arrays["mean"],
            components=arrays["components"],
            deviations=arrays["deviations"],
            residual=float(arrays["residual"]),
            damage_weights=arrays.get("damage_weights"),
            damage_offset=float(arrays.get("damage_offset", 0.0)),
        )
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise BundleError(
            "{source}: cannot be read ({error}); install the bundle again", source=source, error=error
        ) from error
