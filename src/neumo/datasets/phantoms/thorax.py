"""The healthy thorax of a phantom: what stops X-rays, and where there is air.

Patient coordinates: x from -1 (the patient's right, left in the image) to 1, y from -1 (neck) to 1 (abdomen).
Attenuation is in arbitrary units in which an adult abdomen would be about 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""A picture of float32, shape (size, size)."""

_BAND = 64
_ZERO, _ONE = np.float32(0), np.float32(1)


@dataclass(frozen=True)
class Anatomy:
    """One invented child: sizes in patient coordinates, shares from 0 to 1.

    Attributes
    ----------
    chest : float
        Half the inner width of the chest.
    apex, base : float
        Height of the lung tips and of the right dome of the diaphragm.
    dome : float
        How much the diaphragm falls off from dome to chest wall.
    wall : float
        Thickness of the chest wall.
    heart : float
        Half the width of the heart.
    heart_tilt : float
        Tilt of the heart's long axis, radians.
    rib_spacing, rib_width, rib_fall : float
        Distance between ribs, their width, and how far they fall from spine to chest wall.
    bone : float
        Brightness of bones.
    clavicle_rise : float
        Height gained by the clavicles from breastbone to shoulder.
    arms : float
        How far the arms are spread from the trunk.
    aeration : float
        How much air the lungs hold.
    bubble : float
        Gas in the stomach.
    turn : float
        Rotation about the long axis: shifts the middle against the chest.
    """

    chest: float
    apex: float
    base: float
    dome: float
    wall: float
    heart: float
    heart_tilt: float
    rib_spacing: float
    rib_width: float
    rib_fall: float
    bone: float
    clavicle_rise: float
    arms: float
    aeration: float
    bubble: float
    turn: float


@dataclass(frozen=True)
class Thorax:
    """A thorax laid out on a picture.

    Attributes
    ----------
    x, y : Field
        Patient coordinates of every pixel.
    tissue : Field
        Attenuation as if the lungs were solid, bones included.
    lung : Field
        0 to 1: lung that is not hidden by heart, mediastinum or diaphragm.
    """

    x: Field
    y: Field
    tissue: Field
    lung: Field


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw a child's sizes; no size depends on the finding."""
    spacing = rng.uniform(0.125, 0.15)
    return Anatomy(
        chest=rng.uniform(0.58, 0.68),
        apex=rng.uniform(-0.80, -0.70),
        base=rng.uniform(0.34, 0.52),
        dome=rng.uniform(0.09, 0.16),
        wall=rng.uniform(0.07, 0.13),
        heart=rng.uniform(0.28, 0.36),
        heart_tilt=rng.uniform(0.35, 0.75),
        rib_spacing=spacing,
        rib_width=spacing * rng.uniform(0.32, 0.42),
        rib_fall=rng.uniform(0.09, 0.17),
        bone=rng.uniform(0.85, 1.2),
        clavicle_rise=rng.uniform(0.0, 0.14),
        arms=rng.uniform(-0.05, 0.4),
        aeration=rng.uniform(0.8, 1.15),
        bubble=max(0.0, rng.uniform(-0.6, 1.0)),
        turn=rng.normal(0.0, 0.03),
    )


def lay_out(anatomy: Anatomy, x: Field, y: Field) -> Thorax:
    """Lay a thorax over patient coordinates.

    Parameters
    ----------
    anatomy : Anatomy
    x, y : Field
        Patient coordinates of every pixel.
    """
    # Band by band: every step is pointwise, and pictures of a few rows stay in the processor's cache.
    bands = [
        _tissue_and_lung(anatomy, x[top : top + _BAND], y[top : top + _BAND])
        for top in range(0, len(x), _BAND)
    ]
    tissue, lung = (np.concatenate(parts) for parts in zip(*bands, strict=True))
    return Thorax(x=x, y=y, tissue=tissue, lung=lung)


def thorax_field(anatomy: Anatomy, x: Field, y: Field) -> Field:
    """0 to 1: inside the chest wall and above the diaphragm, the heart and the mediastinum included.

    Parameters
    ----------
    anatomy : Anatomy
    x, y : Field
        Patient coordinates of every pixel.
    """
    middle = x - np.float32(anatomy.turn)
    side = np.abs(middle)
    return soft(_chest_contour(anatomy, y) - side, 0.02) * soft(_diaphragm(anatomy, middle, side) - y, 0.018)


