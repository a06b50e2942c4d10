"""Coarse class maps to heat maps of the radiograph's size."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.labels import Outcome, findings_of

_MIN_PEAK = 1e-12
"""Maps whose largest value lies below are taken for zero."""


def map_of(class_maps: NDArray[np.float32], outcome: Outcome) -> NDArray[np.float32]:
    """Return the class map of an outcome, shape (h, w); that of pneumonia is the mean of its kinds' maps.

    Parameters
    ----------
    class_maps : ndarray of float32, shape (3, h, w)
        Of the findings, in their order.
    outcome : Outcome
    """
    chosen = class_maps[sorted(finding.index for finding in findings_of([outcome]))]
    return np.asarray(chosen.mean(axis=0), dtype=np.float32)


def speaks(class_map: NDArray[np.floating] | None) -> bool:
    """Whether anything on a class map speaks for its finding, so that there is a heat map."""
    return class_map is not None and class_map.size > 0 and float(class_map.max()) >= _MIN_PEAK


def rectify(class_map: NDArray[np.floating]) -> NDArray[np.float32]:
    """Keep what speaks for the finding and scale its largest value to 1.

    Negative values speak against the finding and become 0, as in Grad-CAM (Selvaraju et al., ICCV 2017).

    Parameters
    ----------
    class_map : ndarray of float, shape (h, w)
        Class activation map in any unit.

    Returns
    -------
    ndarray of float32, shape (h, w)
        In 0-1; all 0 where nothing speaks for the finding.

    Raises
    ------
    ValueError
        The map is not two-dimensional, is empty, or holds NaN or infinity.
    """
    if class_map.ndim != 2 or class_map.size == 0:
        raise ValueError(f"class map: shape {class_map.shape} is no plane; give one map of shape (h, w)")
    if not np.isfinite(class_map).all():
        raise ValueError(
            "class map: holds NaN or infinity; the network's gradients or activations overflowed"
        )
    positive = np.maximum(class_map.astype(np.float64), 0.0)
    peak = float(positive.max())
    if peak < _MIN_PEAK:
        return np.zeros(class_map.shape, dtype=np.float32)
    return (positive / peak).astype(np.float32)


def upsample(
    class_map: NDArray[np.floating], shape: tuple[int, int], field_of_view: float = 1.0
) -> NDArray[np.float32]:
    """Turn a class map into a heat map of a radiograph's size.

    Parameters
    ----------
    class_map : ndarray of float, shape (h, w)
        Class activation map in any unit, usually of some 7 x 7 to 28 x 28 cells.
    shape : (int, int)
        Height and width of the radiograph in pixels.
    field_of_view : float
        Central share of each side that the map covers, as in `neumo.imaging.prepare.fit_square`.

    Returns
    -------
    ndarray of float32, shape (height, width)
        In 0-1, bilinear between the centres of the cells; 0 outside the field of view.

    Raises
    ------
    ValueError
        The map cannot be used (see `rectify`), or `shape` is not positive.
    """
    height, width = shape
    if height < 1 or width < 1:
        raise ValueError(
            f"heat map: {height} x {width} pixels is no size; give a height and width of 1 or more"
        )
    heat = np.zeros((height, width), dtype=np.float32)
    top, left = (round(side * (1 - field_of_view) / 2) for side in shape)
    seen = (max(1, width - 2 * left), max(1, height - 2 * top))
    coarse = Image.fromarray(rectify(class_map))
    fine = np.asarray(coarse.resize(seen, Image.Resampling.BILINEAR), dtype=np.float32)
    heat[top : top + seen[1], left : left + seen[0]] = np.clip(fine, 0.0, 1.0)
    return heat
