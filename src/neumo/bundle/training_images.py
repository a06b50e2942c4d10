"""Digests and fingerprints of a bundle's training images, by which they are known again."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.arrays import read_arrays
from neumo.bundle.folder import Bundle
from neumo.core.errors import BundleError
from neumo.core.files import replacing

TRAINING_IMAGES: Final = "training.npz"
"""In a bundle: "digests" (N, 16), the first bytes of each file's SHA-256, and "fingerprints" (N, 1024), int8."""
_STEPS: Final = 7
"""Levels of a listed value on each side of 0: deflate needs 4 bits for one, and similarities lose half a percent."""
_DIGEST, _VALUES = 16, 1024
_ROWS = 256

Prints = NDArray[np.int8]


@dataclass(frozen=True)
class TrainingImages:
    """Digests (N, 16), uint8, and fingerprints (N, 1024), int8, of training images."""

    digests: NDArray[np.uint8]
    fingerprints: Prints

    def holds(self, sha256: Sequence[str], fingerprints: Prints, similarity: float) -> NDArray[np.bool_]:
        """Whether images are among them, as the same file or as a copy that was changed a little, shape (M,).

        Parameters
        ----------
        sha256 : sequence of str, length M
            Hexadecimal.
        fingerprints : ndarray of int8, shape (M, 1024)
            All zero where there is none.
        similarity : float
            Of fingerprints, from which two images count as one picture.
        """
        known = {row.tobytes() for row in self.digests}
        found = np.array([bytes.fromhex(digest)[:_DIGEST] in known for digest in sha256], dtype=np.bool_)
        for start in range(0, len(fingerprints), _ROWS):
            rows = slice(start, start + _ROWS)
            found[rows] |= (similarities(fingerprints[rows], self.fingerprints) >= similarity).any(axis=1)
        return found


def stored_prints(fingerprints: NDArray[np.floating] | Prints, steps: int = 127) -> Prints:
    """Return fingerprints (N, 1024) as integers, each with its own scale, which similarity does not depend on.

    Parameters
    ----------
    fingerprints : ndarray, shape (N, 1024)
    steps : int
        Largest absolute value, at most 127.
    """
    values = np.asarray(fingerprints, dtype=np.float32)
    largest = np.abs(values).max(axis=1, keepdims=True)
    return np.rint(values * steps / np.where(largest > 0, largest, 1)).astype(np.int8)


def similarities(one: Prints, other: Prints) -> NDArray[np.float32]:
    """Return the similarity of fingerprints (M, 1024) and (N, 1024), shape (M, N); 0 where there is none."""
    left, right = (values.astype(np.float32) for values in (one, other))
    left /= np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)
    right /= np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-9)
    products: NDArray[np.float32] = left @ right.T
    return products


def save_training_images(target: Path, sha256: Sequence[str], fingerprints: Prints) -> None:
    """Write a bundle's training images as NumPy's npz, without pickles. Raises OutputError."""
    digests = np.array([list(bytes.fromhex(digest)[:_DIGEST]) for digest in sha256], dtype=np.uint8)
    coarse = stored_prints(fingerprints.reshape(-1, _VALUES), _STEPS)
    with replacing(target) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, digests=digests.reshape(-1, _DIGEST), fingerprints=coarse)


def load_training_images(bundle: Bundle) -> TrainingImages | None:
    """Load the truncated SHA-256 digests and the fingerprints of a bundle's training images; None if it lists none.

    Raises
    ------
    BundleError
        The file is damaged, or an array is missing or of the wrong type or shape.
    """
    file = bundle.path / TRAINING_IMAGES
    if not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            arrays = read_arrays(stream)
        digests, fingerprints = arrays["digests"], arrays["fingerprints"]
        if (digests.dtype, fingerprints.dtype) != (np.dtype(np.uint8), np.dtype(np.int8)) or (
            digests.shape[1:] != (_DIGEST,) or fingerprints.shape[1:] != (_VALUES,)
        ):
            raise ValueError(
                f"digests of shape {digests.shape} and fingerprints of shape {fingerprints.shape}"
            )
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise BundleError(
            "{file}: holds no digests and fingerprints of training images ({error}); install the bundle again",
            file=file,
            error=error,
        ) from error
    return TrainingImages(digests, fingerprints)
