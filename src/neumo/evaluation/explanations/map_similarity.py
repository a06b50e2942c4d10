"""Similarity of two class maps of one image: rank correlation, overlap of the hottest cells."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

TOP_SHARE = 0.10
"""Share of a map's cells whose overlap is counted."""


def rank_correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Spearman's rank correlation of two maps' cells.

    Parameters
    ----------
    first, second : ndarray of float, shape (h, w)

    Returns
    -------
    float
        In -1 to 1; NaN where a map is the same everywhere.
    """
    ranks = [rankdata(map_.reshape(-1)) for map_ in (first, second)]
    centred = [rank - rank.mean() for rank in ranks]
    scale = float(np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    return float((centred[0] * centred[1]).sum()) / scale if scale > 0 else float("nan")


def top_overlap(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Share of the first map's hottest tenth of cells that is in the second's, too.

    Parameters
    ----------
    first, second : ndarray of float, shape (h, w)

    Returns
    -------
    float
        In 0-1; two unrelated maps have about a tenth.
    """
    wanted = max(1, round(TOP_SHARE * first.size))
    hottest = [
        set(np.argsort(-map_.reshape(-1), kind="stable")[:wanted].tolist()) for map_ in (first, second)
    ]
    return len(hottest[0] & hottest[1]) / wanted
