"""What is refused before any answer, and what an answer is given with a warning for."""

from collections.abc import Iterator

import numpy as np

from neumo.bundle.config import GateLimits
from neumo.core.acquisition import AcquisitionFacts
from neumo.core.radiograph import Radiograph
from neumo.core.reading import Notice

_MODALITIES = frozenset({"CR", "DX", "RG", ""})
_FRONTAL_VIEWS = frozenset({"PA", "AP", "AP ERECT", "PA ERECT", "ANTERO-POSTERIOR", "POSTERO-ANTERIOR", ""})
_CHEST = ("CHEST", "THORAX", "LUNG", "TORAX", "PECHO")
_FLATTEST = 10
"""Grey levels between the 2nd and 98th percentile below which an image holds nothing to read."""
_LONGEST_ASPECT = 2.5


def refusals_before_reading(radiograph: Radiograph, limits: GateLimits) -> Iterator[Notice]:
    """Yield the reasons in header and pixels for which no network is asked at all."""
    if radiograph.acquisition is not None:
        yield from _wrong_acquisition(radiograph.acquisition)
    yield from _unusable_pixels(radiograph, limits)


def age_notice(facts: AcquisitionFacts | None, limits: GateLimits) -> Notice | None:
    """Return what must be said of the patient's age, which the caller refuses for or warns of; None inside the range."""
    youngest, oldest = limits.age_years
    values = {"youngest": youngest, "oldest": oldest}
    if facts is None or facts.patient_age is None:
        return Notice(
            "age_unknown",
            f"The file does not say the patient's age; the model was trained on children of {youngest:g} to "
            f"{oldest:g} years only.",
            values,
        )
    if youngest <= facts.patient_age < oldest + 1:
        return None
    return Notice(
        "age_outside_range",
        f"The patient is {facts.patient_age:.0f} years old; the model was trained on children of {youngest:g} to "
        f"{oldest:g} years, and is far less reliable at other ages.",
        {**values, "age": round(facts.patient_age, 1)},
    )


def distance_refusal(distance: float, limits: GateLimits, likely: str | None) -> Notice | None:
    """Return the refusal of an image whose embedding lies too far from training, named by its likely cause."""
    if distance <= limits.distance:
        return None
    values = {"distance": round(float(distance), 3), "limit": round(limits.distance, 3)}
    if likely == "inverted":
        return Notice("inverted", "The grey levels look inverted: bone is dark and lung bright.", values)
    if likely == "turned":
        return Notice("turned", "The radiograph seems to lie on its side or head.", values)
    return Notice("not_chest", "This does not look like a frontal chest radiograph.", values)


def _wrong_acquisition(facts: AcquisitionFacts) -> Iterator[Notice]:
    if facts.modality not in _MODALITIES:
        yield Notice(
            "wrong_modality",
            f"The modality is {facts.modality}, not a radiograph (CR, DX).",
            {"modality": facts.modality},
        )
    part = facts.body_part.upper()
    if part and not any(word in part for word in _CHEST):
        yield Notice(
            "wrong_body_part", f"The body part examined is {facts.body_part}.", {"body_part": facts.body_part}
        )
    if facts.view_position.upper() not in _FRONTAL_VIEWS:
        yield Notice(
            "not_frontal",
            f"The view position is {facts.view_position}, not frontal (PA, AP).",
            {"view": facts.view_position},
        )


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
    aspect = max(height, width) / min(height, width)
    if aspect > _LONGEST_ASPECT:
        yield Notice(
            "aspect_ratio",
            f"One side is {aspect:.1f} times the other; a chest radiograph is nearly square.",
            {"aspect": round(aspect, 2)},
        )
    step = max(1, min(height, width) // 256)
    low, high = np.percentile(radiograph.pixels[::step, ::step], (2, 98))
    if high - low < _FLATTEST:
        yield Notice(
            "blank", "The image is blank or nearly uniform; there is nothing to read.", {"range": int(high - low)}
        )
