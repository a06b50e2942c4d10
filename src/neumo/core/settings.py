"""Settings and experiment files: YAML with key=value overrides to frozen dataclasses, with all faults at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from neumo.core.errors import ConfigError
from neumo.core.message import Message, joined
from neumo.core.typed_values import to_typed

T = TypeVar("T")


def load_settings(
    kind: type[T],
    source: Path | None,
    overrides: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    *,
    file: str = "settings file",
) -> T:
    """Read a file, apply overrides and options, and check everything together.

    Parameters
    ----------
    kind : type
        Settings class (see `neumo.core.typed_values`).
    source : Path or None
        YAML file; None starts from the defaults.
    overrides : sequence of str
        Such as "receive.port=11113"; dots reach into sections, values are YAML.
    options : mapping, optional
        The same with plain values, such as {"receive.port": 11113}; they come last, and None is none.
    file : str
        What messages call the file.

    Raises
    ------
    ConfigError
        The file is missing or no YAML mapping, or has faults; all are listed, with key, value and remedy.
    """
    values = {} if source is None else _read(source, file)
    for override in overrides:
        key, found, text = override.partition("=")
        if not found or not key:
            raise ConfigError(
                "--set {override!r}: must be key=value, such as section.key=1", override=override
            )
        try:
            _put(values, key, yaml.safe_load(text), f"--set {override!r}")
        except yaml.YAMLError as error:
            raise ConfigError(
                "--set {override!r}: {text!r} is not a YAML value", override=override, text=text
            ) from error
    for key, given in (options or {}).items():
        if given is not None:
            _put(values, key, given, key)
    return parse_settings(kind, values, str(source or "settings"))


def parse_settings(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Turn plain values into settings; `where` names them in messages. Raises ConfigError listing all faults."""
    faults = list[str]()
    settings: T = to_typed(kind, values, faults)
    if faults:
        listed = joined("\n", (Message("  {fault}", fault=fault) for fault in faults))
        if len(faults) == 1:
            raise ConfigError("{where}: 1 fault\n{listed}", where=where, listed=listed)
        raise ConfigError("{where}: {count} faults\n{listed}", where=where, count=len(faults), listed=listed)
    return settings


def _read(source: Path, file: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(source.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("{source}: no such {file}", source=source, file=file) from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            "{source}: is not a YAML file ({error})", source=source, error=" ".join(str(error).split())
        ) from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError("{source}: must be a mapping of keys to values", source=source)
    return values


def _put(values: dict[str, Any], key: str, given: Any, origin: str) -> None:
    *sections, last = key.split(".")
    for section in sections:
        if values.get(section) is None:
            values[section] = {}
        values = values[section]
        if not isinstance(values, dict):
            raise ConfigError(
                "{origin}: {section!r} is a value, not a section", origin=origin, section=section
            )
    values[last] = given
