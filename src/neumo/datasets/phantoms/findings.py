"""Draws the lungs of a phantom: vessels in all, and the patterns of the two kinds of pneumonia.

The patterns follow the radiographic descriptions in the data set's paper (Kermany et al., Cell 2018):
bacterial pneumonia as focal lobar consolidation, viral pneumonia as diffuse interstitial change in both lungs.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from neumo.core.findings import Finding
from neumo.datasets.phantoms.thorax import Field, Thorax, ellipse, soft

_AIR = 0.34
"""Attenuation that fully aerated lung lacks against solid tissue."""

_Branch = tuple[float, float, float, float, float]
"""Start x, y, end x, y and width of one piece of a tree, in patient coordinates."""

_Stem = tuple[float, float, float, float, float]
"""Where and how a branch starts: x, y, side (-1 or 1), angle below the horizontal, width."""


@dataclass(frozen=True)
class Lungs:
    """Pictures of what the lungs add and lack.

    Attributes
    ----------
    air : Field
        Attenuation to take away from solid tissue, 0 or more.
    markings : Field
        Attenuation of vessels and thickened interstitium, to add.
    """

    air: Field
    markings: Field


def lungs_with(finding: Finding, thorax: Thorax, aeration: float, rng: np.random.Generator) -> Lungs:
    """Draw the lungs of a finding into a thorax.

    Parameters
    ----------
    finding : Finding
    thorax : Thorax
    aeration : float
        Air in the healthy parts, 1 on average.
    rng : numpy.random.Generator
        Place, extent and shape of everything drawn.
    """
    vessels = _drawn_tree(_trees(rng, twigs=5), thorax)
    mottle = 1 + 0.1 * cloud(rng, len(thorax.x), 9) + 0.06 * cloud(rng, len(thorax.x), 40)
    air = np.float32(_AIR * aeration) * thorax.lung * mottle
    markings = np.float32(rng.uniform(0.06, 0.11)) * vessels
    if finding is Finding.BACTERIAL_PNEUMONIA:
        filled = _consolidation(thorax, rng)
        bronchogram = _drawn_tree(_trees(rng, twigs=2), thorax)
        air = air * (1 - filled * (1 - 0.6 * bronchogram))
        markings = markings * (1 - filled)
    elif finding is Finding.VIRAL_PNEUMONIA:
        haze, lines = _interstitial(thorax, rng)
        air = air * (1 - haze)
        markings = markings * np.float32(rng.uniform(1.1, 1.6)) + lines
    return Lungs(air=air, markings=markings * thorax.lung)


def cloud(rng: np.random.Generator, size: int, cells: int) -> Field:
    """Smooth noise of about unit variance, shape (size, size), with about `cells` lumps a side."""
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    fine = np.asarray(
        Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC), dtype=np.float32
    )
    return fine * np.float32(1.4)


def _consolidation(thorax: Thorax, rng: np.random.Generator) -> Field:
    """Share of air replaced, 0 to 1: one zone of one lung, at times a second one, with ragged soft edges."""
    filled = _lobe(thorax, rng)
    if rng.random() < 0.35:
        filled = np.maximum(filled, _lobe(thorax, rng))
    return np.asarray(filled, dtype=np.float32)


def _lobe(thorax: Thorax, rng: np.random.Generator) -> Field:
    side = rng.choice((-1.0, 1.0))
    centre = (side * rng.uniform(0.3, 0.44), rng.uniform(-0.4, 0.22))
    half = (rng.uniform(0.26, 0.38), rng.uniform(0.24, 0.36))
    ragged = 0.22 * cloud(rng, len(thorax.x), 14)
    inside = ellipse(thorax.x, thorax.y, centre, half, rng.uniform(-0.6, 0.6)) + ragged
    filled = soft(inside, 0.4)
    if rng.random() < 0.4:  # a fissure stops the consolidation along a nearly straight edge
        below = rng.choice((-1.0, 1.0))
        fissure = (
            thorax.y - np.float32(centre[1]) + np.float32(rng.uniform(-0.25, 0.25)) * (thorax.x - centre[0])
        )
        filled = filled * soft(np.float32(below) * fissure + 0.1, 0.025)
    return filled * np.float32(rng.uniform(0.8, 1.0))


def _interstitial(thorax: Thorax, rng: np.random.Generator) -> tuple[Field, Field]:
    """Haze (share of air replaced) and net-like lines (attenuation), in both lungs, denser near the hila."""
    size = len(thorax.x)
    from_hilum = np.hypot(np.abs(thorax.x) - 0.2, 0.8 * (thorax.y + 0.12))
    reach = np.float32(rng.uniform(0.4, 0.7))
    spread = np.clip(1.15 - from_hilum / reach, np.float32(rng.uniform(0.35, 0.6)), 1)
    patchy = np.clip(0.85 + 0.22 * cloud(rng, size, 7), 0.4, 1.2)
    net = _net(cloud(rng, size, 34)) + _net(cloud(rng, size, 52)) + 0.9 * _net(cloud(rng, size, 22))
    haze = np.clip(np.float32(rng.uniform(0.2, 0.4)) * spread * patchy, 0, 0.7)
    lines = np.float32(rng.uniform(0.09, 0.15)) * net * spread * patchy
    return np.asarray(haze, dtype=np.float32), np.asarray(lines, dtype=np.float32)


def _net(field: Field) -> Field:
    """Lines along the zero crossings of smooth noise: a net of closed meshes."""
    return np.asarray(np.exp(-((field / np.float32(0.35)) ** 2)), dtype=np.float32)


def _trees(rng: np.random.Generator, twigs: int) -> list[_Branch]:
    """Vessels or bronchi that fan out from both hila."""
    branches: list[_Branch] = []
    for side in (-1.0, 1.0):
        for angle in np.linspace(-1.15, 1.25, 6) + rng.normal(0, 0.12, 6):
            height, width = -0.12 + rng.normal(0, 0.04), 0.028 * rng.uniform(0.6, 1.2)
            _grow(branches, rng, (side * 0.15, height, side, float(angle), width), twigs)
    return branches


def _grow(branches: list[_Branch], rng: np.random.Generator, stem: _Stem, pieces: int) -> None:
    x, y, side, angle, width = stem
    for piece in range(pieces):
        length = rng.uniform(0.05, 0.1)
        end_x, end_y = x + side * length * np.cos(angle), y + length * np.sin(angle)
        branches.append((x, y, end_x, end_y, width))
        x, y, width, angle = end_x, end_y, width * 0.76, angle + rng.normal(0, 0.24)
        if piece >= 1 and pieces > 2:
            _grow(branches, rng, (x, y, side, angle + rng.choice((-0.6, 0.6)), width * 0.8), 2)


def _drawn_tree(branches: list[_Branch], thorax: Thorax) -> Field:
    """Branches as a picture from 0 to 1, anti-aliased by drawing at twice the size."""
    size = len(thorax.x)
    canvas = Image.new("L", (2 * size, 2 * size))
    pen = ImageDraw.Draw(canvas)
    to_pixels, scale = _to_pixels(thorax)
    for x0, y0, x1, y1, width in branches:
        (u0, v0), (u1, v1) = to_pixels @ (x0, y0, 1), to_pixels @ (x1, y1, 1)
        strength = int(np.clip(255 * (width / 0.02), 60, 255))
        pen.line((u0, v0, u1, v1), fill=strength, width=max(1, round(width * scale)))
    return np.asarray(canvas.reduce(2), dtype=np.float32) / np.float32(255)


def _to_pixels(thorax: Thorax) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], float]:
    """Affine map (2, 3) from patient coordinates to pixels of the doubled canvas, and pixels per unit."""
    x, y = thorax.x, thorax.y
    per_column = np.array([x[0, 1] - x[0, 0], y[0, 1] - y[0, 0]], dtype=np.float64)
    per_row = np.array([x[1, 0] - x[0, 0], y[1, 0] - y[0, 0]], dtype=np.float64)
    inverse = 2 * np.linalg.inv(np.column_stack([per_column, per_row]))
    origin = np.array([x[0, 0], y[0, 0]], dtype=np.float64)
    return np.column_stack([inverse, -inverse @ origin]), float(np.sqrt(abs(np.linalg.det(inverse))))
