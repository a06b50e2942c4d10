"""Renders HTML pages from the templates, with styles and pictures embedded, so that a page needs nothing else."""

import base64
import io
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from neumo.texts.catalogue import capital, percent, texts
from neumo.texts.language import Language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def render(template: str, language: Language, **values: Any) -> str:
    """Fill a template.

    Parameters
    ----------
    template : str
        File name in this package's templates folder.
    language : str
        "en" or "es". The template gets its messages as `t` (`neumo.texts.catalogue.Texts`), and its code as `lang`.
    values
        What the template names besides; anything that it names and does not get is an error.

    Raises
    ------
    ConfigError
        Another language.
    jinja2.UndefinedError
        A value is missing.
    """
    return _environment().get_template(template).render(t=texts(language), lang=language, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("neumo.texts", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"capital": capital, "percent": percent}
    return environment


def picture_uri(pixels: "NDArray[np.uint8]", longest_side: int | None = None, quality: int = 85) -> str:
    """Return a picture as JPEG data URI.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width) or (height, width, 3)
    longest_side : int, optional
        Larger pictures are reduced to it.
    quality : int
        Of JPEG, 1-95.
    """
    from PIL import Image

    picture = Image.fromarray(pixels)
    if longest_side is not None:
        picture.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
