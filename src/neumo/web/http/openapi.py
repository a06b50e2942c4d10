"""The OpenAPI document: FastAPI's own, with recorded examples and schemas of what is answered."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI

_JSON = "application/json"


def describe(app: FastAPI) -> None:
    """Complete an application's OpenAPI document: examples, schemas of answers; problems replace FastAPI's errors."""
    original: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            value = original()
            for path, methods in value["paths"].items():
                for method, operation in methods.items():
                    operation["responses"].pop("422", None)
                    _add_example(operation, examples().get(f"{method.upper()} {path}"))
            for name in ("HTTPValidationError", "ValidationError"):
                value.get("components", {}).get("schemas", {}).pop(name, None)
        return original()

    app.openapi = described  # type: ignore[method-assign]


@cache
def examples() -> Mapping[str, Any]:
    """Return what a server answered about the sample radiographs, by operation (`scripts/api_examples.py`)."""
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


def _add_example(operation: dict[str, Any], example: Mapping[str, Any] | None) -> None:
    if example is None:
        return
    answer = operation["responses"].setdefault(str(example["status"]), {"description": "Successful Response"})
    media = answer.setdefault("content", {}).setdefault(_JSON, {})
    media["schema"] = schema_of(example["response"])
    media["example"] = example["response"]
    body = operation.get("requestBody", {}).get("content", {}).get(_JSON)
    if body is not None and "request" in example:
        body["example"] = example["request"]
