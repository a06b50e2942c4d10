"""Whatever serves an answer counts as a view: over all routes of the API, against a real server."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.node_samples import radiograph, written
from tests.support.web_running import running

from neumo.web.people.accounts import (
    Preferences,
    Role,
    Scope,
    add_token,
    add_user,
    open_accounts,
    set_preferences,
)
from neumo.web.readings.rendering import MEDIA_TYPES

Call = Callable[[httpx.Client, int, int], httpx.Response]
"""Calls a route as a person, for a reading and another one of the same patient."""


def _get(path: str, **query: Any) -> Call:
    return lambda web, reading, other: web.get(path.format(reading=reading, other=other), params=query)


def _post(path: str, **body: Any) -> Call:
    return lambda web, reading, other: web.post(path.format(reading=reading, other=other), json=body)


def _upload(web: httpx.Client, reading: int, other: int) -> httpx.Response:
    return web.post("/api/readings", content=_FILM[0], headers={"Content-Type": "application/dicom"})


def _conflict(web: httpx.Client, reading: int, other: int) -> httpx.Response:
    body, tag = {"conclusion": "NORMAL"}, {"If-Match": '"r0"'}
    return web.post(f"/api/readings/{reading}/decisions", json=body, headers=tag)


def _changes(web: httpx.Client, reading: int, other: int) -> httpx.Response:
    with web.stream("GET", "/api/readings/changes", params={"after": 0}) as answer:
        lines = answer.iter_lines()
        told = next(line for line in lines if line.startswith("data:"))
        assert set(json.loads(told.removeprefix("data:"))) <= {"readings"}, "numbers, and no answers"
    return answer


_FILM: list[bytes] = []
_ONE = "/api/readings/{reading}"
SHOWING: dict[str, tuple[str, Call]] = {
    "upload": ("POST /api/readings", _upload),
    "worklist": ("GET /api/readings", _get("/api/readings")),
    "search": ("POST /api/readings/search", _post("/api/readings/search")),
    "reading": ("GET /api/readings/{identifier}", _get(_ONE)),
    "priors": ("GET /api/readings/{identifier}/priors", _get("/api/readings/{other}/priors")),
    "neighbours by answer": (
        "POST /api/readings/{identifier}/neighbours",
        _post("/api/readings/{other}/neighbours", sort="-pneumonia"),
    ),
    "heat map": ("GET /api/readings/{identifier}/heatmap.png", _get(f"{_ONE}/heatmap.png")),
    "posterior": ("GET /api/readings/{identifier}/posterior", _get(f"{_ONE}/posterior", prevalence=0.1)),
    **{
        name: ("GET /api/readings/{identifier}/files/{name}", _get(f"{_ONE}/files/{name}"))
        for name in MEDIA_TYPES
    },
    "decisions": ("GET /api/readings/{identifier}/decisions", _get(f"{_ONE}/decisions")),
    "conflict": ("POST /api/readings/{identifier}/decisions", _conflict),
    "export": ("GET /api/export", _get("/api/export")),
    "export of one": ("GET /api/export", lambda web, reading, _: web.get("/api/export", params={"id": reading})),
    "export of a search": ("POST /api/export", _post("/api/export", format="jsonl")),
}  # fmt: skip
"""Routes that serve an answer."""
SILENT: dict[str, tuple[str, Call]] = {
    "nothing": ("", lambda web, _reading, _other: web.get("/api/me")),
    "radiograph": ("GET /api/readings/{identifier}/image.png", _get(f"{_ONE}/image.png")),
    "grey levels": ("GET /api/readings/{identifier}/image.pgm", _get(f"{_ONE}/image.pgm")),
    "neighbours by time": (
        "POST /api/readings/{identifier}/neighbours",
        _post("/api/readings/{other}/neighbours"),
    ),
    "list of others": ("GET /api/readings", _get("/api/readings", source="elsewhere")),
    "live worklist": ("GET /api/readings/changes", _changes),
    "job": (
        "POST /api/readings",
        lambda web, _reading, _other: web.post(
            "/api/readings", params={"async": "1"}, files={"f": ("a.dcm", _FILM[0])}
        ),
    ),
}
"""Calls that serve none; the first makes sure that decisions can be blinded here at all."""
WITHOUT_READINGS = {
    "GET /api/bundle", "GET /api/compare", "GET /api/me", "PATCH /api/me", "POST /api/session", "DELETE /api/session",
    "GET /api/drafts", "PUT /api/drafts/{kind}/{reading}", "DELETE /api/drafts/{kind}/{reading}",
    "GET /api/session/oidc", "GET /api/session/oidc/callback", "GET /api/samples", "GET /api/samples/{name}",
    "GET /api/runs", "GET /api/runs/{name}", "GET /api/runs/{name}/figures/{part}/{file}", "GET /healthz",
    "GET /api/runs/{name}/images/{part}/{index}.png", "GET /api/runs/{name}/predictions",
    "GET /api/runs/{name}/subgroups", "GET /api/runs/{name}/thresholds",
    # Of many radiographs together, by an administrator; labels that people gave, and no answer.
    "GET /api/commissioning", "POST /api/commissioning/plan", "GET /api/commissioning/template",
    "POST /api/commissioning/table", "POST /api/commissioning/table/decisions", "GET /api/commissioning/table",
    "POST /api/commissioning/runs", "DELETE /api/commissioning/runs", "GET /api/commissioning/events",
    "POST /api/commissioning/runs/{run}/acceptance", "POST /api/commissioning/runs/{run}/signature",
    "GET /api/commissioning/runs/{run}/files/{name}",
    # What became of uploads (read or refused) and the numbers of their readings, but no answer.
    "GET /api/jobs/{identifier}", "DELETE /api/jobs/{identifier}", "GET /api/jobs/{identifier}/events",
    # Sent to the PACS; the person gets no more than its name.
    "POST /api/readings/{identifier}/send",
    # Answers as an upload does, with a new reading.
    "POST /api/readings/{identifier}/age-override",
    # Answers as GET of the reading does, by the same function; its content is gone then.
    "POST /api/readings/{identifier}/removal",
}  # fmt: skip

ELIMINATING: dict[str, Call] = {
    "filter": _post("/api/readings/search", verdict="no_pneumonia", source="elsewhere"),
    "count of one": _post("/api/readings/search", finding="NORMAL", q="nothing"),
    "conflicts": _get("/api/readings", disagreement=True, source="elsewhere"),
    "order": _get("/api/readings", sort="-pneumonia", source="elsewhere"),
    "neighbours": _post("/api/readings/{other}/neighbours", verdict="undetermined", source="elsewhere"),
    "export": _post("/api/export", verdict="pneumonia", source="elsewhere", format="jsonl"),
}
"""Searches by answers that leave the reading out, which tells that its answer is another one."""

PEOPLE = [f"p{number:02d}" for number in range(len(SHOWING) + len(SILENT) + len(ELIMINATING))]


@pytest.fixture(scope="module")
def people(
    tmp_path_factory: pytest.TempPathFactory, web_bundle: Path, radiographs: list[Path]
) -> Iterator[tuple[dict[str, httpx.Client], int, int, Any]]:
    """Somebody for each call, a reading of a DICOM film and another one of the same patient, and the accounts."""
    data = tmp_path_factory.mktemp("web-blinding") / "data"
    accounts = open_accounts(data)
    tokens = {}
    for name in (*PEOPLE, "ana"):
        add_user(accounts, name, None, Role.READER)
        tokens[name] = add_token(accounts, name, name, list(Scope))
    with running(data, web_bundle) as started:
        clients = {
            name: httpx.Client(
                base_url=started.address, timeout=60, headers={"Authorization": f"Bearer {token}"}
            )
            for name, token in tokens.items()
        }
        numbers = []
        for index, film in enumerate(radiographs[:6]):
            _FILM[:] = [written(radiograph(film), data / "film.dcm").read_bytes()]
            answer = clients["ana"].post(
                "/api/readings", content=_FILM[0], headers={"Content-Type": "application/dicom"}
            )
            if answer.json()["status"] == "read":
                numbers.append((answer.json()["id"], _FILM[0], index))
        (other, _, _), (reading, _FILM[0], _) = numbers[:2]
        body, tag = {"conclusion": "WRONG_IMAGE"}, {"If-Match": '"r0"'}
        clients["ana"].post(f"/api/readings/{reading}/decisions", json=body, headers=tag).raise_for_status()
        yield clients, reading, other, accounts
        for client in clients.values():
            client.close()
    accounts.dispose()


def _decide_blinded(people: Any, person: str) -> dict[str, Any]:
    """Switch blinded reading on, decide, and return the decision."""
    clients, reading, _, accounts = people
    set_preferences(accounts, person, Preferences(None, True))
    web, where = clients[person], f"/api/readings/{reading}/decisions"
    body = {"conclusion": "NORMAL", "note": person}
    stale = web.post(where, json=body, headers={"If-Match": '"r0"'}).json()
    assert stale["decisions"] == [], "nothing of the others' is told"
    answer = web.post(where, json=body, headers={"If-Match": f'"r{stale["revision"]}"'})
    assert answer.status_code == 201, answer.text
    decision: dict[str, Any] = answer.json()["decisions"][-1]
    assert decision["person"] == person
    return decision


@pytest.mark.parametrize("call", SHOWING)
def test_who_was_served_an_answer_by_any_route_is_not_blind(people: Any, call: str) -> None:
    clients, reading, other, _ = people
    person = PEOPLE[list(SHOWING).index(call)]
    answer = SHOWING[call][1](clients[person], reading, other)
    # That there is no key object tells the verdict too.
    assert answer.status_code == {"conflict": 412, "ko.dcm": 409}.get(call, 200), answer.text
    decision = _decide_blinded(people, person)
    assert decision["blinded"] is False and decision["shown_at"] < decision["at"]


@pytest.mark.parametrize("call", SILENT)
def test_who_was_served_none_is_blind(people: Any, call: str) -> None:
    clients, reading, other, _ = people
    person = PEOPLE[len(SHOWING) + list(SILENT).index(call)]
    assert SILENT[call][1](clients[person], reading, other).status_code in (200, 202)
    decision = _decide_blinded(people, person)
    assert decision["blinded"] is True and decision["at"] < decision["shown_at"]


@pytest.mark.parametrize("call", ELIMINATING)
def test_who_searched_by_answers_is_not_blind_to_what_was_left_out(people: Any, call: str) -> None:
    clients, reading, other, _ = people
    person = PEOPLE[len(SHOWING) + len(SILENT) + list(ELIMINATING).index(call)]
    answer = ELIMINATING[call](clients[person], reading, other)
    shown = [json.loads(line) for line in answer.text.splitlines()]
    for part in shown:
        part.pop("sequence", None)  # of changes to all readings: it may hold any digit
    assert answer.status_code == 200 and str(reading) not in json.dumps(shown)
    assert _decide_blinded(people, person)["blinded"] is False


def test_every_route_is_known_to_show_answers_or_not(people: Any) -> None:
    described = people[0]["ana"].get("/api/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    called = {route for route, _ in (*SHOWING.values(), *SILENT.values()) if route}
    assert routes == called | WITHOUT_READINGS


def test_a_program_that_may_not_read_learns_nothing_by_deciding(people: Any) -> None:
    clients, reading, _, accounts = people
    token = add_token(accounts, "writer", "ana", [Scope.DECISIONS_WRITE])
    headers = {"Authorization": f"Bearer {token}"}
    where, body = f"/api/readings/{reading}/decisions", {"conclusion": "NORMAL"}
    with httpx.Client(base_url=clients["ana"].base_url, headers=headers, timeout=60) as writer:
        stale = writer.post(where, json=body, headers={"If-Match": '"r0"'})
        assert stale.status_code == 412 and stale.json()["decisions"] == []
        made = writer.post(where, json=body, headers={"If-Match": f'"r{stale.json()["revision"]}"'})
        assert made.status_code == 201 and set(made.json()) == {"revision"}
