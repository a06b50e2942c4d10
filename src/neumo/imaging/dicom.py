"""DICOM to Radiograph: modality LUT, VOI LUT, scaling, and inversion last (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2, C.11.6)."""

import io
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.pixels.processing import convert_color_space

from neumo.core.acquisition import AcquisitionFacts
from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.core.radiograph import Radiograph

_GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
_COLOUR = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
_GREY_TOLERANCE = 12
_LONGEST_TEXT = 64
_AGE = re.compile(r"^(\d{1,3})([DWMY])$")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_HEADER_ATTRIBUTES = ("Rows", "Columns", "PhotometricInterpretation", "BitsStored", "BitsAllocated")

Step = Mapping[str, Any]


def read_dicom(data: bytes, name: Path, *, max_pixels: int) -> Radiograph:
    """Decode a DICOM file.

    Parameters
    ----------
    data : bytes
        The whole file, with or without its 128-byte preamble.
    name : Path
        What messages call it.
    max_pixels : int
        Largest Rows x Columns that is decoded.

    Returns
    -------
    Radiograph
        Grey levels after modality LUT or rescale, and VOI LUT or the first window; scaled to 0-255 by the output of
        the window, or by the values present where there is none; inverted last, where MONOCHROME1 or
        Presentation LUT Shape INVERSE asks for it. Bright is dense.

    Raises
    ------
    ImageTooLargeError
        The header declares more than `max_pixels`; nothing was decoded.
    UnreadableImageError
        The file is truncated or corrupt, holds no pixels or several frames, or its transfer syntax cannot be
        decoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's notes on header values, which may be a patient's
        try:
            dataset = pydicom.dcmread(io.BytesIO(data), force=True)
            _require_readable(dataset, name, max_pixels, len(data))
            pixels, steps = _grey_levels(dataset, name)
        except UnreadableImageError:
            raise
        except MemoryError as error:
            raise ImageTooLargeError(f"{name}: does not fit into memory") from error
        except (InvalidDicomError, Exception) as error:
            # Decoders are foreign code and raise whatever they like on corrupt streams.
            raise UnreadableImageError(
                f"{name}: cannot be decoded ({type(error).__name__}); the DICOM file is corrupt, truncated or of a "
                "transfer syntax that is not supported"
            ) from error
        facts = acquisition_facts(dataset)
    height, width = pixels.shape[:2]
    colour = False
    if pixels.ndim == 3:
        pixels, colour = _without_colour(pixels)
    return Radiograph(
        pixels=pixels,
        source=name,
        original_size=(width, height),
        bit_depth=int(dataset.BitsStored),
        colour=colour,
        acquisition=facts,
        steps=steps,
    )


def acquisition_facts(dataset: Dataset) -> AcquisitionFacts:
    """Read from a header what a gate needs to know; nothing that names the patient."""
    return AcquisitionFacts(
        modality=_text(dataset, "Modality"),
        body_part=_text(dataset, "BodyPartExamined") or _anatomic_region(dataset),
        view_position=_text(dataset, "ViewPosition"),
        laterality=_text(dataset, "Laterality") or _text(dataset, "ImageLaterality"),
        photometric_interpretation=_text(dataset, "PhotometricInterpretation"),
        sop_class=_text(dataset, "SOPClassUID"),
        patient_age=_age(dataset),
        study=_text(dataset, "StudyInstanceUID"),
        series=_text(dataset, "SeriesInstanceUID"),
        instance=_text(dataset, "SOPInstanceUID"),
    )


def _require_readable(dataset: Dataset, name: Path, max_pixels: int, file_size: int) -> None:
    if "PixelData" not in dataset:
        if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
            raise UnreadableImageError(f"{name}: holds floating-point pixels, which no radiograph has")
        if not len(dataset):
            raise UnreadableImageError(f"{name}: is not a DICOM file, or is cut off before its first element")
        raise UnreadableImageError(f"{name}: the DICOM file holds no pixels (or is cut off before them)")
    for attribute in _HEADER_ATTRIBUTES:
        if dataset.get(attribute) is None:
            raise UnreadableImageError(f"{name}: the DICOM header lacks {attribute}")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames > 1:
        raise UnreadableImageError(
            f"{name}: holds {frames} frames; only single radiographs are read, give one frame"
        )
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if rows * columns > max_pixels:
        raise ImageTooLargeError(
            f"{name}: {columns} x {rows} pixels exceed the limit of {max_pixels:,}; resample it first"
        )
    if rows * columns == 0:
        raise UnreadableImageError(f"{name}: declares {columns} x {rows} pixels")
    if getattr(dataset.file_meta, "TransferSyntaxUID", None) is None:
        # Files without a meta header: the reader has found out the encoding, and pixels need it stated.
        implicit, little = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = (
            pydicom.uid.ImplicitVRLittleEndian
            if implicit
            else pydicom.uid.ExplicitVRLittleEndian
            if little
            else pydicom.uid.ExplicitVRBigEndian
        )
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        samples = int(dataset.get("SamplesPerPixel") or 1)
        needed = rows * columns * samples * int(dataset.BitsAllocated) // 8
        if dataset.PhotometricInterpretation != "YBR_FULL_422" and needed > file_size:
            raise UnreadableImageError(
                f"{name}: is truncated; its header declares {needed:,} bytes of pixels"
            )


def _grey_levels(dataset: Dataset, name: Path) -> tuple[NDArray[np.uint8], tuple[Step, ...]]:
    photometric = str(dataset.PhotometricInterpretation)
    stored = dataset.pixel_array
    decoded: Step = {
        "step": "decode",
        "transfer_syntax": str(dataset.file_meta.TransferSyntaxUID),
        "size": [int(dataset.Columns), int(dataset.Rows)],
        "bits": int(dataset.BitsStored),
        "photometric_interpretation": photometric,
    }
    if photometric == "PALETTE COLOR":
        coloured = pydicom.pixels.apply_color_lut(stored, dataset)
        return (coloured >> 8 if coloured.dtype == np.uint16 else coloured).astype(np.uint8), (decoded,)
    if photometric in _COLOUR:
        if (
            photometric.startswith("YBR")
            and dataset.PhotometricInterpretation == photometric
            and _still_ybr(dataset)
        ):
            stored = convert_color_space(stored, photometric, "RGB")
        shift = max(0, int(dataset.BitsStored) - 8)
        return (stored >> shift).astype(np.uint8), (decoded,)
    if photometric not in _GREY or stored.ndim != 2:
        raise UnreadableImageError(f"{name}: photometric interpretation {photometric} is not a radiograph's")
    background = _padding(dataset, stored)
    values = apply_modality_lut(_sign_checked(stored, dataset), dataset)
    modality = _modality_step(dataset)
    windowed = apply_voi_lut(values, dataset, index=0)
    voi = _voi_step(dataset)
    low, high = _output_range(dataset, values, windowed, background)
    scaled = (windowed.astype(np.float64) - low) / max(high - low, 1e-9)
    grey = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    inverted = (photometric == "MONOCHROME1") or (_text(dataset, "PresentationLUTShape") == "INVERSE")
    if inverted:
        grey = 255 - grey
    if background is not None:
        grey[background] = 0
    steps: tuple[Step, ...] = (
        decoded,
        modality,
        voi,
        {"step": "scale", "low": float(low), "high": float(high)},
        {
            "step": "invert",
            "inverted": inverted,
            "padded_pixels": 0 if background is None else int(background.sum()),
        },
    )
    return grey, steps


def _sign_checked(stored: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """Drop rubbish above the stored bits, which some modalities leave there."""
    bits, allocated = int(dataset.BitsStored), int(dataset.BitsAllocated)
    if bits >= allocated or dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return stored
    unsigned = stored.astype(np.int64) & ((1 << bits) - 1)
    if int(dataset.get("PixelRepresentation") or 0):
        unsigned = np.where(unsigned >= 1 << (bits - 1), unsigned - (1 << bits), unsigned)
    kept: NDArray[Any] = unsigned.astype(stored.dtype)
    return kept


def _padding(dataset: Dataset, stored: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where pixels are padding (PS3.3 C.7.5.1.1.2), in stored values; None where the header names none."""
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    first, last = sorted((int(value), int(value if limit is None else limit)))
    padded: NDArray[np.bool_] = (stored >= first) & (stored <= last)
    return padded if padded.any() and not padded.all() else None


