"""Makers of the DICOM objects that are sent of a reading, named in the settings."""

import importlib
import importlib.util
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from pydicom import Dataset

from neumo.core.child import load_function
from neumo.core.errors import ConfigError
from neumo.core.reading import Reading
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


def load_results(name: str, language: Language = DEFAULT) -> Results:
    """Find a maker by "module:function". Raises ConfigError where there is none, or where it lacks its parts.

    The language is that of neumo's own maker; another knows best in which it writes.
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
    if maker in (default_results, all_results):
        _default_makers()  # better now than at the first object
        return partial(maker, language=language)
    return found


def default_results(
    reading: Reading, header: Dataset, /, *, language: Language = DEFAULT
) -> Sequence[Dataset]:
    """Make a Structured Report and a Secondary Capture. Raises ConfigError where this neumo cannot make them."""
    return [make(reading, header, language=language) for make in _default_makers()]


def all_results(reading: Reading, header: Dataset, /, *, language: Language = DEFAULT) -> Sequence[Dataset]:
    """Make the default results, an Encapsulated PDF, and a Key Object Selection where the verdict is pneumonia."""
    found = [*default_results(reading, header, language=language)]
    from neumo.results.dicom import encapsulated_pdf, key_object

    found.append(encapsulated_pdf(reading, header, language=language))
    return [*found, key_object(reading, header, language=language)] if reading.flagged else found


def _default_makers() -> list[Any]:
    if importlib.util.find_spec("neumo.results.dicom") is None:
        raise ConfigError(
            "read.results: this neumo has no neumo.results.dicom; name a maker of your own as module:function"
        )
    module = importlib.import_module("neumo.results.dicom")
    names = importlib.import_module("neumo.results.dicom.makers").DEFAULT_MAKERS
    return [getattr(module, name) for name in names]
