"""Sentences and what fills them: English where they are made, so that a room above can say them in another language."""

import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Self

COUNTS: Final = frozenset(
    {"count", "done", "images", "least", "most", "patients", "resamples", "shards", "total"}
)
"""Placeholders of what is counted, with commas between thousands; numbers of readings, ports or seeds have none."""


class _Count(int):
    def __format__(self, spec: str) -> str:
        return super().__format__(spec or ",")


class _Formatter(string.Formatter):
    """`str.format`, but numbers are written as everywhere that people read: 5,000 files, 97.5 % by a no-break space."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        value, first = super().get_field(field_name, args, kwargs)
        return (_Count(value) if field_name in COUNTS and type(value) is int else value), first

    def format_field(self, value: Any, format_spec: str) -> str:
        text: str = super().format_field(value, format_spec)
        return f"{text[:-1]}\N{NO-BREAK SPACE}%" if format_spec.endswith("%") else text


FORMATTER: Final = _Formatter()
"""Fills the patterns of messages and of the catalogue."""


class Message(str):
    """A sentence in English that remembers its pattern and the values of its placeholders.

    The English pattern is also the key of its translations (`neumo.texts.translation`), as in gettext: code reads as
    what it says, and no catalogue is loaded where nobody asks for another language. Values are formatted at once, so
    that a message refers to no object, can be pickled, and shows the same numbers in every language.

    Parameters
    ----------
    pattern : str
        As `str.format` takes it. Without values it is the sentence itself, braces and all.
    **values
        What its placeholders stand for. Messages, and errors whose text is one, are translated with the sentence that
        holds them.
    """

    pattern: str
    fields: Mapping[str, str]

    def __new__(cls, pattern: str, /, **values: Any) -> Self:  # noqa: D102 - the class says it
        fields = {place: _shown(place, values) for place in places(pattern)} if values else {}
        return cls._of(pattern, fields)

    @classmethod
    def _of(cls, pattern: str, fields: Mapping[str, str]) -> Self:
        made = super().__new__(cls, _filled(pattern, fields, str))
        made.pattern, made.fields = pattern, fields
        return made

    def filled(self, pattern: str, say: Callable[[str], str]) -> str:
        """Return a translation of the pattern with this message's values, each turned into text by `say`."""
        return _filled(pattern, self.fields, say)

    def without_subject(self) -> "Message":
        """Return the message behind its first placeholder and a colon, as in "{file}: is empty"; else itself."""
        subject, colon, predicate = self.pattern.partition("}: ")
        if not colon or not subject.startswith("{") or "{" in subject[1:]:
            return self
        return Message._of(predicate, {place: self.fields[place] for place in places(predicate)})

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, for another process."""
        fields = {
            place: value.to_json() if isinstance(value, Message) else value
            for place, value in self.fields.items()
        }
        return {"pattern": self.pattern, "fields": fields}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the message whose plain form `to_json` gave."""
        fields = {
            place: field if isinstance(field, str) else cls.from_json(field)
            for place, field in value["fields"].items()
        }
        return cls._of(value["pattern"], fields)


def joined(separator: str, parts: Iterable[str]) -> Message:
    """Return several messages as one, with a separator between them."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return Message(separator.join(f"{{{name}}}" for name in values), **values)


def places(pattern: str) -> tuple[str, ...]:
    """Return the placeholders of a pattern with their formats, such as "size:,"."""
    return tuple(
        _place(name, form, conversion)
        for _, name, form, conversion in FORMATTER.parse(pattern)
        if name is not None
    )


def _filled(pattern: str, fields: Mapping[str, str], say: Callable[[str], str]) -> str:
    if not fields:
        return pattern
    parts = []
    for literal, name, form, conversion in FORMATTER.parse(pattern):
        parts.append(literal)
        if name is not None:
            parts.append(say(fields[_place(name, form, conversion)]))
    return "".join(parts)


def _place(name: str, form: str | None, conversion: str | None) -> str:
    return name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")


def _shown(place: str, values: Mapping[str, Any]) -> str:
    value = values.get(place)
    if isinstance(value, BaseException) and value.args:
        value = value.args[0]
    return value if isinstance(value, Message) else FORMATTER.vformat(f"{{{place}}}", (), values)