def _tissue_and_lung(anatomy: Anatomy, x: Field, y: Field) -> tuple[Field, Field]:
    middle = x - np.float32(anatomy.turn)
    side = np.abs(middle)
    wall = _chest_contour(anatomy, y)
    diaphragm = _diaphragm(anatomy, middle, side)
    heart = _heart_and_mediastinum(anatomy, middle, y)
    inside = soft(wall - side, 0.02) * soft(diaphragm - y, 0.018) * soft(side - 0.05, 0.03)
    lung = inside * (1 - 0.88 * heart)
    tissue = (
        _trunk(anatomy, x, y) + 0.05 * heart * soft(0.6 - y, 0.2) + _abdomen(anatomy, middle, y, diaphragm)
    )
    tissue = (
        tissue + _ribs(anatomy, side, y, wall) + _spine(anatomy, middle, y) + _clavicles(anatomy, side, y)
    )
    return tissue - _trachea(middle, y), lung


def soft(inside: Field, width: float) -> Field:
    """Step from 0 to 1 where `inside` passes zero, smooth over twice `width`."""
    t = np.asarray(inside * np.float32(0.5 / width), dtype=np.float32)
    t += np.float32(0.5)
    np.clip(t, _ZERO, _ONE, out=t)  # in place throughout: most of a phantom's time passes here
    step = np.multiply(t, np.float32(-2))
    step += np.float32(3)
    step *= t
    step *= t
    return step


def ellipse(
    x: Field, y: Field, centre: tuple[float, float], half: tuple[float, float], tilt: float = 0.0
) -> Field:
    """Signed distance, roughly: positive inside the ellipse, in units of its smaller half axis."""
    cos, sin = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
    dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
    along = np.float32(cos / half[0]) * dx + np.float32(sin / half[0]) * dy
    across = np.float32(cos / half[1]) * dy - np.float32(sin / half[1]) * dx
    return np.asarray(1 - np.sqrt(along * along + across * across), dtype=np.float32)


def _chest_contour(anatomy: Anatomy, y: Field) -> Field:
    """Half the chest's inner width at each height: narrow at the apex, widest near the base."""
    widest = 0.38
    t = np.clip((widest - y) / np.float32(widest - anatomy.apex), -0.5, 1)
    return np.asarray(anatomy.chest * np.sqrt(np.maximum(1 - np.abs(t) ** 2.5, 0)), dtype=np.float32)


def _diaphragm(anatomy: Anatomy, middle: Field, side: Field) -> Field:
    offset = (side - 0.3) / np.float32(0.38)
    lower_on_left = 0.05 * soft(middle, 0.05)
    return np.asarray(anatomy.base + lower_on_left + anatomy.dome * offset * offset, dtype=np.float32)


def _heart_and_mediastinum(anatomy: Anatomy, x: Field, y: Field) -> Field:
    low = anatomy.base - 0.19
    half = (anatomy.heart * 1.25, anatomy.heart * 0.95)
    ventricles = soft(ellipse(x, y, (0.1, low), half, anatomy.heart_tilt), 0.08)
    right_atrium = soft(ellipse(x, y, (-0.04, low + 0.02), (0.2, 0.36)), 0.12)
    above_heart = np.maximum(np.float32(low) - y, 0)
    great_vessels = soft(0.19 - 0.12 * above_heart - np.abs(x - 0.015), 0.03)
    aortic_knob = soft(ellipse(x, y, (0.11, low - 0.46), (0.09, 0.11)), 0.25)
    return np.maximum(np.maximum(ventricles, right_atrium), np.maximum(great_vessels, aortic_knob))


def _trunk(anatomy: Anatomy, x: Field, y: Field) -> Field:
    """Soft tissue of neck, shoulders, trunk and arms; thicker in the middle."""
    outer = anatomy.chest + anatomy.wall
    heights, widths = (
        (-1.4, -1.0, -0.85, -0.7, -0.4, 0.3, 1.4),
        (0.24, 0.27, 0.6, outer, outer, outer - 0.02, outer - 0.04),
    )
    width = np.interp(y, heights, widths).astype(np.float32)
    depth = np.clip(1 - (x / width) ** 2, 0, 1) ** np.float32(0.35)
    shoulder = np.abs(x) - outer - np.float32(anatomy.arms) * np.maximum(y + 0.75, 0)
    arm = soft(0.13 - np.abs(shoulder), 0.025) * soft(y + 0.78 - 0.25 * shoulder, 0.08)
    humerus = soft(0.035 - np.abs(shoulder), 0.012) * arm * np.float32(0.12 * anatomy.bone)
    return np.asarray(np.maximum(0.6 * depth, 0.3 * arm) + humerus, dtype=np.float32)


