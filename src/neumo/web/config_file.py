"""The settings file: YAML, with `key=value` overrides, validated as a whole."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from neumo.core.errors import ConfigError
from neumo.web.config import WebConfig


def load_config(
    source: Path | None, overrides: Sequence[str] = (), options: Mapping[str, Any] | None = None
) -> WebConfig:
    """Read a settings file, apply overrides, and validate everything together.

    Parameters
    ----------
    source : Path or None
        YAML file; None starts from the defaults.
    overrides : sequence of str
        Such as "listen.port=8080"; dots reach into sections, values are YAML.
    options : mapping, optional
        The same with plain values, such as {"listen.port": 8080}; they come last, and None is none.

    Raises
    ------
    ConfigError
        The file is missing or no YAML mapping, or has faults; all are listed, with key, value and remedy.
    """
    value = {} if source is None else _read(source)
    for override in overrides:
        key, parsed = _parsed(override)
        _put(value, key, parsed)
    for key, given in (options or {}).items():
        if given is not None:
            _put(value, key, given)
    try:
        return WebConfig.model_validate(value)
    except ValidationError as error:
        faults = [_fault(item) for item in error.errors(include_url=False)]
        listed = "\n".join(f"  {fault}" for fault in faults)
        where = source or "settings"
        raise ConfigError(f"{where}: {len(faults)} fault{'s' * (len(faults) > 1)}\n{listed}") from error


def _read(source: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(source.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{source}: no such settings file") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{source}: is not a YAML file ({' '.join(str(error).split())})") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{source}: must be a mapping of keys, such as examples/serve.yaml")
    return value


def _parsed(override: str) -> tuple[str, Any]:
    key, found, text = override.partition("=")
    if not found or not key:
        raise ConfigError(f"--set {override!r}: must be key=value, such as listen.port=8080")
    try:
        return key, yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {override!r}: {text!r} is not a YAML value") from error


def _put(value: dict[str, Any], key: str, given: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        nested = value.setdefault(section, {})
        if not isinstance(nested, dict):
            raise ConfigError(f"{key}: {section!r} is a value, not a section")
        value = nested
    value[last] = given


def _fault(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "settings"
    if item["type"] == "extra_forbidden":
        return f"{key}: unknown key; see docs/how-to/workbench.md for those known"
    if item["type"] == "missing":
        return f"{key}: is missing; add it"
    message = item["msg"].removeprefix("Value error, ")
    return f"{key}: {item['input']!r}: {message[:1].lower()}{message[1:]}"
