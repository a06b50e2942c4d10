"""Faults of a request's values, in the person's language."""

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize(
    ("query", "english", "spanish"),
    [
        ({"limit": "many"}, "is not a whole number", "no es un número entero"),
        ({"limit": "0"}, "must be at least 1", "debe ser al menos 1"),
        ({"limit": "501"}, "must be at most 500", "debe ser como máximo 500"),
        ({"unknown": "1"}, "is not known here", "no se conoce aquí"),
        ({"cursor": "x" * 301}, "has more than 300 characters", "tiene más de 300 caracteres"),
        ({"decided": "perhaps"}, "is neither true nor false", "no es ni true ni false"),
        ({"sort": "name"}, "is not known; use", "no se conoce; use"),
        ({"from": "soon"}, "'soon' is no time; give a day", "'soon' no es una fecha; indique un día"),
        ({"cursor": "x"}, "'x' comes from no page of this order", "'x' no procede de ninguna página"),
    ],
)
def test_faults_of_values_are_said_in_both_languages(
    web: httpx.Client, query: dict[str, Any], english: str, spanish: str
) -> None:
    for language, said in (("en", english), ("es", spanish)):
        answer = web.get("/api/readings", params=query, headers={"Accept-Language": language})
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert fault["message"].startswith(said), fault


def test_faults_of_a_decision_are_said_in_both_languages(web: httpx.Client) -> None:
    body = {"conclusion": "NORMAL", "abnormality": "nodule"}
    for language, said in (("en", "say which one with"), ("es", "diga cuál con")):
        answer = web.post("/api/readings/1/decisions", json=body, headers={"Accept-Language": language})
        assert answer.status_code == 422
        assert said in answer.json()["errors"][0]["message"]
