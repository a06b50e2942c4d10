"""Draws the radiograph of a phantom's thorax: pose, exposure, blur, noise, collimation."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from neumo.core.findings import Finding
from neumo.datasets.phantoms.findings import cloud, lungs_with
from neumo.datasets.phantoms.thorax import Field, draw_anatomy, lay_out, soft

BURNT_IN_TEXT = "SYNTHETIC"
"""Stands at the same place in every phantom of every class."""


def draw_radiograph(
    finding: Finding, patient: np.random.Generator, image: np.random.Generator, size: int
) -> NDArray[np.uint8]:
    """Draw one radiograph of a synthetic patient.

    Exposure is set from the mean and the spread of the picture itself, as automatic exposure does, and then
    varied, so that overall brightness and contrast tell nothing about the finding.

    Parameters
    ----------
    finding : Finding
    patient : numpy.random.Generator
        Body and disease; an equal state gives the same patient.
    image : numpy.random.Generator
        Pose, exposure and noise.
    size : int
        Side in pixels.

    Returns
    -------
    ndarray of uint8, shape (size, size)
    """
    anatomy = draw_anatomy(patient)
    thorax = lay_out(anatomy, *posed(image, size))
    lungs = lungs_with(finding, thorax, anatomy.aeration, patient)
    attenuation = thorax.tissue - lungs.air + lungs.markings
    exposed = _exposed(attenuation, image)
    return _labelled(_collimated(_noisy(_blurred(exposed, image), image), image))


def posed(rng: np.random.Generator, size: int) -> tuple[Field, Field]:
    """Patient coordinates of every pixel: turned, shifted and stretched a little."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(2 / size) - 1
    u, v = axis[np.newaxis, :], axis[:, np.newaxis]
    angle, zoom = rng.normal(0, 0.045), rng.uniform(0.86, 1.06)
    stretch = rng.uniform(0.94, 1.06)
    right, down = rng.normal(0, 0.04), rng.normal(0, 0.05)
    cos, sin = np.float32(np.cos(angle) * zoom), np.float32(np.sin(angle) * zoom)
    x = np.float32(stretch) * (cos * u - sin * v) + np.float32(right)
    y = (sin * u + cos * v) / np.float32(stretch) + np.float32(down)
    return x.astype(np.float32), y.astype(np.float32)


def _exposed(attenuation: Field, rng: np.random.Generator) -> Field:
    """Brightness from 0 to 1 with a drawn mean, contrast and characteristic curve."""
    scatter = 0.03 * cloud(rng, len(attenuation), 4)
    field = attenuation + scatter
    standard = (field - field.mean()) / field.std()
    centred = rng.uniform(-0.45, 0.5) + rng.uniform(0.85, 1.35) * standard
    bright = 1 / (1 + np.exp(-np.float32(1.15) * centred))
    return np.asarray(bright ** np.float32(rng.uniform(0.85, 1.25)), dtype=np.float32)


def _blurred(bright: Field, rng: np.random.Generator) -> Field:
    picture = Image.fromarray(np.round(bright * 255).astype(np.uint8))
    radius = rng.uniform(0.2, 0.7) * len(bright) / 224
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / np.float32(255)


def _noisy(bright: Field, rng: np.random.Generator) -> Field:
    """Quantum noise, stronger where fewer photons arrived (bright is dense)."""
    strength = np.float32(rng.uniform(0.006, 0.02))
    grain = rng.standard_normal(bright.shape, dtype=np.float32)
    return bright + strength * (0.5 + bright) * grain


def _collimated(bright: Field, rng: np.random.Generator) -> Field:
    """Dark strips of random width where the collimator cut the beam, on some radiographs."""
    if rng.random() > 0.3:
        return bright
    size = len(bright)
    position = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    low, high = rng.uniform(0, 0.07, 2)
    open_part = soft(position - np.float32(low), 0.006) * soft(1 - np.float32(high) - position, 0.006)
    shape = (1, size) if rng.random() < 0.7 else (size, 1)
    return bright * open_part.reshape(shape)


def _labelled(bright: Field) -> NDArray[np.uint8]:
    letters, halo = text_masks(len(bright))
    pixels = np.clip(bright * 255, 0, 255) * (1 - halo)
    return np.round(pixels * (1 - letters) + 235 * letters).astype(np.uint8)


@cache
def text_masks(size: int) -> tuple[Field, Field]:
    """Return the burnt-in letters and the dark rim that keeps them legible, 0 to 1 each."""
    font = ImageFont.load_default(max(7.0, size * 0.045))
    rim = max(1, round(size / 200))
    return _text_mask(size, font, 0), _text_mask(size, font, rim)


def _text_mask(size: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, rim: int) -> Field:
    canvas = Image.new("L", (size, size))
    place = (size * 0.02, size * 0.985)
    ImageDraw.Draw(canvas).text(place, BURNT_IN_TEXT, fill=255, font=font, anchor="ls", stroke_width=rim)
    return np.asarray(canvas, dtype=np.float32) / np.float32(255)
