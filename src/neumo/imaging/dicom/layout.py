"""Image Pixel module of a DICOM file (PS3.3 section C.7.6.3), validated before anything is decoded."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.imaging.dicom.facts import code_string, value_of
from neumo.imaging.limits import require_size

GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
PALETTE = "PALETTE COLOR"
YBR = frozenset({"YBR_FULL", "YBR_FULL_422"})
"""Luma and chroma, which a decoder leaves as they are."""
_COLOUR = YBR | {"RGB", "YBR_ICT", "YBR_RCT"}


@dataclass(frozen=True)
class PixelLayout:
    """Image Pixel module.

    Attributes
    ----------
    rows, columns : int
        At least 1.
    samples : int
        1 or 3 per pixel.
    photometric : str
        Photometric Interpretation.
    bits_allocated : int
        8 or 16.
    bits_stored, high_bit : int
        The bits of a sample that count, and the position of the highest of them.
    signed : bool
        Two's complement.
    planar : int
        1 when colour lies plane by plane.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns), or (rows, columns, 3)."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def sample_bytes(self) -> int:
        """Bytes of all samples once decoded."""
        return self.rows * self.columns * self.samples * (self.bits_allocated // 8)

    @property
    def native_bytes(self) -> int:
        """Bytes of the pixel data when they are not compressed; YBR_FULL_422 halves the chroma."""
        return self.sample_bytes * 2 // 3 if self.photometric == "YBR_FULL_422" else self.sample_bytes


def read_layout(dataset: Dataset, name: str, *, max_pixels: int) -> PixelLayout:
    """Read and check the layout.

    Raises
    ------
    ImageTooLargeError
        Rows x Columns exceed `max_pixels`.
    UnsupportedImageError
        Several frames, or a photometric interpretation or bit depth that is not read.
    UnreadableImageError
        A required element is missing or invalid.
    """
    rows, columns = _number(dataset, "Rows", name), _number(dataset, "Columns", name)
    if rows < 1 or columns < 1:
        raise UnreadableImageError(
            "{name}: Rows x Columns is {rows} x {columns}; the header is corrupt",
            name=name,
            rows=rows,
            columns=columns,
        )
    require_size(name, columns, rows, max_pixels)
    _require_one_frame(dataset, name)
    samples = _number(dataset, "SamplesPerPixel", name, default=1)
    photometric = _photometric(dataset, samples, name)
    allocated = _number(dataset, "BitsAllocated", name)
    if allocated not in {8, 16}:
        raise UnsupportedImageError(
            "{name}: Bits Allocated is {allocated}; only 8 and 16 are read", name=name, allocated=allocated
        )
    if allocated > 8 and photometric in YBR:
        raise UnsupportedImageError(
            "{name}: {photometric} of {bits} bits is not read; store it in grey",
            name=name,
            photometric=photometric,
            bits=allocated,
        )
    top = _number(dataset, "HighBit", name, default=allocated - 1)
    stored = _number(dataset, "BitsStored", name, default=top + 1)
    high = _number(dataset, "HighBit", name, default=stored - 1)
    if not (1 <= stored <= allocated and stored - 1 <= high < allocated):
        raise UnreadableImageError(
            "{name}: Bits Stored {stored} with High Bit {high} do not fit Bits Allocated {allocated}",
            name=name,
            stored=stored,
            high=high,
            allocated=allocated,
        )
    return PixelLayout(
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=photometric,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        signed=_number(dataset, "PixelRepresentation", name, default=0) == 1,
        planar=1 if _number(dataset, "PlanarConfiguration", name, default=0) == 1 else 0,
    )


def _number(dataset: Dataset, keyword: str, name: str, *, default: int | None = None) -> int:
    value = value_of(dataset, keyword)
    if value is None and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableImageError(
            "{name}: {keyword} is missing or no number; the header is corrupt or truncated",
            name=name,
            keyword=keyword,
        ) from error


def _require_one_frame(dataset: Dataset, name: str) -> None:
    frames = _number(dataset, "NumberOfFrames", name, default=1)
    if frames > 1:
        raise UnsupportedImageError(
            "{name}: holds {frames} frames; a radiograph is one. Store the frame to be read in a "
            "file of its own",
            name=name,
            frames=frames,
        )


def _photometric(dataset: Dataset, samples: int, name: str) -> str:
    photometric = code_string(dataset, "PhotometricInterpretation")
    if photometric is None:
        raise UnreadableImageError(
            "{name}: PhotometricInterpretation is missing; black and white are unknown", name=name
        )
    expected = 1 if photometric in GREY or photometric == PALETTE else 3 if photometric in _COLOUR else None
    if expected is None:
        raise UnsupportedImageError(
            "{name}: photometric interpretation {photometric} is not read", name=name, photometric=photometric
        )
    if samples != expected:
        raise UnreadableImageError(
            "{name}: {photometric} does not go with {samples} samples per pixel",
            name=name,
            photometric=photometric,
            samples=samples,
        )
    return photometric
