"""From a file to pixels, and from pixels to a network's input: one implementation for training and reading."""

from neumo.imaging.prepare import fit_square
from neumo.imaging.raster import MAX_PIXELS, open_radiograph

__all__ = ["MAX_PIXELS", "fit_square", "open_radiograph"]
