"""From a file to pixels, and from pixels to a network's input: one implementation for training and reading."""

from neumo.imaging.limits import MAX_FILE_BYTES, MAX_PIXELS
from neumo.imaging.open import open_radiograph
from neumo.imaging.prepare import fit_square

__all__ = ["MAX_FILE_BYTES", "MAX_PIXELS", "fit_square", "open_radiograph"]
