"""Makers of the DICOM objects that are sent of a reading, named in the settings."""

import importlib.util
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from pydicom import Dataset

from neumo.core.child import load_function
from neumo.core.errors import ConfigError
from neumo.core.reading import Reading
from neumo.results.kinds import USUAL, Kind
from neumo.texts.language import DEFAULT, Language


class Results(Protocol):
    """Makes the objects that go to the archive.

    It runs in the reader's process, once for each reading with status "read" or "refused". What it raises counts as a
    failed attempt at the object.
    """

    def __call__(self, reading: Reading, header: Dataset, /) -> Sequence[Dataset]:
        """Return new DICOM objects, with file meta information that states their transfer syntax.

        Parameters
        ----------
        reading : Reading
            With class map and pixels.
        header : Dataset
            Of the object that was read, without its pixel data.
        """
        ...


def load_results(name: str, language: Language = DEFAULT, objects: Sequence[Kind] = USUAL) -> Results:
    """Find a maker by "module:function". Raises ConfigError where there is none, or where it lacks its parts.

    Language and kinds of objects are those of neumo's own maker; another knows best what it makes.
    """
    try:
        maker = load_function(name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            "read.results: {name!r} cannot be loaded ({error}); give module:function", name=name, error=error
        ) from error
    if not callable(maker):
        raise ConfigError("read.results: {name!r} is not a function of a reading and a header", name=name)
    found: Results = maker
    if maker is default_results:
        _require(objects)  # better now than at the first object
        return partial(default_results, language=language, objects=objects)
    return found


def default_results(
    reading: Reading,
    header: Dataset,
    /,
    *,
    language: Language = DEFAULT,
    objects: Sequence[Kind] = USUAL,
) -> Sequence[Dataset]:
    """Make objects of some kinds, as far as a reading gives them: a Structured Report and a Secondary Capture."""
    from neumo.results.dicom.makers import object_of

    made = (object_of(kind, reading, header, language) for kind in objects)
    return [one for one in made if one is not None]


def _require(objects: Sequence[Kind]) -> None:
    """Raise ConfigError or MissingExtraError where this neumo cannot make them."""
    if importlib.util.find_spec("neumo.results.dicom") is None:
        raise ConfigError(
            "read.results: this neumo has no neumo.results.dicom; name a maker of your own as module:function"
        )
    from neumo.results.dicom.makers import require_makers

    require_makers(tuple(objects))
