"""Converts stored samples to grey levels: modality LUT, then VOI LUT or window, inversion last.

DICOM PS3.4 section N.2 fixes the order. Samples have at most 16 bits, so the whole pipeline runs on one table of all
possible samples, and the image passes through that table once: exact in floating point, and light on memory.
"""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from neumo.core.radiograph import Step
from neumo.imaging.depth import (
    Floats,
    Raw,
    find_padding,
    full_depth,
    through_table,
    to_eight_bits,
    usage_of,
    used_range,
)
from neumo.imaging.dicom.facts import code_string, value_of
from neumo.imaging.dicom.layout import PixelLayout
from neumo.imaging.dicom.lookup import find_table, look_up
from neumo.imaging.dicom.window import find_window, windowed


def grey_levels(
    raw: Raw, layout: PixelLayout, dataset: Dataset
) -> tuple[NDArray[np.uint8], NDArray[np.uint16] | None, list[Step]]:
    """Bring a MONOCHROME1 or MONOCHROME2 image to 8 bits and to its full depth, bright = dense.

    Parameters
    ----------
    raw : ndarray of uint8 or uint16, shape (rows, columns)
        Samples as stored, read as unsigned.
    layout : PixelLayout
        Which bits count, and whether they are signed.
    dataset : Dataset
        The elements of the Modality LUT, VOI LUT and Presentation LUT modules, and of pixel padding.

    Returns
    -------
    pixels : ndarray of uint8, shape (rows, columns)
        As the header says it is to be shown. Padding is 0.
    deep : ndarray of uint16, shape (rows, columns), or None
        The same, with the range that the image uses spread over 16 bits; None where `pixels` hold all of it.
    steps : list of Step
    """
    stored = stored_values(layout)
    padding, steps = _padding(stored, layout, dataset)
    values, taken = _modality(stored, layout, dataset)
    steps += taken
    usage = usage_of(raw, values.size)
    if not padding.any():
        padding = find_padding(values, usage)
        steps += [_undeclared(values[padding])] if padding.any() else []
    counts = np.where(padding, 0, usage.counts)
    shares, taken = _values_of_interest(values, counts, dataset)
    steps += taken
    because = _inversion(layout, dataset)
    if because:
        shares = 1 - shares
        steps.append({"step": "invert", "because": because})
    if raw.dtype == np.uint8 and _are_eight_bits(shares[counts > 0]):
        shares[padding] = 0
        return through_table(raw, to_eight_bits(shares)), None, steps
    deep, depth = full_depth(raw, shares, counts, padding)
    shares[padding] = 0
    return through_table(raw, to_eight_bits(shares)), deep, [*steps, depth]


def declares_padding(dataset: Dataset) -> bool:
    """Whether the header says which samples are no image."""
    return value_of(dataset, "PixelPaddingValue") is not None


def _are_eight_bits(shares: Floats) -> bool:
    levels = shares * 255
    return bool((np.abs(levels - np.rint(levels)) < 1e-6).all())


def stored_values(layout: PixelLayout) -> Floats:
    """Value of each of the 2 ** bits_allocated samples: the bits that count, with their sign.

    Bits outside (old overlays, or garbage) are ignored (PS3.5 section 8.1.1).
    """
    codes = np.arange(2**layout.bits_allocated, dtype=np.int64)
    values = (codes >> (layout.high_bit + 1 - layout.bits_stored)) & (2**layout.bits_stored - 1)
    if layout.signed:
        values = np.where(values >= 2 ** (layout.bits_stored - 1), values - 2**layout.bits_stored, values)
    return np.asarray(values, dtype=np.float64)


