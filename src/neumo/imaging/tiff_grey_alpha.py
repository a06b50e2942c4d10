"""TIFF of 16-bit grey with transparency, which Pillow does not know: opened as the four bytes of each pixel."""

import sys
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    EXTRASAMPLES,
    PHOTOMETRIC_INTERPRETATION,
    SAMPLESPERPIXEL,
    TiffImageFile,
)

Samples = NDArray[np.uint16]

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_PREMULTIPLIED, _BESIDE = 1, 2
_AS_BYTES: Final = {
    BITSPERSAMPLE: (8, 8, 8, 8),
    SAMPLESPERPIXEL: 4,
    PHOTOMETRIC_INTERPRETATION: _RGB,
    EXTRASAMPLES: (_BESIDE,),
}


class GreyAlphaTiff(TiffImageFile):
    """A TIFF whose pixels are a sample of grey and one of transparency, 16 bits each.

    Raises
    ------
    SyntaxError
        It is a TIFF of another kind.
    """

    def _setup(self) -> None:
        stated = {tag: self.tag_v2[tag] for tag in _AS_BYTES if tag in self.tag_v2}
        grey = stated.get(PHOTOMETRIC_INTERPRETATION) in {_WHITE_IS_ZERO, _BLACK_IS_ZERO}
        if not grey or stated.get(SAMPLESPERPIXEL) != 2 or set(stated.get(BITSPERSAMPLE, ())) != {16}:
            raise SyntaxError("unknown pixel mode")
        for tag, value in _AS_BYTES.items():
            self.tag_v2[tag] = value
        super()._setup()  # type: ignore[no-untyped-call, unused-ignore]
        for tag in _AS_BYTES:
            if tag in stated:
                self.tag_v2[tag] = stated[tag]
            else:
                del self.tag_v2[tag]
        self._order = ">" if self.tile[0].codec_name == "raw" and self.tag_v2.prefix == b"MM" else "<"
        if self.tile[0].codec_name == "libtiff" and sys.byteorder == "big":
            self._order = ">"

    def grey_and_alpha(self) -> tuple[Samples, Samples | None, bool]:
        """Return the samples, bright = high, of shape (height, width); whether the alpha is multiplied in already.

        The alpha is None where the second sample is said to be something else, or nothing.
        """
        pairs = np.ascontiguousarray(np.asarray(self)).view(f"{self._order}u2").astype(np.uint16)
        grey, alpha = pairs[:, :, 0], pairs[:, :, 1]
        extra = tuple(self.tag_v2.get(EXTRASAMPLES, ()))
        if self.tag_v2[PHOTOMETRIC_INTERPRETATION] == _WHITE_IS_ZERO:
            grey = np.uint16(65535) - grey
        meant = extra and extra[0] in {_PREMULTIPLIED, _BESIDE}
        return grey, alpha if meant else None, extra[:1] == (_PREMULTIPLIED,)


def open_tiff(stream: BinaryIO) -> TiffImageFile:
    """Read the header of a TIFF from the stream's beginning. Raises as Pillow's reader does."""
    try:
        return TiffImageFile(stream)
    except SyntaxError:
        stream.seek(0)
        try:
            return GreyAlphaTiff(stream)
        except SyntaxError:
            pass
        raise
