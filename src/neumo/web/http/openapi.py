"""The OpenAPI document: FastAPI's own, with recorded examples and schemas of what is answered, and with problems."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from fastapi import FastAPI

from neumo.web.http.error_answers import error_examples, errors_of
from neumo.web.http.event_stream import EVENT_MEDIA, EVENT_SCHEMA

_JSON: Final = "application/json"
_PROBLEM_TYPE: Final = "application/problem+json"
PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
}
"""Schema of a problem (RFC 9457)."""


def describe(app: FastAPI) -> None:
    """Complete an application's OpenAPI document: examples, schemas of answers; problems replace FastAPI's errors."""
    original: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            value = original()
            for path, methods in value["paths"].items():
                for method, operation in methods.items():
                    operation["responses"].pop("422", None)
                    _add_examples(operation, examples().get(f"{method.upper()} {path}", {}))
                    _add_errors(operation, method.upper(), path)
            for name in ("HTTPValidationError", "ValidationError"):
                value.get("components", {}).get("schemas", {}).pop(name, None)
        return original()

    app.openapi = described  # type: ignore[method-assign]


@cache
def examples() -> Mapping[str, Any]:
    """Return what a server asked about sample radiographs answered, by operation (`scripts/api_examples.py`).

    Of each operation `request`, its body, where it has one, and `answers` by status: the description, or a mapping of
    media types to examples; null as an example where an answer is no text.
    """
    text = (files("neumo.web") / "routes" / "examples.json").read_text(encoding="utf-8")
    recorded: Mapping[str, Any] = json.loads(text)
    return recorded


def schema_of(value: Any) -> dict[str, Any]:
    """Return a schema that an example matches, and others whose values have the same types or are null."""
    match value:
        case bool():
            return {"type": ["boolean", "null"]}
        case int() | float():
            return {"type": ["number", "null"]}
        case str():
            return {"type": ["string", "null"]}
        case list():
            return {"type": ["array", "null"], "items": schema_of(value[0]) if value else {}}
        case dict():
            properties = {key: schema_of(entry) for key, entry in value.items()}
            return {"type": ["object", "null"], "properties": properties}
    return {}


def _add_examples(operation: dict[str, Any], recorded: Mapping[str, Any]) -> None:
    for status, content in recorded.get("answers", {}).items():
        answer = operation["responses"].setdefault(status, {"description": "Successful Response"})
        for media, example in content.items():
            described = answer.setdefault("content", {}).setdefault(media, {})
            if example is None:
                described["schema"] = {"type": "string", "format": "binary"}
            else:
                described |= {"schema": _schema(media, example, several=len(content) > 1), "example": example}
    body = operation.get("requestBody", {}).get("content", {}).get(_JSON)
    if body is not None and "request" in recorded:
        body["example"] = recorded["request"]


def _schema(media: str, example: Any, *, several: bool) -> dict[str, Any]:
    if media == EVENT_MEDIA:
        return EVENT_SCHEMA
    if "json" not in media or isinstance(example, str):
        return {"type": "string"}
    # One address gives files of several kinds, of which one is the example.
    return {"type": ["object", "null"]} if several else schema_of(example)


def _add_errors(operation: dict[str, Any], method: str, path: str) -> None:
    takes_values = bool(operation.get("parameters") or operation.get("requestBody"))
    for status, codes in errors_of(method, path, takes_values=takes_values).items():
        content = {"schema": PROBLEM, "examples": error_examples(codes)}
        operation["responses"][str(status)] = {
            "description": ", ".join(codes),
            "content": {_PROBLEM_TYPE: content},
        }
    operation["responses"]["default"] = {
        "description": "A problem",
        "content": {_PROBLEM_TYPE: {"schema": PROBLEM}},
    }
