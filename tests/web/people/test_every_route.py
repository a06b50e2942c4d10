"""Every operation of the application against every kind of credential: who gets past its guard, and who does not."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route
from tests.support.web_running import PASSWORD, add_people, client_of, workbench_without_readers

from neumo.web.app import create_app
from neumo.web.people.accounts import Scope, add_token, remove_token, set_verifier
from neumo.web.people.verifier import Verifier
from neumo.web.workbench import Workbench

ANYBODY, PERSON, BROWSER = "anybody", "person", "person in a browser"
READ, UPLOAD, DECIDE, VERIFY, RESEARCH = "read", "upload", "decide", "verify", "research"
ADMINISTER = "administrator in a browser"
GUARDS = {
    "GET /healthz": ANYBODY,
    "GET /": ANYBODY,
    "GET /worklist": ANYBODY,
    "GET /readings/{identifier}": ANYBODY,
    "GET /research": ANYBODY,
    "GET /bundle": ANYBODY,
    "GET /commissioning": ANYBODY,
    "GET /settings": ANYBODY,
    "GET /login": ANYBODY,
    "GET /texts/{language}.json": ANYBODY,
    "GET /api/docs": ANYBODY,
    "GET /api/openapi.json": ANYBODY,
    "POST /api/session": ANYBODY,
    "GET /api/session/oidc": ANYBODY,
    "GET /api/session/oidc/callback": ANYBODY,
    "DELETE /api/session": PERSON,
    "GET /api/me": PERSON,
    "PATCH /api/me": BROWSER,
    "GET /api/drafts": BROWSER,
    "PUT /api/drafts/{kind}/{reading}": BROWSER,
    "DELETE /api/drafts/{kind}/{reading}": BROWSER,
    "POST /api/readings": UPLOAD,
    "GET /api/readings": READ,
    "GET /api/readings/changes": READ,
    "POST /api/readings/search": READ,
    "GET /api/readings/{identifier}": READ,
    "POST /api/readings/{identifier}/neighbours": READ,
    "GET /api/readings/{identifier}/priors": READ,
    "GET /api/readings/{identifier}/image.png": READ,
    "GET /api/readings/{identifier}/image.pgm": READ,
    "GET /api/readings/{identifier}/heatmap.png": READ,
    "GET /api/readings/{identifier}/posterior": READ,
    "GET /api/readings/{identifier}/files/{name}": READ,
    "GET /api/readings/{identifier}/decisions": READ,
    "POST /api/readings/{identifier}/decisions": DECIDE,
    "POST /api/readings/{identifier}/age-override": DECIDE,
    "POST /api/readings/{identifier}/removal": UPLOAD,
    "POST /api/readings/{identifier}/send": VERIFY,
    "GET /api/jobs/{identifier}": UPLOAD,
    "DELETE /api/jobs/{identifier}": UPLOAD,
    "GET /api/jobs/{identifier}/events": UPLOAD,
    "GET /api/export": READ,
    "POST /api/export": READ,
    "GET /api/bundle": READ,
    "GET /api/samples": READ,
    "GET /api/samples/{name}": READ,
    "GET /api/runs": RESEARCH,
    "GET /api/runs/{name}": RESEARCH,
    "GET /api/runs/{name}/figures/{part}/{file}": RESEARCH,
    "GET /api/runs/{name}/predictions": RESEARCH,
    "GET /api/runs/{name}/images/{part}/{index}.png": RESEARCH,
    "GET /api/runs/{name}/thresholds": RESEARCH,
    "GET /api/runs/{name}/subgroups": RESEARCH,
    "GET /api/compare": RESEARCH,
    "GET /api/commissioning": ADMINISTER,
    "POST /api/commissioning/plan": ADMINISTER,
    "GET /api/commissioning/template": ADMINISTER,
    "POST /api/commissioning/table": ADMINISTER,
    "POST /api/commissioning/table/decisions": ADMINISTER,
    "GET /api/commissioning/table": ADMINISTER,
    "POST /api/commissioning/runs": ADMINISTER,
    "DELETE /api/commissioning/runs": ADMINISTER,
    "GET /api/commissioning/events": ADMINISTER,
    "POST /api/commissioning/runs/{run}/acceptance": ADMINISTER,
    "POST /api/commissioning/runs/{run}/signature": ADMINISTER,
    "GET /api/commissioning/runs/{run}/files/{name}": ADMINISTER,
}
"""Who may use each operation; one that is not listed fails the test, so that no new one is left without a guard."""
ENDLESS = {"GET /api/readings/changes"}
"""Operations that answer an authorised request with an endless event stream."""
BODIES = {
    "PATCH /api/me": "{}",
    "PUT /api/drafts/{kind}/{reading}": '{"text": "x"}',
    "POST /api/session": "{}",
}
PLACES = {
    "identifier": "999999", "reading": "999999", "kind": "decision", "name": "none", "part": "test", "index": "0",
    "file": "none.png", "language": "en", "run": "none",
}  # fmt: skip
SAFE = {"GET", "HEAD"}


@dataclass(frozen=True)
class Credential:
    """Headers, and the guards that they get past; `valid` where they say who asks."""

    headers: dict[str, str]
    passes: frozenset[str] = frozenset()
    valid: bool = True
    changes: bool = field(default=True)
    """Whether the credentials allow changes; a session without its CSRF token does not."""

    def expected(self, method: str, guard: str) -> set[int]:
        """Return the statuses with which the guard may answer; empty where it must let pass."""
        if guard == ANYBODY:
            return set()
        if not self.valid:
            return {401}
        return set() if guard in self.passes and (self.changes or method in SAFE) else {403}


ALL = frozenset({PERSON, BROWSER, READ, UPLOAD, DECIDE, VERIFY, RESEARCH, ADMINISTER})
OF_SCOPE = {
    Scope.READINGS_READ: READ,
    Scope.READINGS_WRITE: UPLOAD,
    Scope.DECISIONS_WRITE: DECIDE,
    Scope.RESEARCH_READ: RESEARCH,
    Scope.REPORTS_VERIFY: VERIFY,
}


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Workbench]:
    """A workbench whose readers are never started, since no request here gets as far as one."""
    data = tmp_path_factory.mktemp("routes") / "data"
    (data / "runs").mkdir(parents=True, mode=0o700)
    add_people(data, ana="reader", rita="researcher", adam="admin", vera="reader")
    with workbench_without_readers(data, web_bundle, runs=data / "runs") as opened:
        set_verifier(opened.accounts, "vera", Verifier("Vera^Dra", "Hospital"))
        set_verifier(opened.accounts, "adam", Verifier("Adam^Dr", "Hospital"))
        yield opened


def session(workbench: Workbench, name: str) -> dict[str, str]:
    async def logged_in() -> httpx.Response:
        async with client_of(workbench) as web:
            return await web.post("/api/session", json={"name": name, "password": PASSWORD})

    answer = asyncio.run(logged_in())
    assert answer.status_code == 200, answer.text
    cookie = {"Cookie": f"neumo_session={answer.cookies['neumo_session']}"}
    return cookie | {"X-CSRF-Token": answer.json()["csrf_token"]}


def credentials(workbench: Workbench) -> Iterator[tuple[str, Credential]]:
    """Yield each kind of credential by name: of people what a role may not do, of tokens each scope by itself."""
    own = frozenset({PERSON, BROWSER, READ, UPLOAD})
    people = {
        "ana": (own | {DECIDE}, [Scope.RESEARCH_READ, Scope.REPORTS_VERIFY]),
        "vera": (own | {DECIDE, VERIFY}, []),
        "rita": (own | {RESEARCH}, [Scope.DECISIONS_WRITE]),
        "adam": (ALL, list(Scope)),
    }
    sessions = {name: session(workbench, name) for name in people}
    for name, (passes, scopes) in people.items():
        yield f"session of {name}", Credential(sessions[name], passes)
        for scope in scopes:
            secret = add_token(workbench.accounts, f"{name} {scope}", name, [scope])
            may = passes & {PERSON, OF_SCOPE[scope]}
            yield f"token of {name}, {scope}", Credential({"Authorization": f"Bearer {secret}"}, may)
    cookie = {"Cookie": session(workbench, "adam")["Cookie"]}
    yield "session without its CSRF token", Credential(cookie, ALL, changes=False)
    forged = cookie | {"X-CSRF-Token": sessions["ana"]["X-CSRF-Token"]}
    yield "session with another's CSRF token", Credential(forged, ALL, changes=False)
    gone = add_token(workbench.accounts, "gone", "adam", list(Scope))
    remove_token(workbench.accounts, "gone")
    yield "removed token", Credential({"Authorization": f"Bearer {gone}"}, valid=False)
    yield "forged cookie", Credential({"Cookie": "neumo_session=x.y"}, valid=False)
    yield "nobody", Credential({}, valid=False)


def routes(workbench: Workbench) -> Iterator[tuple[str, str]]:
    """Yield method and path of every operation."""
    waiting: list[Any] = list(create_app(workbench).routes)
    while waiting:
        route = waiting.pop(0)
        if isinstance(route, Mount):
            assert route.path == "/static", "another application is mounted, whose guard nobody looks at"
        elif isinstance(route, Route):
            yield from ((method, route.path) for method in sorted((route.methods or set()) - {"HEAD"}))
        else:
            waiting += route.original_router.routes  # an included router of FastAPI


def test_each_operation_has_a_guard_that_is_listed_here(workbench: Workbench) -> None:
    assert {f"{method} {path}" for method, path in routes(workbench)} == set(GUARDS)


def test_who_gets_past_the_guard_of_each_operation(workbench: Workbench) -> None:
    known = list(credentials(workbench))
    asyncio.run(_ask_all(workbench, known))


async def _ask_all(workbench: Workbench, known: list[tuple[str, Credential]]) -> None:
    # The last operation is the end of the session itself.
    operations = sorted(routes(workbench), key=lambda operation: operation == ("DELETE", "/api/session"))
    async with client_of(workbench) as web:
        for name, credential in known:
            for method, path in operations:
                route = f"{method} {path}"
                refusals = credential.expected(method, GUARDS[route])
                if (route in ENDLESS and not refusals) or (GUARDS[route] == ANYBODY and name != "nobody"):
                    continue
                web.cookies.clear()
                answer = await web.send(_request(web, method, path, credential))
                told = (name, route, answer.status_code, answer.text[:200])
                if refusals:
                    assert answer.status_code in refusals, told
                else:
                    assert answer.status_code not in (401, 403), told
                    assert answer.status_code < 500 or path == "/healthz", told  # no reader runs


def _request(web: httpx.AsyncClient, method: str, path: str, credential: Credential) -> httpx.Request:
    body = None if method in SAFE else BODIES.get(f"{method} {path}", "")
    kind = {} if body is None else {"Content-Type": "application/json"}
    return web.build_request(method, path.format(**PLACES), content=body, headers=credential.headers | kind)
