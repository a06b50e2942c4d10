"""Share of a heat map on the thorax.

There is no segmentation here. Real radiographs are measured against one fixed field in the middle of the image, an
approximation that holds as far as the image is framed like a frontal chest radiograph; phantoms against the thorax
that was drawn.
"""

import numpy as np
from numpy.typing import NDArray

from neumo.explain.heatmap import upsample

FIELD_SIDE = 100
"""Side on which maps and fields are compared, in cells."""
_CENTRE, _HALF, _ORDER = (0.48, 0.50), (0.42, 0.42), 4
"""Centre and half axes (down, across) of the field, as shares of the image, and the order of its superellipse."""


def fixed_field() -> NDArray[np.float32]:
    """Return a field that stands for the thorax: a rounded square that leaves out edges and corners.

    Returns
    -------
    ndarray of float32, shape (FIELD_SIDE, FIELD_SIDE)
        1 inside and 0 outside; |down / 0.42|^4 + |across / 0.42|^4 <= 1 about the point 0.48 down, 0.50 across.
    """
    place = (np.arange(FIELD_SIDE) + 0.5) / FIELD_SIDE
    down, across = (
        np.abs((place - centre) / half) ** _ORDER for centre, half in zip(_CENTRE, _HALF, strict=True)
    )
    field: NDArray[np.float32] = (down[:, np.newaxis] + across[np.newaxis, :] <= 1.0).astype(np.float32)
    return field


def share_inside(class_map: NDArray[np.floating], field: NDArray[np.floating]) -> float:
    """Share of a map's positive mass inside a field.

    Parameters
    ----------
    class_map : ndarray of float, shape (h, w)
        In any unit; positive values speak for the finding.
    field : ndarray of float, shape (height, width)
        0 outside to 1 inside, of the whole image.

    Returns
    -------
    float
        In 0-1; NaN where nothing in the map is positive.
    """
    heat = upsample(class_map, (field.shape[0], field.shape[1])).astype(np.float64)
    total = float(heat.sum())
    return float((heat * field).sum()) / total if total > 0.0 else float("nan")
