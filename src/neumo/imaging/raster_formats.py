"""The raster formats that are read: how each is told, and what is refused before anything of it is decoded."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO, Final, TypeGuard

from PIL import Image, ImageFile

from neumo.core.errors import UnsupportedImageError
from neumo.core.message import Message
from neumo.imaging.dicom.recognise import has_preamble
from neumo.imaging.limits import MAX_PIXELS, require_size

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

RASTER_SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".avif"}
)
RASTER_NAMES: Final = "PNG, JPEG, TIFF, BMP, WebP or AVIF"

_HEAD: Final = 132
_PNM: Final = re.compile(rb"P[1-6]\s(?:#[^\n]*\n)*\s*\d+\s+\d+\s")
_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Sizes of a BMP's second header; "BM" alone begins many a text."""
_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_SAMPLE_FORMAT, _TIFF_SUBFILE = 258, 262, 339, 254
_TIFF_PLANES: Final = 284
_ORIENTATION_TAG: Final = 0x0112
_FIRST_SWAPPED: Final = 5
"""Orientation from which on rows are columns."""
_REDUCED: Final = 1
_MAX_PAGES: Final = 16
"""Pages of a TIFF file looked at: the radiograph, and smaller copies of it."""
_MAX_BITS: Final = 16
_BYTE: Final = 8
_MAX_RUN_LENGTH_PIXELS: Final = 16_000_000
"""Most pixels of a run-length coded BMP, which Pillow decodes in Python: some 10 seconds."""


def raster_format(head: bytes) -> str | None:
    """Return Pillow's name of a file's format by its first 132 bytes; None where it is no raster image that is read."""
    for kind, tells in _FORMATS.items():
        # A DICOM file may carry a TIFF header in its preamble (PS3.10 section 7.1).
        if tells(head) and not (kind == "TIFF" and has_preamble(head)):
            return kind
    return None


def other_image_kind(head: bytes) -> str | None:
    """Return the name of an image format that is not read, by a file's first 1,024 bytes; None where it is none."""
    return next((kind for tells, kind in _OTHER_IMAGES if tells(head)), None)


def archive_kind(head: bytes) -> str | None:
    """Return the name of an archive's format by its first bytes; None where it is none."""
    return next((kind for tells, kind in _ARCHIVES if tells(head)), None)


def open_reader(stream: BinaryIO, name: str) -> ImageFile.ImageFile | None:
    """Read the header of a raster image from the stream's beginning; None where it is none.

    Raises
    ------
    ImageTooLargeError
        A WebP file whose canvas would be allocated before its size can be asked for.
    OSError, SyntaxError, ValueError
        The header is broken.
    """
    head = stream.read(_HEAD)
    stream.seek(0)
    kind = raster_format(head)
    if kind is None:
        return None
    if kind == "WEBP":
        require_size(name, *_webp_canvas(head), MAX_PIXELS)
    module, reader = _READERS[kind]
    opened: ImageFile.ImageFile = getattr(import_module(module), reader)(stream)
    return opened


def bit_depth(image: ImageFile.ImageFile, content: bytes) -> int:
    """Return the bits of a sample. Raises ValueError where the header cannot be so."""
    if _is_tiff(image):
        return int(max(image.tag_v2.get(_TIFF_BITS, (1,))))
    if image.format != "PNG":
        return 8
    if content[12:16] != b"IHDR":
        raise ValueError("the first chunk is not IHDR")
    return content[24]


def require_supported(image: ImageFile.ImageFile, name: str) -> None:
    """Refuse what is no single radiograph, or would be decoded to something else than it shows.

    Raises
    ------
    UnsupportedImageError
        Several images, samples of more than 16 bits, signed or floating-point samples, planes of more than 8 bits.
    ImageTooLargeError
        A run-length coded BMP of more than 16 million pixels.
    """
    if _is_tiff(image):
        _require_plain_samples(image, name)
        several = _has_more_pages(image)
    else:
        several = getattr(image, "n_frames", 1) > 1 and image.format in {"PNG", "WEBP", "AVIF"}
    if several:
        raise UnsupportedImageError(
            "{name}: holds several images; give each radiograph a file of its own", name=name
        )
    if image.format == "BMP" and any(tile[0] == "bmp_rle" for tile in image.tile):
        require_size(name, *image.size, _MAX_RUN_LENGTH_PIXELS)


def is_inverted(image: ImageFile.ImageFile) -> bool:
    """Whether 0 means white in the decoded samples: Pillow turns 1 and 8 bits round, but not 16."""
    return _is_tiff(image) and image.tag_v2.get(_TIFF_PHOTOMETRIC) == 0 and image.mode.startswith("I;16")


def stored_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """Return width and height as they are stored; Pillow states those of a TIFF as they will be turned."""
    if _is_tiff(image) and orientation_to_come(image) >= _FIRST_SWAPPED:
        return image.height, image.width
    return image.size


