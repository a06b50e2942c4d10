"""Typer's command line in another language than English: help, usage and complaints about options."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, Final

import typer
from typer.exceptions import TyperException

from neumo.core.message import Message, places
from neumo.texts.catalogue import load_area
from neumo.texts.language import DEFAULT, Language, known_language
from neumo.texts.translation import paragraphs, told

_OPTIONS: Final = ("--lang", "--language")
_AREA: Final = "typer"
"""Translations of Typer's messages, by their English pattern."""


def without_language(words: Sequence[str]) -> tuple[Language | None, list[str]]:
    """Take the option --lang out of a command line, wherever it stands, so that every command has it.

    Returns
    -------
    language : str or None
        The last that is given; None where none is.
    words : list of str
        The others. What is no language stays, for the option's own complaint.
    """
    language, rest = None, list[str]()
    given = list(words)
    while given:
        word = given.pop(0)
        option, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *given]
            break
        if option in _OPTIONS and not equals and given:
            value = given[0]
        found = known_language(value) if option in _OPTIONS else None
        if found is None:
            rest.append(word)
            continue
        language = found
        if not equals:
            given.pop(0)
    return language, rest


def run(app: typer.Typer, words: list[str], language: Language) -> None:
    """Run a command line as Typer does, and end the process; what Typer says of itself is said in the language."""
    if language == DEFAULT:
        app(words)
        return
    from typer import rich_utils

    command = typer.main.get_command(app)
    _translate(command, language)
    with _own_words(rich_utils, language):
        try:
            status = command.main(words, standalone_mode=False)
        except TyperException as error:
            complaint = _complaint(error.format_message(), language)
            error.__dict__["format_message"] = lambda: complaint
            rich_utils.rich_format_error(error)  # type: ignore[arg-type] # the one that Typer itself hands on
            sys.exit(error.exit_code)
        except typer.Abort:
            rich_utils.rich_abort_error()
            sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _translate(command: Any, language: Language) -> None:
    """Translate the help of a command and of all below it."""
    for name in ("help", "short_help", "options_metavar", "subcommand_metavar"):
        text = getattr(command, name, None)
        if text:
            setattr(command, name, paragraphs(text, language))
    for parameter in command.params:
        _translate_parameter(parameter, language)
    usage, help_option = command.get_usage, command.get_help_option

    def translated_usage(context: Any) -> str:
        return told(Message("Usage: "), language) + str(usage(context)).removeprefix("Usage: ")

    def translated_help_option(context: Any) -> Any:
        option = help_option(context)
        if option is not None:
            option.help = paragraphs(option.help, language)
        return option

    command.get_usage, command.get_help_option = translated_usage, translated_help_option
    for below in getattr(command, "commands", {}).values():
        _translate(below, language)


def _translate_parameter(parameter: Any, language: Language) -> None:
    if getattr(parameter, "help", None):
        parameter.help = paragraphs(parameter.help, language)
    words = load_area(_AREA, language)["metavars"]
    kind = parameter.type.name.upper()
    if parameter.metavar is not None:
        parameter.metavar = re.sub(
            r"[A-Z]{2,}", lambda found: words.get(found[0], found[0]), parameter.metavar
        )
    elif kind in words and parameter.param_type_name == "option":
        parameter.metavar = words[kind]


@contextmanager
def _own_words(module: ModuleType, language: Language) -> Iterator[None]:
    """Translate the titles that Typer keeps in a module's constants, while the block runs."""
    titles = load_area(_AREA, language)["titles"]
    before = {
        name: value for name, value in vars(module).items() if isinstance(value, str) and value in titles
    }
    vars(module).update({name: titles[value] for name, value in before.items()})
    try:
        yield
    finally:
        vars(module).update(before)


def _complaint(text: str, language: Language) -> str:
    for pattern, translation in load_area(_AREA, language)["complaints"].items():
        found = _matcher(pattern).fullmatch(text)
        if found is not None:
            parts = {name: _complaint(part, language) for name, part in found.groupdict().items()}
            return str(translation.format_map(parts))
    return told(Message(text), language)


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern)
    for place in places(pattern):
        escaped = escaped.replace(re.escape(f"{{{place}}}"), f"(?P<{place}>.+)", 1)
    return re.compile(escaped, re.DOTALL)