def _output_range(
    dataset: Dataset, values: NDArray[Any], windowed: NDArray[Any], background: NDArray[np.bool_] | None
) -> tuple[float, float]:
    """Return the grey range that becomes 0-255: all that the VOI transformation can give, or the values present."""
    if dataset.get("VOILUTSequence"):
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        return 0.0, float((1 << bits) - 1)
    if _first(dataset, "WindowWidth") is not None:
        # apply_voi_lut maps a window onto the full range of the values that the modality LUT can give.
        return _modality_range(dataset, values)
    shown = windowed if background is None else windowed[~background]
    return float(shown.min()), float(shown.max())


def _modality_range(dataset: Dataset, values: NDArray[Any]) -> tuple[float, float]:
    bits = int(dataset.BitsStored)
    if dataset.get("ModalityLUTSequence"):
        entries = dataset.ModalityLUTSequence[0].LUTDescriptor
        return 0.0, float((1 << int(entries[2])) - 1)
    signed = bool(int(dataset.get("PixelRepresentation") or 0))
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    slope, intercept = _first(dataset, "RescaleSlope"), _first(dataset, "RescaleIntercept")
    if slope is None or intercept is None:
        return float(low), float(high)
    ends = sorted((low * slope + intercept, high * slope + intercept))
    return float(ends[0]), float(ends[1])


