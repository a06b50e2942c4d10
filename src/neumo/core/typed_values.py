"""Turns plain values, as YAML and JSON give them, into frozen dataclasses; finds all faults at once.

A settings class is a frozen dataclass of plain types, other settings classes, `Literal`, enumerations, tuples, unions.
`Annotated` with `between` or `matching` limits a value; `__post_init__` may raise ValueError where values do not go
together. Among several settings classes the value of `kind` decides. Each fault names key, value and what is allowed,
and suggests what may have been meant.
"""

import difflib
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from neumo.core.message import Message, joined

_NETWORK = Message("a network such as 192.0.2.0/24")
_NAMES: Mapping[Any, str] = {
    bool: Message("true or false"),
    int: Message("a whole number"),
    float: Message("a number"),
    str: Message("text"),
    Path: Message("a path"),
    IPv4Network: _NETWORK,
    IPv6Network: _NETWORK,
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Limits a value, as part of `Annotated`; `says` completes a message such as "must be a number ..."."""

    says: str
    test: Callable[[Any], bool]


def between(
    least: float | None = None,
    most: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> Allowed:
    """Limit a number; `above` and `below` are not allowed themselves."""
    limits: list[tuple[Message, Callable[[Any, Any], bool], float]] = []
    if least is not None:
        limits.append((Message("of at least {limit:.12g}", limit=least), operator.ge, least))
    if above is not None:
        limits.append((Message("above {limit:.12g}", limit=above), operator.gt, above))
    if most is not None:
        limits.append((Message("of at most {limit:.12g}", limit=most), operator.le, most))
    if below is not None:
        limits.append((Message("below {limit:.12g}", limit=below), operator.lt, below))
    says = joined(" and ", (words for words, _, _ in limits))
    return Allowed(says, lambda value: all(holds(value, limit) for _, holds, limit in limits))


def matching(pattern: str, says: str) -> Allowed:
    """Limit text to what a regular expression matches as a whole."""
    return Allowed(says, lambda value: re.fullmatch(pattern, value) is not None)


def to_typed(kind: Any, given: Any, faults: list[str], key: str = "", whole: Any = None) -> Any:
    """Return a plain value as a settings class or another type; where that fails, append faults and return None.

    Parameters
    ----------
    kind : type
    given : Any
    faults : list of str
    key : str
        Of the value, with dots between sections.
    whole : type, optional
        What messages describe, where `kind` is a part of it.
    """
    whole = kind if whole is None else whole
    inner, allowed = _unwrapped(kind)
    members = [member for member in _members(inner) if member is not NoneType]
    if inner is Any or (given is None and NoneType in _members(inner)):
        return given
    if all(is_dataclass(member) for member in members):
        return _section(members, given, faults, key)
    if len(members) == 1 and members[0] is not inner:
        return to_typed(members[0], given, faults, key, whole)
    before = len(faults)
    if get_origin(inner) is tuple:
        found = _items(inner, given, faults, key)
    else:
        found = next((value for member in members if (value := _scalar(member, given)) is not None), None)
    if len(faults) == before and (found is None or not all(limit.test(found) for limit in allowed)):
        close = difflib.get_close_matches(str(given), _choices(inner), n=1)
        wanted = _described(whole)
        if close:
            faults.append(
                Message(
                    "{key}: {given!r}: must be {wanted}; did you mean {close!r}?",
                    key=key,
                    given=given,
                    wanted=wanted,
                    close=close[0],
                )
            )
        else:
            faults.append(Message("{key}: {given!r}: must be {wanted}", key=key, given=given, wanted=wanted))
    return found


def to_plain(value: Any) -> Any:
    """Return a settings class as plain values for YAML or JSON, of which `to_typed` makes it again."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _section(kinds: Sequence[Any], given: Any, faults: list[str], key: str) -> Any:
    prefix, before = f"{key}." if key else "", len(faults)
    if not isinstance(given, Mapping):
        faults.append(
            Message("{key}: {given!r}: must be a section of keys", key=key or "settings", given=given)
        )
        return None
    kind = kinds[0]
    if len(kinds) > 1:
        by_kind = {get_args(get_type_hints(each)["kind"])[0]: each for each in kinds}
        kind = by_kind.get(given.get("kind"))
        if kind is None:
            faults.append(
                Message(
                    "{key}: {given!r}: must be {wanted}",
                    key=f"{prefix}kind",
                    given=given.get("kind"),
                    wanted=joined(" or ", by_kind),
                )
            )
            return None
    hints, known = get_type_hints(kind, include_extras=True), {field.name: field for field in fields(kind)}
    values = {}
    for name, value in given.items():
        if name in known:
            values[name] = to_typed(hints[name], value, faults, f"{prefix}{name}")
        else:
            close = difflib.get_close_matches(str(name), known, n=1)
            meant = (
                Message("did you mean {close!r}?", close=close[0])
                if close
                else Message("known here: {known}", known=", ".join(sorted(known)))
            )
            faults.append(
                Message(
                    "{key}: {given!r}: unknown key; {meant}", key=f"{prefix}{name}", given=value, meant=meant
                )
            )
    for name, field in known.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            faults.append(Message("{key}: is missing; add it", key=f"{prefix}{name}"))
    if len(faults) > before:
        return None
    try:
        return kind(**values)
    except ValueError as error:
        faults.append(
            Message("{key}: {error}", key=key, error=error) if key else Message("{error}", error=error)
        )
        return None


def _items(kind: Any, given: Any, faults: list[str], key: str) -> tuple[Any, ...] | None:
    kinds = get_args(kind)
    if not isinstance(given, list | tuple):
        return None
    if kinds[-1] is ...:
        kinds = (kinds[0],) * len(given)
    if len(kinds) != len(given):
        return None
    pairs = enumerate(zip(kinds, given, strict=True))
    return tuple(to_typed(each, item, faults, f"{key}.{index}") for index, (each, item) in pairs)


def _scalar(kind: Any, given: Any) -> Any:
    """Return a value as its type; None where it is not of this type."""
    inner, allowed = _unwrapped(kind)
    try:
        found = _converted(inner, given)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found is not None and all(limit.test(found) for limit in allowed) else None


def _converted(kind: Any, given: Any) -> Any:
    if get_origin(kind) is Literal:
        return given if given in get_args(kind) else None
    if get_origin(kind) is dict:
        return dict(given) if isinstance(given, Mapping) else None
    if kind in (bool, str):
        return given if isinstance(given, kind) else None
    if kind in (int, float):  # also from text, since YAML reads 1e-4 as text
        number = math.nan if isinstance(given, bool) else float(given)
        return kind(number) if math.isfinite(number) and kind(number) == number else None
    return kind(given) if isinstance(given, str | Path) else None


def _unwrapped(kind: Any) -> tuple[Any, tuple[Allowed, ...]]:
    if get_origin(kind) is not Annotated:
        return kind, ()
    inner, *extras = get_args(kind)
    return inner, tuple(extra for extra in extras if isinstance(extra, Allowed))


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _choices(kind: Any) -> list[str]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(choice.value) for choice in kind]
    return [str(choice) for choice in get_args(kind)] if get_origin(kind) is Literal else []


def _described(kind: Any) -> str:
    inner, allowed = _unwrapped(kind)
    if len(members := _members(inner)) > 1:
        return joined(" or ", dict.fromkeys("null" if m is NoneType else _described(m) for m in members))
    if choices := _choices(inner):
        return Message("exactly one of {choices}", choices=", ".join(choices))
    name = (
        Message("a list") if get_origin(inner) is tuple else _NAMES.get(inner, Message("a section of keys"))
    )
    if get_origin(inner) is tuple and get_args(inner)[-1] is not ...:
        name = Message("a list of {count}", count=len(get_args(inner)))
    return joined(" ", [name, *(limit.says for limit in allowed)])
