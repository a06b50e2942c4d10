"""Known public data sets by source name: name, attribution, and the age range where their tables state no ages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from neumo.core.ages import age_in_years
from neumo.datasets.manifest import Entry


@dataclass(frozen=True, slots=True)
class Collection:
    """Facts about a public collection that its tables do not state.

    Attributes
    ----------
    attribution : str
        Whom to name, and the licence.
    ages : (float, float) or None
        Youngest and oldest age in years as its authors state them, where its images carry none.
    name : str
        Display name; empty where the source's own name is used.
    """

    attribution: str
    ages: tuple[float, float] | None = None
    name: str = ""


_KERMANY: Final = Collection(
    "Kermany, Zhang, Goldbaum, Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for Classification, "
    "Mendeley Data, doi 10.17632/rscbjbr9sj.3, CC BY 4.0",
    (1.0, 5.0),
    "Kermany chest radiographs",
)
COLLECTIONS: Final[Mapping[str, Collection]] = MappingProxyType(
    {
        "kermany": _KERMANY,
        "chest_xray": _KERMANY,
        "nih": Collection(
            "NIH Clinical Center, ChestX-ray14 (Wang et al., CVPR 2017), no restriction but attribution"
        ),
        "siim": Collection(
            "SIIM-FISABIO-RSNA COVID-19 Detection Challenge (Lakhani et al., Journal of Digital Imaging 2023), "
            "CC BY-NC 4.0"
        ),
    }
)
"""By source."""
_UNNAMED: Final = "images of no stated source"
_READINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"RSNA challenge": "readings by the RSNA Pneumonia Detection Challenge (Shih et al., Radiology: AI 2019)"}
)
"""Readings of other people than the collection's, by a part of `label_basis`."""


def data_set_name(entries: Iterable[Entry], *, synthetic: bool) -> str:
    """Return the name of the data sets that some images are of, as metrics state it: "Kermany chest radiographs"."""
    names = set()
    for entry in entries:
        known = _collection(entry)
        if synthetic and not entry.source:
            names.add("phantoms")
        else:
            names.add((known.name if known is not None else "") or entry.source or _UNNAMED)
    return " and ".join(sorted(names))


def data_set_names(entries: Sequence[Entry], *, synthetic: bool) -> dict[str, str]:
    """Return the name of the data set of each source, by source; see `data_set_name`."""
    return {
        source: data_set_name((entry for entry in entries if entry.source == source), synthetic=synthetic)
        for source in {entry.source for entry in entries}
    }


def _collection(entry: Entry) -> Collection | None:
    """Return the collection that an image is of; of images without a source only those in official parts are known."""
    return _KERMANY if not entry.source and entry.split else COLLECTIONS.get(entry.source)


def ages_of(entry: Entry) -> tuple[float, float] | None:
    """Return the youngest and oldest age that an image's patient may have, in years; None where nothing is known."""
    years = age_in_years(entry.attributes.get("age", ""))
    if years is not None:
        return years, years
    known = _collection(entry)
    return None if known is None else known.ages


def attribution_of(entries: Iterable[Entry]) -> str:
    """Return the attribution of some images: collections in the order of their sources, and who read them."""
    said: dict[str, set[str]] = {}
    for entry in sorted(entries, key=lambda each: each.source):
        said.setdefault(_attribution(entry), set()).add(entry.attributes.get("label_basis", ""))
    return "; ".join(_with_readings(words, bases) for words, bases in said.items())


def _attribution(entry: Entry) -> str:
    known = _collection(entry)
    return (
        f"{entry.source or _UNNAMED} (its attribution is not known to neumo)"
        if known is None
        else known.attribution
    )


def _with_readings(attribution: str, bases: Iterable[str]) -> str:
    read = [words for part, words in _READINGS.items() if any(part in basis for basis in bases)]
    return ", ".join([attribution, *read])
