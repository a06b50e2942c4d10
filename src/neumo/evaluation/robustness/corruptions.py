"""Corruptions that radiographs meet between detector and reader, at five strengths, the same for every image size.

The kinds follow D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations", ICLR 2019, with those of radiography in place of weather: borders, burnt-in text, framing.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = NDArray[np.uint8]
Rng = np.random.Generator

STRENGTHS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Corruption:
    """One kind of corruption.

    Attributes
    ----------
    parameters : tuple of float, length 5
        Of strengths 1 to 5.
    meaning : str
        What the parameter is.
    apply : callable
        (pixels uint8 (height, width), parameter, generator) to pixels of the same shape and type.
    """

    parameters: tuple[float, float, float, float, float]
    meaning: str
    apply: Callable[[Pixels, float, Rng], Pixels]


def corrupt(pixels: Pixels, kind: str, strength: int, index: int) -> Pixels:
    """Corrupt one radiograph; the same image, kind and strength always give the same pixels.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)
    kind : str
        A key of `CORRUPTIONS`.
    strength : int
        1 to 5.
    index : int
        Number of the image, which seeds what is random.

    Returns
    -------
    ndarray of uint8, shape (height, width)

    Raises
    ------
    KeyError, IndexError
        There is no such kind or strength.
    """
    corruption = CORRUPTIONS[kind]
    rng = np.random.default_rng((index, list(CORRUPTIONS).index(kind), strength))
    corrupted = corruption.apply(pixels, corruption.parameters[strength - 1], rng)
    return np.ascontiguousarray(corrupted, dtype=np.uint8)


def _levels(values: NDArray[np.floating]) -> Pixels:
    levels: Pixels = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return levels


def _sign(rng: Rng) -> int:
    return 1 if rng.random() < 0.5 else -1


def _brightness(pixels: Pixels, change: float, rng: Rng) -> Pixels:
    return _levels(pixels + _sign(rng) * change * 255.0)


def _contrast(pixels: Pixels, factor: float, rng: Rng) -> Pixels:
    mean = float(pixels.mean())
    return _levels((pixels - mean) * factor + mean)


def _gamma(pixels: Pixels, exponent: float, rng: Rng) -> Pixels:
    return _levels((pixels / 255.0) ** (exponent ** _sign(rng)) * 255.0)


def _gaussian_noise(pixels: Pixels, deviation: float, rng: Rng) -> Pixels:
    return _levels(pixels + rng.normal(0.0, deviation * 255.0, pixels.shape))


def _impulse_noise(pixels: Pixels, share: float, rng: Rng) -> Pixels:
    draw = rng.random(pixels.shape)
    return np.where(draw < share / 2, 0, np.where(draw < share, 255, pixels)).astype(np.uint8)


def _blur(pixels: Pixels, radius: float, rng: Rng) -> Pixels:
    image = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius * min(pixels.shape)))
    return np.asarray(image)


def _jpeg(pixels: Pixels, quality: float, rng: Rng) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=round(quality))
    buffer.seek(0)
    return np.asarray(Image.open(buffer).convert("L"))


def _rotation(pixels: Pixels, degrees: float, rng: Rng) -> Pixels:
    image = Image.fromarray(pixels)
    return np.asarray(image.rotate(_sign(rng) * degrees, Image.Resampling.BILINEAR))


def _crop(pixels: Pixels, share: float, rng: Rng) -> Pixels:
    height, width = pixels.shape
    down, across = round(height * share), round(width * share)
    top, left = int(rng.integers(0, down + 1)), int(rng.integers(0, across + 1))
    kept = Image.fromarray(pixels[top : height - (down - top), left : width - (across - left)])
    return np.asarray(kept.resize((width, height), Image.Resampling.BILINEAR))


def _zoom_out(pixels: Pixels, share: float, rng: Rng) -> Pixels:
    height, width = pixels.shape
    small = Image.fromarray(pixels).resize(
        (round(width * (1 - share)), round(height * (1 - share))), Image.Resampling.BILINEAR
    )
    canvas = Image.new("L", (width, height))
    canvas.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    return np.asarray(canvas)


def _border(pixels: Pixels, share: float, rng: Rng) -> Pixels:
    framed = pixels.copy()
    width = max(1, round(min(pixels.shape) * share))
    level = 0 if rng.random() < 0.5 else 255
    framed[:width], framed[-width:], framed[:, :width], framed[:, -width:] = level, level, level, level
    return framed


def _text(pixels: Pixels, size: float, rng: Rng) -> Pixels:
    image = Image.fromarray(pixels)
    height, width = pixels.shape
    font = ImageFont.load_default(size=max(6.0, size * height))
    words = ("R", "L", "PORTABLE", "AP SUPINE", "12:45", "ERECT")
    draw = ImageDraw.Draw(image)
    for corner in range(3):
        place = (width * (0.03 + 0.55 * (corner % 2)), height * (0.03 + 0.8 * (corner // 2)))
        draw.text(place, words[int(rng.integers(len(words)))], fill=255, font=font)
    return np.asarray(image)


CORRUPTIONS: Mapping[str, Corruption] = {
    "brightness": Corruption((0.05, 0.10, 0.15, 0.22, 0.30), "shift of grey levels, of 1", _brightness),
    "contrast": Corruption((0.80, 0.65, 0.50, 0.35, 0.22), "factor about the mean", _contrast),
    "gamma": Corruption((1.15, 1.35, 1.60, 2.00, 2.60), "exponent or its inverse", _gamma),
    "gaussian_noise": Corruption((0.02, 0.04, 0.07, 0.10, 0.15), "standard deviation, of 1", _gaussian_noise),
    "impulse_noise": Corruption((0.005, 0.01, 0.02, 0.04, 0.08), "share of pixels", _impulse_noise),
    "blur": Corruption((0.002, 0.004, 0.007, 0.011, 0.016), "Gaussian radius, of the shorter side", _blur),
    "jpeg": Corruption((50, 30, 18, 10, 6), "JPEG quality", _jpeg),
    "rotation": Corruption((3, 6, 10, 15, 22), "degrees either way", _rotation),
    "crop": Corruption((0.05, 0.10, 0.16, 0.23, 0.32), "share cut from each side length", _crop),
    "zoom_out": Corruption((0.05, 0.10, 0.18, 0.26, 0.35), "share of the side left black", _zoom_out),
    "border": Corruption((0.01, 0.03, 0.05, 0.08, 0.12), "width, of the shorter side", _border),
    "text": Corruption((0.04, 0.06, 0.08, 0.11, 0.15), "height of letters, of the image", _text),
}
"""Kinds by name, mild to strong."""
