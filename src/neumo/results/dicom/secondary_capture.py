"""A reading as a Secondary Capture (PS3.3 section A.8.1): a picture that every viewer shows."""

import re
from dataclasses import replace
from functools import lru_cache

import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from neumo.core.errors import ResultError
from neumo.core.reading import Reading
from neumo.explain.heatmap import rectify
from neumo.imaging.quiet import quiet
from neumo.results.dicom.banner import banner_lines, draw_banner, drawable
from neumo.results.dicom.instance import (
    UNNAMED_INSTANCE,
    disclaimer,
    equipment,
    finish,
    is_verified,
    require_reportable,
    series_of,
    settle,
)
from neumo.results.dicom.skeleton import Skeleton
from neumo.results.dicom.source import (
    Reference,
    declare_lossy,
    orientation_of,
    patient_and_study,
    reference_of,
    text_of,
)
from neumo.results.origin import Origin, origin_of
from neumo.results.overlays import overlay_of, shown_pixels
from neumo.texts.language import Language

MAX_SIDE = 2048
"""Pixels of the whole picture: at most 12 MB."""

_PANEL, _MIN_PANEL_WIDTH = 1024, 480
_SERIES_NUMBER = 9002
_ATTEMPTS, _LEAST_SCALE = 4, 0.5
"""How often a picture with a long banner is laid out at a smaller scale, and the smallest, before it is downsampled."""
_LEVELS = 100
_PLACEHOLDER = ("L", "F")
_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}")


def secondary_capture(reading: Reading, source: Dataset, /, *, language: Language = "en") -> Dataset:
    """Put a reading into a picture: the radiograph, the heat map beside it, and a burnt-in banner above.

    The same reading of the same radiograph always gives the same data set, SOP Instance UID included.

    Parameters
    ----------
    reading : Reading
        Read or refused, with its receipt and with pixels.
    source : Dataset
        Header of the radiograph, as `neumo.results.dicom.source.read_header` gives it; pixel data are not needed.
    language : str
        Of the banner: "en" or "es".

    Returns
    -------
    Dataset
        8-bit RGB, with file meta information, in Explicit VR Little Endian.

    Raises
    ------
    ConfigError
        Another language.
    ResultError
        The reading failed, has no receipt or no pixels, or the header lacks a UID.
    MissingExtraError
        The typeface is not installed.
    """
    require_reportable(reading)
    origin, reference = origin_of(reading), reference_of(source)
    picture = capture_picture(reading, language)
    verified = is_verified(reading.decision)
    with quiet():
        capture = _skeleton(origin, verified).filled()
        capture.SeriesInstanceUID = series_of(verified, reference.study, origin, "OT")
        capture.Rows, capture.Columns = picture.shape[:2]
        capture.add_new("PixelData", "OB", picture.tobytes())
        _describe(capture, source, reference, chest=reading.answer is not None)
        capture.ImageComments = disclaimer(verified)
        finish(capture, source, patient_and_study(source))
    return capture


@lru_cache(maxsize=4)
def _skeleton(origin: Origin, verified: bool) -> Skeleton:
    """Have highdicom build and check a capture of one pixel, of which another picture takes the place."""
    capture = SCImage(
        pixel_array=np.zeros((1, 1, 3), np.uint8),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=_PLACEHOLDER,
        study_instance_uid=UNNAMED_INSTANCE,
        series_instance_uid=UNNAMED_INSTANCE,
        series_number=_SERIES_NUMBER,
        sop_instance_uid=UNNAMED_INSTANCE,
        instance_number=1,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **equipment(verified, origin),
    )
    del capture.PixelData
    settle(capture)
    return Skeleton(capture)


def capture_picture(reading: Reading, language: Language) -> NDArray[np.uint8]:
    """Return the picture, shape (height, width, 3), its longer side at most `MAX_SIDE`.

    Raises
    ------
    ConfigError, ResultError, MissingExtraError
        As for `secondary_capture`.
    """
    lines = drawable(banner_lines(reading, language), language)
    panels, smaller = 1 if reading.class_map is None else 2, 1.0
    for _ in range(_ATTEMPTS):  # smaller letters may break lines elsewhere
        scale, pixels = smaller, _film(reading, round(_PANEL * smaller))
        film = _enlarged(pixels, scale)
        height, width = film.shape[0], max(round(_MIN_PANEL_WIDTH * scale), film.shape[1])
        banner = draw_banner(lines, panels * width)
        longest = max(len(banner) + height, panels * width)
        if longest <= MAX_SIDE:
            break
        smaller = max(_LEAST_SCALE, scale * 0.99 * MAX_SIDE / longest)
    whole = np.zeros((len(banner) + height, panels * width, 3), np.uint8)
    whole[: len(banner)] = banner
    for number, panel in enumerate((film, _heat(reading, pixels, scale))):
        if panel is not None:
            left = number * width + (width - panel.shape[1]) // 2
            whole[len(banner) :, left : left + panel.shape[1]] = np.atleast_3d(panel)
    if max(whole.shape) <= MAX_SIDE:
        return whole
    image = Image.fromarray(whole)
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BILINEAR)
    return np.array(image, dtype=np.uint8)


def _film(reading: Reading, side: int) -> NDArray[np.uint8]:
    pixels = shown_pixels(reading, side)
    if pixels is None:
        raise ResultError(
            "{file}: its reading kept no pixels, so there is no picture; read it with keep_pixels=True",
            file=reading.file,
        )
    return pixels


def _heat(reading: Reading, pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8] | None:
    """Return the heat map over the radiograph, as large as that is drawn; None where there is no map."""
    if reading.class_map is None:
        return None
    # Rounded, since the last bits of a map depend on the machine and would change the SOP Instance UID.
    steps = np.round(rectify(reading.class_map) * _LEVELS) / np.float32(_LEVELS)
    heat = overlay_of(replace(reading, class_map=steps), pixels)
    return None if heat is None else _enlarged(heat, scale)


def _enlarged(panel: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Enlarge a small picture, so that the banner above it can be read."""
    height, width = panel.shape[:2]
    factor = scale * min(_MIN_PANEL_WIDTH / width, _PANEL / height)
    if factor <= 1:
        return panel
    size = (round(width * factor), round(height * factor))
    return np.array(Image.fromarray(panel).resize(size, Image.Resampling.BILINEAR), dtype=np.uint8)


def _describe(capture: Dataset, source: Dataset, reference: Reference, *, chest: bool) -> None:
    """State what the picture is, what it was made from, and what the radiograph states of its sides."""
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.BurnedInAnnotation = "YES"
    capture.DerivationDescription = "Radiograph, heat map of the finding beside it, banner above; AI"
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = reference.sop_class
    referenced.ReferencedSOPInstanceUID = reference.instance
    capture.SourceImageSequence = [referenced]
    capture.PatientOrientation = orientation_of(source)
    _locate(capture, source, chest=chest)
    declare_lossy(source, capture)


def _locate(capture: Dataset, source: Dataset, *, chest: bool) -> None:
    """State body part and laterality: the latter is asked for wherever the part is not known to be unpaired."""
    part = "CHEST" if chest else text_of(source, "BodyPartExamined")
    if _CODE_STRING.fullmatch(part):
        capture.BodyPartExamined = part
    if part != "CHEST":
        side = text_of(source, "Laterality") or text_of(source, "ImageLaterality")
        capture.Laterality = side if side in {"L", "R"} else ""
