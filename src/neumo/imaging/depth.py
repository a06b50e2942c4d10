"""Full grey depth: which part of its range an image of up to 16 bits uses, and padding that no header declares.

Percentiles are taken after this, so that an answer does not depend on how many bits a file spends on the same image:
12 bits in a 16-bit PNG, a window wider than the image, or a few defective pixels at the end of the range.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neumo.core.radiograph import Step

Raw = NDArray[np.uint8] | NDArray[np.uint16]
Floats = NDArray[np.float64]
Table = TypeVar("Table", NDArray[np.uint8], NDArray[np.uint16])

_TAIL, _FEW, _SMALL_TAIL = 1e-4, 32, 1e-3
"""Pixels at either end that may be defective, or saturated, without a say in the range: so large a share of it, or
so many where it is small, as far as they are no larger share than the last."""
_FAR = 0.1
"""Gap between such pixels and the others, as a share of the others' range; what lies nearer belongs to the image."""
_SAMPLE_PIXELS = 1 << 20
_RIM_SHARE = 0.05
"""Share of the outermost pixels that have one value, from which it may be padding."""
_MIN_GAP = 0.1
"""Distance of padding from the image's range, as a share of that range."""
_MIXED = 2
"""Pixels next to padding into which decoding smaller mixes it."""
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Usage:
    """Histograms of an image's codes.

    Attributes
    ----------
    counts : ndarray of int64, shape (2 ** bits,)
        Of at most a million pixels on a regular grid.
    rim : ndarray of int64, shape (2 ** bits,)
        Of the first and last rows and columns.
    """

    counts: NDArray[np.int64] = field(repr=False)
    rim: NDArray[np.int64] = field(repr=False)


def usage_of(raw: Raw, codes: int) -> Usage:
    """Count the codes of an image, of shape (rows, columns); there are `codes` of them."""
    step = max(1, int(np.ceil(np.sqrt(raw.size / _SAMPLE_PIXELS))))
    sides = np.concatenate((raw[0], raw[-1], raw[:, 0], raw[:, -1]))
    return Usage(
        np.bincount(raw[::step, ::step].ravel(), minlength=codes), np.bincount(sides, minlength=codes)
    )


def used_range(values: Floats, counts: NDArray[np.int64]) -> tuple[float, float]:
    """Least and greatest value of an image, but for a few pixels in ten thousand that lie far from all others.

    Parameters
    ----------
    values : ndarray of float64, shape (codes,)
        What each code means.
    counts : ndarray of int64, shape (codes,)

    Returns
    -------
    (float, float)
        (0, 0) for no pixels at all.
    """
    present = np.flatnonzero(counts)
    if not present.size:
        return 0.0, 0.0
    order = present[np.argsort(values[present], kind="stable")]
    ranks = counts[order].cumsum()
    tail = _tail(int(ranks[-1]))
    low, high = np.searchsorted(ranks, tail, "right"), np.searchsorted(ranks, ranks[-1] - tail)
    ascending = values[order]
    far = _FAR * (ascending[high] - ascending[low])
    return _last_near(ascending[low::-1], far), _last_near(ascending[high:], far)


def _last_near(values: Floats, far: float) -> float:
    """Return the last of monotonic values before the first gap that is wider than `far`."""
    wide = np.flatnonzero(np.abs(np.diff(values)) > far)
    return float(values[wide[0] if wide.size else -1])


def _tail(pixels: int) -> int:
    return int(max(_TAIL * pixels, min(_FEW, _SMALL_TAIL * pixels)))


def find_padding(values: Floats, usage: Usage) -> NDArray[np.bool_]:
    """Codes of padding that no header declares: single values along the rim, far outside of the image's range.

    Parameters
    ----------
    values : ndarray of float64, shape (codes,)
        Before any window, which could clip padding and image to one value.
    usage : Usage

    Returns
    -------
    ndarray of bool, shape (codes,)
    """
    padding = np.zeros(values.shape, dtype=bool)
    common, rest = _common_along_rim(usage), usage.counts.copy()
    rest[common] = 0
    if common.size and rest.any():
        padding[common[_far_outside(values[common], values, rest)]] = True
    return padding