def _padding(stored: Floats, layout: PixelLayout, dataset: Dataset) -> tuple[NDArray[np.bool_], list[Step]]:
    """Find the samples that are no image (PS3.3 section C.7.5.1.1.2): one value, or a range of them."""
    first = _in_range(value_of(dataset, "PixelPaddingValue"), layout)
    if first is None:
        return np.zeros(stored.shape, dtype=bool), []
    limit = _in_range(value_of(dataset, "PixelPaddingRangeLimit"), layout)
    low, high = sorted((first, first if limit is None else limit))
    return (stored >= low) & (stored <= high), [
        {"step": "padding", "low": low, "high": high, "background": 0}
    ]


def _undeclared(values: Floats) -> Step:
    low, high = float(values.min()), float(values.max())
    return {"step": "padding", "low": low, "high": high, "background": 0, "declared": False}


def _in_range(value: object, layout: PixelLayout) -> int | None:
    """Take the padding value as a stored value; None where no sample can have it.

    Writers confuse the signed and the unsigned representation of this element, so the other one is tried too.
    """
    if not isinstance(value, int):
        return None
    low = -(2 ** (layout.bits_stored - 1)) if layout.signed else 0
    high = low + 2**layout.bits_stored - 1
    around = 2**16
    return next((v for v in (int(value), value - around, value + around) if low <= v <= high), None)


def _modality(stored: Floats, layout: PixelLayout, dataset: Dataset) -> tuple[Floats, list[Step]]:
    """Modality LUT, or rescale (PS3.3 section C.11.1)."""
    table = find_table(dataset, "ModalityLUTSequence", signed=layout.signed)
    if table is not None:
        return look_up(stored, table), [{"step": "modality_lut", **table.described}]
    slope, intercept = (_finite(value_of(dataset, k)) for k in ("RescaleSlope", "RescaleIntercept"))
    if not slope or intercept is None:
        return stored, []
    return stored * slope + intercept, [{"step": "rescale", "slope": slope, "intercept": intercept}]


def _values_of_interest(
    values: Floats, counts: NDArray[np.int64], dataset: Dataset
) -> tuple[Floats, list[Step]]:
    """Share of the output range, 0-1 for what is not clipped: VOI LUT, window (PS3.3 section C.11.2), or used range."""
    table = find_table(dataset, "VOILUTSequence", signed=bool(values.min() < 0))
    if table is not None:
        shares = look_up(values, table) / (2**table.bits - 1)
        return shares, [{"step": "voi_lut", **table.described, **_hidden(values, shares, counts)}]
    window = find_window(dataset)
    if window is not None:
        shares = windowed(values, window)
        return shares, [{"step": "window", **window.described, **_hidden(values, shares, counts)}]
    low, high = used_range(values, counts)
    shares = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return shares, [{"step": "range", "low": low, "high": high}]


def _hidden(values: Floats, shares: Floats, counts: NDArray[np.int64]) -> dict[str, list[float]]:
    """Range of an image's values where a window or table makes one grey of all of them, as one beside the image does.

    Viewers show nothing then, until a person sets another window.
    """
    low, high = used_range(values, counts)
    inside = shares[(counts > 0) & (values >= low) & (values <= high)]
    return {"hidden": [low, high]} if high > low and np.ptp(inside) < 1 / 255 else {}


def _inversion(layout: PixelLayout, dataset: Dataset) -> list[str]:
    """Why the image is to be inverted; empty where it is not.

    MONOCHROME1 says that the lowest value is white once all grey-scale transformations are made (PS3.3 section
    C.7.6.3.1.2). Presentation LUT Shape INVERSE says the same of the same image: the DX and MG modules require it with
    MONOCHROME1 (section C.8.11.3.1.2), so both together are one inversion and not two. Pixel Intensity Relationship
    Sign says how samples follow the dose, not how they are shown, and devices often state it wrongly: it is not used.
    """
    because = []
    if layout.photometric == "MONOCHROME1":
        because.append("MONOCHROME1")
    if code_string(dataset, "PresentationLUTShape") == "INVERSE":
        because.append("INVERSE")
    return because


def _finite(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # what cannot be converted is what the except is for
    except (TypeError, ValueError, OverflowError):
        return None
    return number if np.isfinite(number) else None