def _modality_step(dataset: Dataset) -> Step:
    if dataset.get("ModalityLUTSequence"):
        return {"step": "modality", "kind": "lut"}
    slope, intercept = _first(dataset, "RescaleSlope"), _first(dataset, "RescaleIntercept")
    if slope is None or intercept is None:
        return {"step": "modality", "kind": "none"}
    return {"step": "modality", "kind": "rescale", "slope": slope, "intercept": intercept}


def _voi_step(dataset: Dataset) -> Step:
    if dataset.get("VOILUTSequence"):
        return {"step": "voi", "kind": "lut"}
    centre, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    if centre is None or width is None:
        return {"step": "voi", "kind": "none"}
    function = _text(dataset, "VOILUTFunction") or "LINEAR"
    return {"step": "voi", "kind": "window", "centre": centre, "width": width, "function": function}


def _still_ybr(dataset: Dataset) -> bool:
    """Whether decoded pixels are luminance and chroma; pydicom turns them into RGB itself in `pixel_array`."""
    return False


def _without_colour(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    levels = pixels.astype(np.int32)
    spread = levels.max(axis=2) - levels.min(axis=2)
    grey = (levels @ np.array([299, 587, 114], dtype=np.int32) // 1000).astype(np.uint8)
    return grey, bool((spread > _GREY_TOLERANCE).mean() > 0.01)


def _first(dataset: Dataset, keyword: str) -> float | None:
    value = dataset.get(keyword)
    if value is None or value == "":
        return None
    if isinstance(value, list | tuple | pydicom.multival.MultiValue):
        value = value[0] if len(value) else None
    return None if value is None else float(value)


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except Exception:  # a broken value of an optional element is no value
        return ""
    return "" if value is None else str(value).strip()[:_LONGEST_TEXT]


def _anatomic_region(dataset: Dataset) -> str:
    sequence = dataset.get("AnatomicRegionSequence")
    return _text(sequence[0], "CodeMeaning") if sequence else ""


def _age(dataset: Dataset) -> float | None:
    stated = _AGE.match(_text(dataset, "PatientAge").upper())
    if stated:
        return int(stated.group(1)) * _YEARS[stated.group(2)]
    born, taken = (
        _text(dataset, "PatientBirthDate"),
        _text(dataset, "StudyDate") or _text(dataset, "AcquisitionDate"),
    )
    if len(born) == len(taken) == 8 and born.isdigit() and taken.isdigit():
        years = int(taken[:4]) - int(born[:4]) - (taken[4:] < born[4:])
        return float(years) if 0 <= years < 130 else None
    return None
