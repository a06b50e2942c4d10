"""Converts RGB and palette colour images of DICOM files to 8-bit RGB."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.core.radiograph import Step
from neumo.imaging.depth import Raw, through_table, to_eight_bits
from neumo.imaging.dicom.greyscale import stored_values
from neumo.imaging.dicom.layout import PALETTE, PixelLayout
from neumo.imaging.dicom.lookup import look_up, read_table


def rgb_of(raw: Raw, layout: PixelLayout, dataset: Dataset, name: str) -> tuple[Image.Image, list[Step]]:
    """8-bit RGB of samples: colour by its full range, palette colour through its three tables.

    Raises
    ------
    UnsupportedImageError
        The palette is segmented.
    UnreadableImageError
        The palette is missing or corrupt.
    """
    if layout.photometric == PALETTE:
        return Image.fromarray(_through_palette(raw, layout, dataset, name)), [{"step": "palette"}]
    values = stored_values(layout)
    low, high = float(values.min()), float(values.max())
    table = to_eight_bits((values - low) / (high - low))
    return Image.fromarray(through_table(raw, table)), [{"step": "scale", "low": low, "high": high}]


def _through_palette(raw: Raw, layout: PixelLayout, dataset: Dataset, name: str) -> NDArray[np.uint8]:
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        raise UnsupportedImageError(
            "{name}: its palette is segmented, which is not read; store it in grey", name=name
        )
    stored = stored_values(layout)
    bands = []
    for colour in ("Red", "Green", "Blue"):
        element = f"{colour}PaletteColorLookupTable"
        table = read_table(dataset, f"{element}Descriptor", f"{element}Data", signed=layout.signed)
        if table is None:
            raise UnreadableImageError(
                "{name}: its {colour} palette is missing or corrupt", name=name, colour=colour.lower()
            )
        # The high byte: writers fill 16-bit entries as value x 256 or as value x 257.
        levels = look_up(stored, table).astype(np.uint16) >> (table.bits - 8)
        bands.append(through_table(raw, levels.astype(np.uint8)))
    return np.stack(bands, axis=2)
