"""All messages of the catalogue by their keys."""

from collections.abc import Iterator, Mapping

from neumo.texts.catalogue import AREAS, load_area
from neumo.texts.language import Language

SHARED = [area for area in AREAS if area != "notices"]
"""The English notices stand where notices are made."""


def leaves(level: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    """Messages by their keys; a form by count is a message of its own."""
    for name, value in level.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{before}{name}.")
        else:
            assert isinstance(value, str), f"{before}{name} is not a text but {value!r}"
            yield f"{before}{name}", value


def messages(language: Language, areas: list[str] | None = None) -> dict[str, str]:
    return {
        key: text for area in areas or SHARED for key, text in leaves(load_area(area, language), f"{area}.")
    }
