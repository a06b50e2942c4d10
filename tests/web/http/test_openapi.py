"""The API's description: schemas, examples and problems of every operation, and a page on which each can be tried."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import neumo.web
from neumo.texts.catalogue import load_area
from neumo.web.http.error_answers import STATUS, errors_of
from neumo.web.http.openapi import examples, schema_of

SILENT = ("204", "303")
"""Statuses without a body."""
_RAISED = re.compile(r'(?:Problem\(\s*(\d{3}), "([a-z_]+)"(?: if [\w.]+ else "([a-z_]+)")?)')


@pytest.fixture
def operations(web: httpx.Client) -> dict[str, Any]:
    paths = web.get("/api/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def test_every_answer_has_a_schema_and_every_text_an_example(operations: dict[str, Any]) -> None:
    lacking = []
    for name, operation in operations.items():
        good = {status: answer for status, answer in operation["responses"].items() if status[0] in "23"}
        if not good:
            lacking.append(f"{name}: no answer")
        for status, answer in good.items():
            if status in SILENT:
                continue
            content = answer.get("content", {})
            if not content:
                lacking.append(f"{name} {status}: no content")
            for media, body in content.items():
                schema = body.get("schema")
                binary = schema == {"type": "string", "format": "binary"}
                if not schema or not (binary or "example" in body):
                    lacking.append(f"{name} {status} {media}")
                elif not binary and schema.get("type") in (["object", "null"], "object"):
                    several = len(content) > 1
                    if not (several or schema.get("properties")):
                        lacking.append(f"{name} {status} {media}: a schema without keys")
    assert lacking == []


def test_every_body_has_an_example(operations: dict[str, Any]) -> None:
    bodies = {
        name: operation["requestBody"]["content"]["application/json"]
        for name, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert len(bodies) > 6
    assert [name for name, body in bodies.items() if not body.get("example")] == []


def test_every_operation_names_its_problems_with_an_example(operations: dict[str, Any]) -> None:
    for name, operation in operations.items():
        errors = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        assert "500" in errors, name
        for status, answer in errors.items():
            body = answer["content"]["application/problem+json"]
            assert body["examples"], (name, status)
            for code, example in body["examples"].items():
                assert (example["value"]["status"], example["value"]["code"]) == (int(status), code)
                assert not re.search(r"[{}]", example["value"]["detail"]), (name, code)


def test_every_problem_that_is_raised_is_described_for_some_operation(operations: dict[str, Any]) -> None:
    room = Path(neumo.web.__file__).parent
    raised = {
        (int(status), code)
        for file in room.rglob("*.py")
        for status, *codes in _RAISED.findall(file.read_text(encoding="utf-8"))
        for code in codes
        if code
    }
    assert len(raised) > 30
    assert {(status, code) for status, code in raised if STATUS.get(code) != status} == set()
    described = {
        code
        for operation in operations.values()
        for answer in operation["responses"].values()
        for body in answer.get("content", {}).values()
        for code in body.get("examples", {})
    }
    # Told before an operation is known.
    assert set(STATUS) - described == {"wrong_host"}
    assert set(STATUS) <= set(load_area("errors", "en"))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("GET /api/readings/{identifier}", "/api/readings/999999"),
        ("GET /api/readings", "/api/readings?limit=0"),
        ("GET /api/runs", "/api/runs"),
        ("GET /api/jobs/{identifier}", "/api/jobs/none"),
        ("GET /api/readings/{identifier}/files/{name}", "/api/readings/999999/files/json"),
        ("GET /api/compare", "/api/compare?runs=a"),
        ("GET /api/session/oidc", "/api/session/oidc"),
    ],
)
def test_what_a_server_answers_is_among_the_problems(web: httpx.Client, name: str, path: str) -> None:
    answer = web.get(path)
    method, where = name.split(" ")
    assert answer.json()["code"] in errors_of(method, where, takes_values=True)[answer.status_code]


def test_every_example_is_of_an_operation_and_has_the_keys_of_the_real_answer(
    web: httpx.Client, operations: dict[str, Any]
) -> None:
    assert set(examples()) <= set(operations)
    for path in ("/api/me", "/healthz", "/api/samples", "/api/bundle"):
        example = examples()[f"GET {path}"]["answers"]["200"]["application/json"]
        assert set(web.get(path).json()) == set(example), path


def test_no_example_holds_a_secret_or_a_machine(operations: dict[str, Any]) -> None:
    text = str(examples())
    assert not re.search(r"[0-9a-f]{32}", text) and "/tmp" not in text and "/home" not in text
    assert "correct horse" not in text


def test_schemas_allow_what_has_the_types_of_the_example() -> None:
    schema = schema_of({"a": 1, "b": [True], "c": {"d": "e"}, "f": None, "g": []})
    assert schema["properties"]["a"] == {"type": ["number", "null"]}
    assert schema["properties"]["b"]["items"] == {"type": ["boolean", "null"]}
    assert schema["properties"]["c"]["properties"] == {"d": {"type": ["string", "null"]}}
    assert schema["properties"]["f"] == {} and schema["properties"]["g"]["items"] == {}


def test_the_page_describes_every_operation_and_loads_nothing_from_elsewhere(web: httpx.Client) -> None:
    for language, word in (("en", "Try it"), ("es", "Probar")):
        page = web.get("/api/docs", headers={"Accept-Language": language}).text
        count = sum(len(methods) for methods in web.get("/api/openapi.json").json()["paths"].values())
        assert page.count(f"<summary>{word}</summary>") == count
        assert page.count("<code>overloaded</code>") == count, "problems of each"
        assert "http://" not in page.replace("http://www.w3.org", "") and "<script>" not in page
