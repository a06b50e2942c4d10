"""Converts RGB and palette colour images of DICOM files to grey levels, as deep as they are stored."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.core.radiograph import Step
from neumo.imaging.depth import Floats, Raw, through_table, to_eight_bits
from neumo.imaging.dicom.greyscale import stored_values
from neumo.imaging.dicom.layout import PALETTE, PixelLayout
from neumo.imaging.dicom.lookup import LookupTable, look_up, read_table
from neumo.imaging.grey import TO_GREY, grey_of_deep_colour, rgb_to_grey

Grey = tuple[NDArray[np.uint8], NDArray[np.uint16] | None, bool, list[Step]]
_Type = TypeVar("_Type", np.uint8, np.uint16)


def grey_of_colour(raw: Raw, layout: PixelLayout, dataset: Dataset, name: str) -> Grey:
    """Bring colour to grey: RGB by its full range, palette colour through its three tables.

    Parameters
    ----------
    raw : ndarray of uint8 or uint16, shape (rows, columns, 3), or (rows, columns) with a palette
    layout : PixelLayout
    dataset : Dataset
    name : str
        What messages call the file.

    Returns
    -------
    pixels : ndarray of uint8, shape (rows, columns)
    deep : ndarray of uint16, shape (rows, columns), or None
        Where samples, or entries of the palette, have more than 8 bits.
    colour : bool
        Whether there is colour that is not merely grey in three channels.
    steps : list of Step

    Raises
    ------
    UnsupportedImageError
        The palette is segmented.
    UnreadableImageError
        The palette is missing or corrupt.
    """
    if layout.photometric == PALETTE:
        return _through_palette(raw, layout, dataset, name)
    values = stored_values(layout)
    low, high = float(values.min()), float(values.max())
    if layout.bits_stored > 8:
        table = (values - low).astype(np.uint16)
        return grey_of_deep_colour(through_table(raw, table), bits=layout.bits_stored)
    step: Step = {"step": "scale", "low": low, "high": high}
    return _grey_of_bytes(through_table(raw, to_eight_bits((values - low) / (high - low))), step)


def _through_palette(raw: Raw, layout: PixelLayout, dataset: Dataset, name: str) -> Grey:
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        raise UnsupportedImageError(
            "{name}: its palette is segmented, which is not read; store it in grey", name=name
        )
    stored = stored_values(layout)
    tables = [_palette(dataset, colour, layout, name) for colour in ("Red", "Green", "Blue")]
    if all(_are_bytes(table) for table in tables):
        levels = [_shifted(look_up(stored, table), 8 - table.bits) for table in tables]
        return _grey_of_bytes(_bands(raw, levels, np.uint8), {"step": "palette"})
    bits = max(table.bits for table in tables)
    levels = [_shifted(look_up(stored, table), bits - table.bits) for table in tables]
    pixels, deep, colour, steps = grey_of_deep_colour(_bands(raw, levels, np.uint16), bits=bits)
    return pixels, deep, colour, [{"step": "palette"}, *steps]


def _palette(dataset: Dataset, colour: str, layout: PixelLayout, name: str) -> LookupTable:
    element = f"{colour}PaletteColorLookupTable"
    table = read_table(dataset, f"{element}Descriptor", f"{element}Data", signed=layout.signed)
    if table is None:
        raise UnreadableImageError(
            "{name}: its {colour} palette is missing or corrupt", name=name, colour=colour.lower()
        )
    return table


def _are_bytes(table: LookupTable) -> bool:
    """Whether entries hold 8 bits, which writers bring to 16 as value x 256 or as value x 257."""
    if table.bits != 16:
        return table.bits == 8
    high, low = table.entries >> 8, table.entries & 0xFF
    return bool(((low == 0) | (low == high)).all())


def _shifted(entries: Floats, left: int) -> NDArray[np.uint16]:
    return np.floor(entries * 2.0**left).astype(np.uint16)


def _bands(raw: Raw, levels: list[NDArray[np.uint16]], kind: type[_Type]) -> NDArray[_Type]:
    return np.stack([through_table(raw, table.astype(kind)) for table in levels], axis=2)


def _grey_of_bytes(rgb: NDArray[np.uint8], step: Step) -> Grey:
    pixels, colour = rgb_to_grey(Image.fromarray(rgb))
    return pixels, None, colour, [step, TO_GREY]
