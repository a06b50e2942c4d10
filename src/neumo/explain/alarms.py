"""Whether a heat map looks where a shortcut lies instead of at the lungs."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neumo.core.reading import Notice
from neumo.explain.heatmap import border_share, upsample

LARGEST_BORDER_SHARE = 0.55
"""Share of a map within a tenth of the edges; a map that is the same everywhere has 0.36."""
LARGEST_CORNER_SHARE = 0.30
"""Share of a map within the four corners, a fifth of each side; a map that is the same everywhere has 0.16."""

_SIDE = 100
_BORDER, _CORNER = 0.10, 0.20


def corner_share(heat: NDArray[np.floating], size: float = _CORNER) -> float:
    """Share of a heat map's total in its four corners.

    Parameters
    ----------
    heat : ndarray of float, shape (height, width)
        Values of 0 or more.
    size : float
        Side of a corner as a share of each side of the map, above 0 and below 0.5.

    Returns
    -------
    float
        In 0-1; NaN where the heat map is 0 everywhere.
    """
    total = float(heat.sum())
    if total <= 0.0:
        return float("nan")
    down, across = (max(1, round(side * size)) for side in heat.shape)
    bands = np.concatenate([heat[:down], heat[-down:]])
    return float(bands[:, :across].sum() + bands[:, -across:].sum()) / total


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
    heat = upsample(class_map, (_SIDE, _SIDE))
    border, corners = border_share(heat, _BORDER), corner_share(heat)
    if not (border > LARGEST_BORDER_SHARE or corners > LARGEST_CORNER_SHARE):
        return None
    return Notice(
        "map_at_border",
        "The heat map lies mostly at the border or in the corners of the image, not in the chest; distrust "
        "this answer.",
        {"border": round(border, 2), "corners": round(corners, 2)},
    )