def may_hold_padding(raw: Raw, values: Floats) -> bool:
    """Whether an image that was decoded smaller may hold padding that no header declares.

    Where padding ends, decoding smaller has mixed it with the image; so pixels near it do not count.

    Parameters
    ----------
    raw : ndarray of uint8 or uint16, shape (rows, columns)
    values : ndarray of float64, shape (codes,)
        What each code means.
    """
    common = _common_along_rim(usage_of(raw, values.size))
    if not common.size:
        return False
    is_common = np.zeros(values.size, dtype=np.uint8)
    is_common[common] = 1
    near = through_table(raw, is_common).astype(bool)
    for _ in range(_MIXED):
        near[1:] |= near[:-1].copy()
        near[:-1] |= near[1:].copy()
        near[:, 1:] |= near[:, :-1].copy()
        near[:, :-1] |= near[:, 1:].copy()
    rest = np.bincount(raw[~near], minlength=values.size)
    return not rest.any() or bool(_far_outside(values[common], values, rest).any())


def _common_along_rim(usage: Usage) -> NDArray[np.intp]:
    return np.flatnonzero(usage.rim >= max(1, _RIM_SHARE * usage.rim.sum()))


def _far_outside(some: Floats, values: Floats, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return a mask of the values that lie too far outside of the range of an image to belong to it."""
    low, high = used_range(values, counts)
    far: NDArray[np.bool_] = np.maximum(low - some, some - high) > _MIN_GAP * (high - low)
    return far


def full_depth(
    raw: Raw, shares: Floats, counts: NDArray[np.int64], padding: NDArray[np.bool_]
) -> tuple[NDArray[np.uint16], Step]:
    """Spread the range that an image uses over 16 bits.

    Pixels beyond that range are defective where their neighbours are not: they take the median of these.

    Parameters
    ----------
    raw : ndarray of uint8 or uint16, shape (rows, columns)
    shares : ndarray of float64, shape (codes,)
        Grey level of each code, in 0-1.
    counts : ndarray of int64, shape (codes,)
        Of the image without its padding.
    padding : ndarray of bool, shape (codes,)
        Codes that are no image; they become 0.

    Returns
    -------
    levels : ndarray of uint16, shape (rows, columns)
        0 to 65535; all 0 for an image of one grey.
    step : Step
    """
    low, high = used_range(shares, counts)
    scaled = (shares - low) / (high - low) if high > low else np.zeros_like(shares)
    table = np.floor(np.clip(scaled, 0, 1) * 65535 + 0.5).astype(np.uint16)
    table[padding] = 0
    levels = through_table(raw, table)
    beyond = ((shares < low) | (shares > high)) & ~padding
    mended = _mend(levels, raw, beyond)
    return levels, {"step": "depth", "low": low, "high": high, "defects": mended}


def _mend(levels: NDArray[np.uint16], raw: Raw, beyond: NDArray[np.bool_]) -> int:
    """Replace levels of codes beyond the range by the median of their neighbours, in place; return their number."""
    if not beyond[raw.min() : int(raw.max()) + 1].any():
        return 0
    rows, columns = np.nonzero(through_table(raw, beyond.astype(np.uint8)))
    if rows.size > 3 * _tail(raw.size):
        return 0
    around = [
        levels[np.clip(rows + dy, 0, raw.shape[0] - 1), np.clip(columns + dx, 0, raw.shape[1] - 1)]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if dy or dx
    ]
    levels[rows, columns] = np.median(around, axis=0)
    return int(rows.size)


def to_eight_bits(shares: Floats) -> NDArray[np.uint8]:
    """0-1 to 0-255, rounded to nearest."""
    return np.floor(np.clip(shares, 0, 1) * 255 + 0.5).astype(np.uint8)


def through_table(raw: Raw, table: Table) -> Table:
    """`table[raw]`, block by block: NumPy widens every index to 8 bytes, which a whole image cannot afford."""
    flat = raw.reshape(-1)
    result = np.empty(flat.shape, dtype=table.dtype)
    for block in _blocks(flat.size):
        np.take(
            table, flat[block], out=result[block], mode="clip"
        )  # three times as quick as table[flat[block]]
    return result.reshape(raw.shape)


def _blocks(size: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, size, _BLOCK))
