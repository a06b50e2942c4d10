"""Sentences that remember their pattern and values."""

import copy
import json
import pickle

import pytest

from neumo.core.errors import ChildStartError, KeyFileError, MissingExtraError, NeumoError, OutputError
from neumo.core.message import Message, joined, places


def test_a_message_is_its_english_text() -> None:
    message = Message("{count:,} of {name!r} {{kept}}", count=1234, name="x")
    assert message == "1,234 of 'x' {kept}"
    assert json.dumps(message) == "\"1,234 of 'x' {kept}\""
    assert dict(message.fields) == {"count:,": "1,234", "name!r": "'x'"}


def test_without_values_braces_are_braces() -> None:
    assert Message('{"a": 1}') == '{"a": 1}'


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="name"):
        Message("{name}", other=1)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_remember_it_all(again: object) -> None:
    inner = Message("{x} inside", x=1)
    message = again(Message("{inner}: said", inner=inner))  # type: ignore[operator]
    assert message == "1 inside: said"
    assert message.pattern == "{inner}: said"
    assert message.fields["inner"].pattern == "{x} inside"


def test_it_crosses_processes_as_plain_values() -> None:
    message = Message("{inner}: said {n:g}", inner=Message("{x} inside", x=1), n=0.5)
    again = Message.from_json(json.loads(json.dumps(message.to_json())))
    assert (again, again.pattern, again.fields) == (message, message.pattern, message.fields)
    assert isinstance(again.fields["inner"], Message)


def test_errors_within_are_messages_too() -> None:
    message = Message("{error}, or not", error=NeumoError("{file}: gone", file="a"))
    assert message == "a: gone, or not"
    assert isinstance(message.fields["error"], Message)
    assert not isinstance(Message("{error}", error=OSError("x")).fields["error"], Message)


def test_the_subject_can_be_left_out() -> None:
    assert Message("{file}: is {what}", file="a: b", what="c").without_subject() == "is c"
    assert Message("{file} is {what}: no", file="a", what="c").without_subject() == "a is c: no"
    assert Message("plain: text").without_subject() == "plain: text"


def test_joined_messages_keep_their_parts() -> None:
    both = joined("; ", [Message("{n} a", n=1), "b {c}"])
    assert both == "1 a; b {c}"
    assert joined("; ", []) == ""
    assert places(both.pattern) == ("part0", "part1")


@pytest.mark.parametrize("kind", [NeumoError, OutputError, MissingExtraError, KeyFileError, ChildStartError])
def test_errors_carry_pattern_and_values(kind: type[NeumoError]) -> None:
    error = kind("{name}: lacks {count:,}", name="x", count=1000)
    assert str(error) == "x: lacks 1,000"
    assert error.message.pattern == "{name}: lacks {count:,}"