def orientation_to_come(image: ImageFile.ImageFile) -> int:
    """Return the orientation 1-8 that Pillow itself will apply to the pixels, as it does for TIFF; else 1."""
    orientation = image.tag_v2.get(_ORIENTATION_TAG, 1) if _is_tiff(image) else 1
    return orientation if orientation in range(1, 9) else 1


def without_premultiplication(image: Image.Image) -> Image.Image:
    """Return an image whose transparency stands beside the samples, not in them (TIFF's associated alpha)."""
    return image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode]) if image.mode in {"La", "RGBa"} else image


def _is_tiff(image: ImageFile.ImageFile) -> TypeGuard["TiffImageFile"]:
    return image.format == "TIFF"


def _require_plain_samples(image: "TiffImageFile", name: str) -> None:
    formats = set(image.tag_v2.get(_TIFF_SAMPLE_FORMAT, (1,)))
    kind = (
        Message("signed")
        if 2 in formats
        else Message("floating-point")
        if 3 in formats
        else Message("complex")
    )
    if formats - {1, 4}:
        raise UnsupportedImageError(
            "{name}: holds {kind} samples; save it with 8 or 16 bits, unsigned", name=name, kind=kind
        )
    bits = max(image.tag_v2.get(_TIFF_BITS, (1,)))
    if bits > _MAX_BITS:
        raise UnsupportedImageError(
            "{name}: holds samples of {bits} bits; save it with 8 or 16 bits", name=name, bits=bits
        )
    if bits > _BYTE and image.tag_v2.get(_TIFF_PLANES, 1) != 1 and len(image.getbands()) > 1:
        # Pillow takes the bytes of such planes for samples.
        raise UnsupportedImageError(
            "{name}: holds colour plane by plane, with {bits} bits; save it in grey", name=name, bits=bits
        )


def _has_more_pages(image: "TiffImageFile") -> bool:
    """Whether there is another page that is no smaller copy of the first."""
    if not image.is_animated:
        return False
    try:
        for page in range(1, _MAX_PAGES):
            image.seek(page)
            if not image.tag_v2.get(_TIFF_SUBFILE, 0) & _REDUCED:
                return True
    except EOFError:
        return False
    finally:
        image.seek(0)
    return True


def _webp_canvas(head: bytes) -> tuple[int, int]:
    """Return width and height of a WebP file (RFC 9649); (0, 0) where the header states none."""
    chunk, data = head[12:16], head[20:]
    if chunk == b"VP8X" and len(data) >= 10:
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if chunk == b"VP8L" and data[:1] == b"\x2f":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if chunk == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    return 0, 0


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_bmp(head: bytes) -> bool:
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS


def _is_webp(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def _is_avif(head: bytes) -> bool:
    """Whether the file type box (ISO/IEC 14496-12) names AVIF among its brands."""
    size = int.from_bytes(head[:4])
    brands = head[8:size]
    return head[4:8] == b"ftyp" and any(
        brands[at : at + 4] in {b"avif", b"avis"} for at in range(0, len(brands), 4)
    )


_FORMATS: Final[dict[str, Callable[[bytes], bool]]] = {
    "PNG": _begins(b"\x89PNG\r\n\x1a\n"),
    "JPEG": _begins(b"\xff\xd8\xff"),
    "TIFF": _begins(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "WEBP": _is_webp,
    "AVIF": _is_avif,
    "BMP": _is_bmp,
}
_READERS: Final = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "TIFF": ("neumo.imaging.tiff_grey_alpha", "open_tiff"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
}
"""Module and reader of each format, imported when a file of it comes: together they take as long as reading."""

_OTHER_IMAGES: Final[tuple[tuple[Callable[[bytes], bool], str], ...]] = (
    (_begins(b"GIF87a", b"GIF89a"), "GIF"),
    (_begins(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"), "JPEG 2000"),
    (_begins(b"\0\0\0\x0cJXL ", b"\xff\x0a"), "JPEG XL"),
    (_begins(b"II\xbc"), "JPEG XR"),
    (lambda head: head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"msf1"}, "HEIF"),
    (lambda head: _PNM.match(head) is not None, "PNM"),
    (lambda head: head[344:348] in {b"n+1\0", b"ni1\0"}, "NIfTI"),
    (_begins(b"NRRD000"), "NRRD"),
    (_begins(b"8BPS\0"), "PSD"),
)
_ARCHIVES: Final[tuple[tuple[Callable[[bytes], bool], str], ...]] = (
    (_begins(b"PK\3\4"), "ZIP"),
    (_begins(b"7z\xbc\xaf\x27\x1c"), "7-Zip"),
    (_begins(b"Rar!\x1a\7"), "RAR"),
    (_begins(b"\x1f\x8b"), "gzip"),
    (lambda head: head[257:262] == b"ustar", "tar"),
)
