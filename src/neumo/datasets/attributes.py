"""Images chosen by what a column of the manifest says of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from neumo.core.errors import ConfigError, DatasetError
from neumo.datasets.manifest import Entry

_SHOWN = 10
"""Values of a column that a message lists."""


@dataclass(frozen=True, kw_only=True)
class AttributeValue:
    """Images for which a column of the manifest holds this value."""

    attribute: str
    """Column, such as label_basis or source."""
    value: str


def attribute_value(given: str) -> AttributeValue:
    """Parse COLUMN=VALUE of a command line. Raises ConfigError where it holds no "="."""
    attribute, found, value = given.partition("=")
    if not (found and attribute):
        raise ConfigError("--without {given!r}: must be COLUMN=VALUE, such as source=nih", given=given)
    return AttributeValue(attribute=attribute, value=value)


def has_any(entry: Entry, wanted: Sequence[AttributeValue]) -> bool:
    """Whether an image holds any of the values."""
    return any(entry.attributes.get(each.attribute, "") == each.value for each in wanted)


def paths_with(entries: Sequence[Entry], wanted: Sequence[AttributeValue], where: str) -> set[str]:
    """Return the paths of the images that hold any of the values.

    Parameters
    ----------
    entries : sequence of Entry
    wanted : sequence of AttributeValue
    where : str
        What messages call the choice, such as "split.train_without".

    Raises
    ------
    DatasetError
        No image holds one of the values.
    """
    for each in wanted:
        values = sorted({entry.attributes.get(each.attribute, "") for entry in entries})
        if each.value not in values:
            raise DatasetError(
                "{where}: no image here has {attribute} {value!r}; it has {values}",
                where=where,
                attribute=each.attribute,
                value=each.value,
                values=", ".join(map(repr, values[:_SHOWN])),
            )
    return {entry.path for entry in entries if has_any(entry, wanted)}
