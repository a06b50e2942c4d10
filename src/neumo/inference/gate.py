"""The gate: reasons to refuse a radiograph, and warnings, from its header, pixels and embedding."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import BundleConfig, GateLimits
from neumo.core.ages import age_in_units, within
from neumo.core.radiograph import AcquisitionFacts, Radiograph
from neumo.core.reading import Notice
from neumo.imaging.prepare import level_counts

_MODALITIES = frozenset({"CR", "DX", "RG", "DR", "XR", ""})
"""Those of the standard, and two more that devices write."""
_MIN_SPREAD = 10
"""Grey levels between the 2nd and 98th percentile below which an image holds nothing to read."""
_MAX_PIXEL_ASPECT = 1.1
"""Height of a pixel over its width, or the other way round, above which what is shown is distorted."""
_MAX_ASPECT = 3.0
"""Long side over short side; radiographs of small children reach 2."""


def refusals_before_reading(radiograph: Radiograph, limits: GateLimits) -> Iterator[Notice]:
    """Yield the reasons in header and pixels for which a radiograph is refused before the network runs."""
    yield from _wrong_acquisition(radiograph.facts)
    yield from _unusable_pixels(radiograph, limits)


def age_notice(facts: AcquisitionFacts, limits: GateLimits) -> Notice | None:
    """Return the notice about the patient's age, a reason to refuse or a warning; None inside the range."""
    youngest, oldest = limits.age_years
    values = {"youngest": youngest, "oldest": oldest}
    if facts.patient_age is None and facts.age_unreadable:
        return Notice(
            "age_unreadable",
            f"The age that the file states cannot be read; the model is meant for patients aged {youngest:g} to "
            f"{oldest:g} years only.",
            values,
        )
    if facts.patient_age is None:
        return Notice(
            "age_unknown",
            f"The file does not say the patient's age; the model is meant for patients aged {youngest:g} to "
            f"{oldest:g} years only.",
            values,
        )
    if within(facts.patient_age, limits.age_years):
        return None
    count, unit = age_in_units(facts.patient_age)
    return Notice(
        "outside_age_range",
        f"The patient is {count} {unit.removesuffix('s') if count == 1 else unit} old; the model is meant for "
        f"patients aged {youngest:g} to {oldest:g} years, and is far less reliable at other ages.",
        {**values, "age": round(facts.patient_age, 4), "count": count, "unit": unit},
    )


def etiology_notice(facts: AcquisitionFacts, config: BundleConfig) -> Notice | None:
    """Return the warning that the kind of pneumonia is not assessed, or holds at some of the read ages only."""
    if config.etiology_age_years is None:
        return Notice(
            "etiology_not_learnt",
            "This model does not tell bacterial from viral pneumonia; the etiology is not assessed.",
        )
    youngest, oldest = config.etiology_age_years
    values: dict[str, Any] = {"youngest": youngest, "oldest": oldest}
    if facts.patient_age is None:
        if config.gate.age_years == config.etiology_age_years:
            return None  # said of the whole answer already
        return Notice(
            "etiology_age_unknown",
            f"Whether a pneumonia is bacterial or viral was learnt at ages {youngest:g} to {oldest:g} years only; it "
            "is stated because no age is known, and does not hold at other ages.",
            values,
        )
    if config.assesses_etiology(facts.patient_age):
        return None
    return Notice(
        "etiology_not_assessed",
        "Whether a pneumonia is bacterial or viral is not assessed at this age: the model learnt it at ages "
        f"{youngest:g} to {oldest:g} years only.",
        values,
    )


def header_notices(facts: AcquisitionFacts) -> Iterator[Notice]:
    """Yield the warnings about what the header states in words that are not understood."""
    if not facts.states_region_or_view:
        return
    from neumo.inference.header_words import unread_values

    for element, value in unread_values(facts):
        yield Notice(
            "header_unread",
            f"The header's {element} is {value!r}, which is not understood and was not taken into account.",
            {"element": element, "value": value},
        )


OUTSIDE_RANGE_SLACK = 1.3
"""Factor by which distances may exceed the limit where other ages are read: adults look different."""


def distance_notice(distance: float, limits: GateLimits) -> Notice | None:
    """Return the warning of an image that is read although it lies farther than the limit; None within it."""
    if distance <= limits.distance:
        return None
    return Notice(
        "unlike_training",
        "The image is less like those of training than nearly all chest radiographs are; distrust this "
        "answer.",
        {"distance": round(float(distance), 3), "limit": round(limits.distance, 3)},
    )


