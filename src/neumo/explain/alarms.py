"""Warnings about heat maps: mostly at the border or in the corners, or of a bundle that failed its checks."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from neumo.core.reading import Notice
from neumo.explain.heatmap import rectify, upsample

MAX_BORDER_SHARE = 0.55
"""Share of a map within a tenth of the edges; a map that is the same everywhere has 0.36."""
MAX_CORNER_SHARE = 0.30
"""Share of a map within the four corners, a fifth of each side; a map that is the same everywhere has 0.16."""

_SIDE = 100
_BORDER, _CORNER = 0.10, 0.20


def rim_shares(class_map: NDArray[np.floating]) -> tuple[float, float]:
    """Shares of a heat map's total in the frame along its edges and in its four corners.

    They are those of the map enlarged to the radiograph (see `neumo.explain.heatmap.upsample`), which is not drawn
    for it: enlarging is linear, so each cell counts with the part of it that falls into the frame or a corner.

    Parameters
    ----------
    class_map : ndarray of float, shape (h, w)
        In any unit; positive values speak for the finding.

    Returns
    -------
    (float, float)
        Border and corners, each in 0-1; NaN where nothing in the map is positive.

    Raises
    ------
    ValueError
        The map cannot be used (see `neumo.explain.heatmap.rectify`).
    """
    heat = rectify(class_map)
    down, across = (_parts_of_cells(cells) for cells in heat.shape)
    total, inside, corners = (
        float(rows @ heat @ columns) for rows, columns in zip(down, across, strict=True)
    )
    return (1.0 - inside / total, corners / total) if total > 0.0 else (float("nan"), float("nan"))


@cache
def _parts_of_cells(cells: int) -> NDArray[np.float32]:
    """Parts of each cell on the side, inside the frame, and in reach of a corner; shape (3, cells)."""
    fine = upsample(np.eye(cells, dtype=np.float32), (_SIDE, cells))
    border, corner = round(_SIDE * _BORDER), round(_SIDE * _CORNER)
    ends = np.concatenate([fine[:corner], fine[-corner:]])
    return np.stack([part.sum(axis=0) for part in (fine, fine[border:-border], ends)])


def failed_checks_notice(checks: Mapping[str, bool]) -> Notice | None:
    """Return a warning where a bundle's heat maps failed a check when the bundle was evaluated.

    Parameters
    ----------
    checks : mapping of str to bool
        Whether each check was passed, by its name (docs/reference/explanations.md); empty where none was made.
    """
    failed = ", ".join(name.replace("_", " ") for name, passed in checks.items() if not passed)
    if not failed:
        return None
    return Notice(
        "map_unproven",
        f"This bundle's heat maps failed a check ({failed}); do not take the map for the reason of the answer.",
        {"checks": failed},
    )


def map_alarm(class_map: NDArray[np.floating]) -> Notice | None:
    """Return a warning where a class map lies mostly at the border or in the corners, where markers and text are.

    Parameters
    ----------
    class_map : ndarray of float, shape (h, w)
        In any unit; positive values speak for the finding.
    """
    border, corners = rim_shares(class_map)
    if not (border > MAX_BORDER_SHARE or corners > MAX_CORNER_SHARE):
        return None
    return Notice(
        "map_at_border",
        "The heat map lies mostly at the border or in the corners of the image, not in the chest; distrust "
        "this answer.",
        {"border": round(border, 2), "corners": round(corners, 2)},
    )
