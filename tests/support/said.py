"""Messages in the sources: the English patterns of messages and errors, found in the syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer

import neumo.client.problems
import neumo.records.filters
import neumo.worker.reader_pool  # noqa: F401 - its errors are of the family
from neumo.cli.main import command_line
from neumo.core.errors import NeumoError

NEUMO = Path(str(files("neumo")))
SAYING = {"Message", "said", "say", "warn", "tell", "headings", "progress_bar"}
"""Functions whose literal arguments are sentences."""
_SECOND = {"ChildError", "FilterError"}
"""Errors whose first argument is a code or key."""


@dataclass(frozen=True)
class Said:
    """A call that says something: what is said, or None where it is no literal, and the names of its values."""

    place: str
    name: str
    pattern: str | None
    values: frozenset[str]
    source: str


def error_names() -> set[str]:
    """Names of all errors of the family."""

    def below(kind: type[Any]) -> Iterator[str]:
        yield kind.__name__
        for each in kind.__subclasses__():
            yield from below(each)

    return set(below(NeumoError))


@cache
def said_in_sources() -> tuple[Said, ...]:
    """Every error that is made and every sentence that is said, in the order of the files."""
    errors = error_names()
    found: list[Said] = []
    for file in sorted(NEUMO.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in errors | SAYING:
                found += _calls(f"{file.relative_to(NEUMO)}:{node.lineno}", name, node)
    return tuple(found)


def _calls(place: str, name: str, node: ast.Call) -> Iterator[Said]:
    given = node.args if name == "headings" else node.args[name in _SECOND :][:1]
    values = frozenset(keyword.arg for keyword in node.keywords if keyword.arg is not None)
    for argument in given:
        if isinstance(argument, ast.Constant) and argument.value == "":
            continue
        literal = argument.value if isinstance(argument, ast.Constant) else None
        yield Said(place, name, literal if isinstance(literal, str) else None, values, ast.unparse(argument))


@cache
def commands() -> dict[tuple[str, ...], Any]:
    """Every command and group by its words, as Typer builds them."""
    return dict(_below(typer.main.get_command(command_line()), ()))


def _below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from _below(each, (*path, name))


@cache
def help_texts() -> frozenset[str]:
    """Every paragraph of every help, on one line."""
    texts = (
        getattr(each, "help", None) for command in commands().values() for each in (command, *command.params)
    )
    lines = (" ".join(paragraph.split()) for text in texts if text for paragraph in text.split("\n\n"))
    return frozenset(filter(None, lines))