def distance_refusal(distance: float, limits: GateLimits, likely: str | None) -> Notice:
    """Return the refusal of an image whose embedding lies too far from training, named by its likely cause.

    It says what the image looks like, never what it is: a chest radiograph may be unlike those of training, too.
    """
    values = {"distance": round(float(distance), 3), "limit": round(limits.distance, 3)}
    if likely == "inverted":
        return Notice(
            "inverted",
            "The grey levels look inverted, bone dark and air bright; check Photometric Interpretation (0028,0004) in "
            "the DICOM header, or invert the image, and send it again.",
            values,
        )
    if likely == "turned":
        return Notice(
            "turned", "The image looks turned, as if it lay on its side or head; turn it upright.", values
        )
    youngest, oldest = limits.age_years
    return Notice(
        "far_from_training",
        "The image is unlike the training images, which are frontal chest radiographs; the model is meant for "
        f"patients aged {youngest:g} to {oldest:g} years. It may show another age, device or view, or something else.",
        {**values, "youngest": youngest, "oldest": oldest},
    )


def _wrong_acquisition(facts: AcquisitionFacts) -> Iterator[Notice]:
    modality = (facts.modality or "").strip().upper()
    if modality not in _MODALITIES:
        yield Notice(
            "wrong_modality",
            f"The modality is {facts.modality}, not a radiograph (CR, DX).",
            {"modality": facts.modality},
        )
    if facts.quality_control:
        yield Notice(
            "phantom", "The header says that this is a quality control image of a phantom, not of a patient."
        )
    if not facts.states_region_or_view:
        return
    from neumo.inference.header_words import (
        Meaning,
        body_part_of,
        view_of,
    )  # which raster images need not load

    part = body_part_of(facts)
    if part.meaning is Meaning.CONTRARY:
        yield Notice("wrong_body_part", f"The body part examined is {part.text}.", {"body_part": part.text})
    view = view_of(facts)
    if view.meaning is Meaning.CONTRARY:
        yield Notice("not_frontal", f"The view is {view.text}, not frontal (PA, AP).", {"view": view.text})


def _unusable_pixels(radiograph: Radiograph, limits: GateLimits) -> Iterator[Notice]:
    height, width = radiograph.pixels.shape
    if min(height, width) < limits.minimum_side:
        yield Notice(
            "too_small",
            f"The image has {width} x {height} pixels; at least {limits.minimum_side} a side are needed.",
            {"width": width, "height": height, "minimum": limits.minimum_side},
        )
        return
    if radiograph.colour:
        yield Notice("colour", "The image holds colour; a radiograph is grey.")
    shape = radiograph.facts.pixel_aspect
    if shape is not None and max(shape, 1 / shape) > _MAX_PIXEL_ASPECT:
        yield Notice(
            "pixels_not_square",
            f"The header says that pixels are {shape:.2f} times as high as they are wide, so that the image is "
            "distorted; store it with square pixels.",
            {"aspect": round(shape, 4)},
        )
    aspect = max(height, width) / min(height, width)
    if aspect > _MAX_ASPECT:
        yield Notice(
            "aspect_ratio",
            f"One side is {aspect:.1f} times the other; a chest radiograph is nearly square.",
            {"aspect": round(aspect, 2)},
        )
    spread = _spread(radiograph.levels)
    hidden = next((step["hidden"] for step in radiograph.steps if "hidden" in step), None)
    if hidden is not None:
        low, high = hidden
        yield Notice(
            "window_hides_image",
            f"The header's window or VOI LUT shows nothing of the image, whose values are {low:g} to {high:g}: all of "
            "it becomes one grey. Correct Window Center (0028,1050) and Window Width (0028,1051), or VOI LUT Sequence "
            "(0028,3010), and send it again.",
            {"low": low, "high": high},
        )
    elif spread < _MIN_SPREAD:
        yield Notice(
            "blank",
            "The image is blank or nearly uniform; there is nothing to read.",
            {"range": spread},
        )


def _spread(levels: NDArray[np.uint8] | NDArray[np.uint16]) -> int:
    """Grey levels between the 2nd and 98th percentile; of more than 8 bits, those that occur.

    Counting levels is ten times quicker than sorting pixels.
    """
    step = max(1, min(levels.shape) // 256)
    counts = level_counts(levels[::step, ::step])
    ranks = counts.cumsum() * 100
    low, high = np.searchsorted(ranks, (ranks[-1] // 100 * 2, ranks[-1] // 100 * 98))
    return int(high - low) if levels.dtype == np.uint8 else int(np.count_nonzero(counts[low + 1 : high + 1]))
