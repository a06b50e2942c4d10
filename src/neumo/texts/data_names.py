"""Names of the data sets that metrics were measured on, in a language."""

from typing import Final

from neumo.core.evidence import Evidence
from neumo.texts.catalogue import texts
from neumo.texts.language import DEFAULT, Language

_KNOWN: Final = ("terms.data_sets", "terms.parts")
"""Groups of messages: data sets, and parts or uses of them, by their English name."""


def data_name(entry: Evidence, language: Language) -> str:
    """Return the name of an evidence's data set: "Kermany chest radiographs, test (ages 1 to 5)", in a language.

    Names of hospitals and of data sets that neumo does not know stay as they are.
    """
    named = entry.data if language == DEFAULT else _translated(entry.data, language)
    if entry.ages is None:
        return named
    youngest, oldest = entry.ages
    key = "single" if youngest == oldest else "span"
    return texts(language)(f"terms.data_of_ages.{key}", data=named, youngest=youngest, oldest=oldest)


def _translated(data: str, language: Language) -> str:
    sets, parts = ({text: name for name, text in texts(DEFAULT).group(group).items()} for group in _KNOWN)
    t = texts(language)
    named, ending = data, ""
    while (found := named.rpartition(", "))[2] in parts and found[1]:
        named, ending = found[0], f", {t(f'terms.parts.{parts[found[2]]}')}{ending}"
    return (t(f"terms.data_sets.{sets[named]}") if named in sets else named) + ending
