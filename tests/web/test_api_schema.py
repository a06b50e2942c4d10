"""Fuzzing of the API from its OpenAPI document (schemathesis): no server error, responses as described."""

from pathlib import Path
from re import findall
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from tests.support.web_running import Running

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_nothing_made_up_makes_the_server_fail(server: Running) -> None:
    schema = schemathesis.openapi.from_url(f"{server.address}api/openapi.json")
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path == "/api/readings/changes":  # which streams until the page leaves
            continue

        @BOUNDED
        @given(case=operation.as_strategy())
        def made_up(case: schemathesis.Case[Any]) -> None:
            case.validate_response(case.call(timeout=30), checks=CHECKS)

        made_up()
        tried += 1
    assert tried > 20
    assert "request_failed" not in server.logged


def test_every_documented_request_is_described(web: httpx.Client) -> None:
    described = web.get("/api/openapi.json").json()["paths"]
    known = {
        (method.upper(), path.replace("{identifier}", "{id}"))
        for path in described
        for method in described[path]
    }
    text = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    written = {
        (m, p.rstrip("/")) for m, p in findall(r"`(GET|POST|PATCH|DELETE) (/(?:api|healthz)[^?`\s]*)", text)
    }
    ours = {(m, p) for m, p in written if p not in ("/api/openapi.json", "/api/docs")}
    assert len(ours) > 20 and ours <= known, ours - known
