"""What data that a metric was measured on are called in a language."""

from typing import Final

from neumo.texts.catalogue import texts
from neumo.texts.language import DEFAULT, Language

_KNOWN: Final = ("terms.data_sets", "terms.parts")
"""Groups of messages: data sets, and parts or uses of them, by their English name."""


def data_name(data: str, language: Language) -> str:
    """Return the name of an evidence's data, such as "Kermany chest radiographs, test", in a language.

    Names of hospitals and of data sets that neumo does not know stay as they are.
    """
    if language == DEFAULT:
        return data
    sets, parts = ({text: name for name, text in texts(DEFAULT).group(group).items()} for group in _KNOWN)
    whole, comma, part = data.rpartition(", ")
    if part not in parts:
        whole, comma, part = data, "", ""
    t = texts(language)
    named = t(f"terms.data_sets.{sets[whole]}") if whole in sets else whole
    return f"{named}{comma}{t(f'terms.parts.{parts[part]}') if part else ''}"