def _abdomen(anatomy: Anatomy, x: Field, y: Field, diaphragm: Field) -> Field:
    below = soft(y - diaphragm, 0.03)
    stomach = soft(ellipse(x, y, (0.34, anatomy.base + 0.3), (0.24, 0.14), -0.3), 0.3)
    within = soft(np.float32(anatomy.chest + 0.03) - np.abs(x), 0.06)
    return np.asarray(below * within * (0.1 - np.float32(0.28 * anatomy.bubble) * stomach), dtype=np.float32)


def _ribs(anatomy: Anatomy, side: Field, y: Field, wall: Field) -> Field:
    """Both ends of the ribs as two families of curves, each a periodic function of height."""
    outwards = np.clip(side / np.maximum(wall + 0.035, 0.05), 0, 1.2)
    posterior = anatomy.rib_fall * outwards**3 - 0.06 * np.sin(np.float32(2.6) * outwards)
    inwards = np.clip(1 - outwards, 0, 1)
    lowest = anatomy.rib_fall - 0.06 * np.sin(2.6)
    anterior = np.float32(lowest) + 0.34 * inwards ** np.float32(1.25)
    framed = soft(wall + 0.035 - side, 0.01) * soft(0.45 - y, 0.3) * soft(side - 0.06, 0.02)
    back = _rib_family(anatomy, y - posterior) * framed
    front = _rib_family(anatomy, y - anterior) * framed * soft(outwards - 0.5, 0.12)
    rim = (
        soft(0.03 - np.abs(side - wall - 0.01), 0.03)
        * soft(0.5 - y, 0.1)
        * soft(y - np.float32(anatomy.apex), 0.05)
    )
    return np.asarray(anatomy.bone * (0.12 * back + 0.075 * front + 0.05 * rim), dtype=np.float32)


def _rib_family(anatomy: Anatomy, height: Field) -> Field:
    phase = (height - np.float32(anatomy.apex - 0.02)) / np.float32(anatomy.rib_spacing)
    distance = np.abs(phase - np.rint(phase)) * np.float32(anatomy.rib_spacing)
    half = np.float32(anatomy.rib_width / 2)
    cortex = 0.55 + 0.45 * np.minimum(distance / half, 1) ** 2
    return np.asarray(soft(half - distance, 0.01) * cortex * soft(phase + 0.5, 0.1), dtype=np.float32)


def _spine(anatomy: Anatomy, x: Field, y: Field) -> Field:
    spacing = anatomy.rib_spacing * 0.92
    phase = y / np.float32(spacing)
    from_disc: Field = np.abs(phase - np.rint(phase))
    edge = np.float32(0.085) - np.abs(x)
    body = soft(edge, 0.018) * (0.55 + 0.45 * soft(from_disc - 0.14, 0.1))
    beside, above = np.abs(x) - 0.055, (from_disc - 0.38) * np.float32(spacing)
    from_pedicle: Field = np.sqrt(beside * beside + above * above)
    pedicles = soft(0.02 - from_pedicle, 0.012)
    return np.asarray(anatomy.bone * (0.085 * body + 0.05 * pedicles), dtype=np.float32)


def _clavicles(anatomy: Anatomy, side: Field, y: Field) -> Field:
    along = np.clip((side - 0.09) / np.float32(0.6), 0, 1)
    course = anatomy.apex + 0.1 - anatomy.clavicle_rise * along - 0.06 * np.sin(np.float32(5.2) * along)
    half = 0.026 + 0.01 * (1 - along)
    distance = np.abs(y - np.asarray(course, dtype=np.float32))
    cortex = 0.6 + 0.4 * np.minimum(distance / half, 1) ** 2
    ends = soft(side - 0.09, 0.02) * soft(0.72 - side, 0.03)
    return np.asarray(0.16 * anatomy.bone * soft(half - distance, 0.01) * cortex * ends, dtype=np.float32)


def _trachea(x: Field, y: Field) -> Field:
    pipe = soft(0.04 - np.abs(x + 0.01), 0.015) * soft(-0.32 - y, 0.03)
    below = np.maximum(y + 0.34, 0)
    bronchi = (
        soft(0.028 - np.abs(np.abs(x + 0.01) - 0.8 * below), 0.015)
        * soft(y + 0.34, 0.02)
        * soft(-0.14 - y, 0.04)
    )
    return np.asarray(0.1 * pipe + 0.07 * bronchi, dtype=np.float32)
