"""RGB and palette images of DICOM files to 8-bit RGB."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.core.radiograph import Step
from neumo.imaging.dicom.greyscale import Raw, stored_values, through_table, to_eight_bits
from neumo.imaging.dicom.layout import PALETTE, PixelLayout


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
        raise UnsupportedImageError(f"{name}: its palette is segmented, which is not read; store it in grey")
    positions = stored_values(layout).astype(np.int32)
    try:
        colours = apply_color_lut(positions, dataset)[:, :3]
    except Exception as error:  # the tables come from the file and can be anything
        raise UnreadableImageError(
            f"{name}: its palette is missing or corrupt ({type(error).__name__})"
        ) from error
    if colours.dtype == np.uint16:
        colours = (colours >> 8).astype(np.uint8)
    return np.stack([through_table(raw, np.ascontiguousarray(colours[:, c])) for c in range(3)], axis=2)
