"""The API's description: schemas and examples of every answer in JSON, and a page on which each can be tried."""

import httpx

from neumo.web.http.openapi import examples, schema_of

WITHOUT = {"/api/runs", "/api/compare", "/api/session", "/api/export"}
"""Beginnings of what needs runs or people, or streams."""


def test_answers_in_json_have_a_schema_and_an_example(web: httpx.Client) -> None:
    paths = web.get("/api/openapi.json").json()["paths"]
    bare = [
        f"{method} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method == "get" and not any(path.startswith(begin) for begin in WITHOUT)
        for answer in [operation["responses"].get("200", {})]
        if "application/json" in answer.get("content", {})
        and "example" not in answer["content"]["application/json"]
    ]
    assert bare == []
    for operation in examples():
        method, path = operation.split(" ")
        assert method.lower() in paths[path], operation


def test_an_example_has_the_keys_of_the_real_answer(web: httpx.Client) -> None:
    for path in ("/api/me", "/healthz", "/api/samples", "/api/bundle"):
        assert set(web.get(path).json()) == set(examples()[f"GET {path}"]["response"]), path


def test_schemas_allow_what_has_the_types_of_the_example() -> None:
    schema = schema_of({"a": 1, "b": [True], "c": {"d": "e"}, "f": None, "g": []})
    assert schema["properties"]["a"] == {"type": ["number", "null"]}
    assert schema["properties"]["b"]["items"] == {"type": ["boolean", "null"]}
    assert schema["properties"]["c"]["properties"] == {"d": {"type": ["string", "null"]}}
    assert schema["properties"]["f"] == {} and schema["properties"]["g"]["items"] == {}


def test_the_page_describes_every_operation_and_loads_nothing_from_elsewhere(web: httpx.Client) -> None:
    for language, word in (("en", "Try it"), ("es", "Probar")):
        page = web.get("/api/docs", headers={"Accept-Language": language}).text
        assert page.count(f"<summary>{word}</summary>") == sum(
            len(methods) for methods in web.get("/api/openapi.json").json()["paths"].values()
        )
        assert "http://" not in page.replace("http://www.w3.org", "") and "<script>" not in page
