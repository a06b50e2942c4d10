"""Login, sessions, CSRF, rate limit, tokens and roles, against a real server with users."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.dicom_samples import dicom_file
from tests.support.waiting import wait_until
from tests.support.web_running import PASSWORD, Running, add_people, logged_in, running

from neumo.imaging import open_radiograph
from neumo.web.people.accounts import Scope, add_token, open_accounts, remove_token, remove_user, set_password


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("web-login") / "data"
    add_people(data, ana="reader", rita="researcher", adam="admin", gone="reader", forgetful="reader")
    with running(data, web_bundle, runs=data / "runs") as started:
        yield started


@pytest.fixture
def nobody(guarded: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.address, timeout=60) as client:
        yield client


def token(server: Running, label: str, name: str, *scopes: Scope) -> dict[str, str]:
    accounts = open_accounts(server.data)
    secret = add_token(accounts, label, name, scopes)
    accounts.dispose()
    return {"Authorization": f"Bearer {secret}"}


def test_without_login_nothing_is_told(nobody: httpx.Client) -> None:
    for path in ("/api/readings", "/api/readings/1", "/api/readings/1/image.png", "/api/export", "/api/bundle",
                 "/api/runs", "/api/jobs/1", "/api/jobs/1/events", "/api/readings/1/files/json"):  # fmt: skip
        answer = nobody.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in"), path
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert nobody.post("/api/readings", content=b"x").status_code == 401
    me = nobody.get("/api/me", headers={"Accept-Language": "es"}).json()
    assert me["language"] == "es" and me["languages"] == ["en", "es"] and "csrf_token" not in me
    assert nobody.get("/healthz").status_code == 200


def test_a_login_lasts_until_it_is_ended_on_the_server(guarded: Running) -> None:
    with logged_in(guarded.address, "ana") as ana:
        cookie = ana.cookies["neumo_session"]
        assert ana.get("/api/me").json()["roles"] == ["reader"]
        assert ana.delete("/api/session").status_code == 204
    with httpx.Client(base_url=guarded.address, cookies={"neumo_session": cookie}) as thief:
        assert thief.get("/api/me").json()["code"] == "not_logged_in"


def test_events_end_with_the_login(guarded: Running, radiographs: list[Path]) -> None:
    with logged_in(guarded.address, "ana") as ana, logged_in(guarded.address, "ana") as elsewhere:
        elsewhere.cookies, elsewhere.headers = ana.cookies, ana.headers
        files = [("files", (f"{i}.jpeg", file.read_bytes())) for i, file in enumerate(radiographs * 4)]
        job = ana.post("/api/readings?async=1", files=files).headers["location"]
        with ana.stream("GET", f"{job}/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: job"
            assert elsewhere.delete("/api/session").status_code == 204
            told = [line for line in lines if line.startswith("event:")]
        assert "event: end" not in told and told.count("event: file") < 2 * len(files)


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(nobody: httpx.Client) -> None:
    answer = nobody.post("/api/session", json={"name": "adam", "password": PASSWORD})
    parts = [part.strip().lower() for part in answer.headers["set-cookie"].split(";")]
    assert {"httponly", "samesite=strict", "path=/"} <= set(parts)
    assert answer.json()["csrf_token"] not in answer.headers["set-cookie"]


def test_a_cookie_that_was_changed_is_none(guarded: Running) -> None:
    with logged_in(guarded.address, "ana") as ana:
        cookie = ana.cookies["neumo_session"]
    secret, signature = cookie.rsplit(".", 1)
    for forged in (f"{secret.swapcase()}.{signature}", secret, f"{secret}.", f".{signature}", "", "é"):
        answer = httpx.get(
            f"{guarded.address}api/me", headers={b"Cookie": f"neumo_session={forged}".encode()}
        )
        assert answer.status_code == 401


def test_changes_need_this_sessions_csrf_token(guarded: Running) -> None:
    with logged_in(guarded.address, "ana") as ana, logged_in(guarded.address, "adam") as adam:
        for token_ in ("", "no", adam.headers["X-CSRF-Token"], "é"):
            wrong = {b"X-CSRF-Token": token_.encode()}
            answer = ana.patch("/api/me", json={"language": "es"}, headers=wrong)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
            assert ana.post("/api/readings", content=b"x", headers=wrong).status_code == 403
            assert ana.delete("/api/session", headers=wrong).status_code == 403
        assert ana.patch("/api/me", json={"language": "en"}).status_code == 200


def test_guessing_is_slowed_down_by_name_and_by_address(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    add_people(tmp_path / "data", ana="reader", eve="reader")
    server = start(sessions__attempts=3)
    with httpx.Client(base_url=server.address, timeout=60) as web:

        def tried(name: str, password: str) -> httpx.Response:
            return web.post("/api/session", json={"name": name, "password": password})

        assert [tried("ana", "wrong").status_code for _ in range(2)] == [401, 401]
        # Her own login does not give eve's address fresh guesses.
        assert tried("eve", PASSWORD).status_code == 200
        assert tried("ana", "wrong").status_code == 401
        late = tried("ana", PASSWORD)
        assert (late.status_code, late.json()["code"]) == (429, "too_many_attempts")
        assert 1 <= int(late.headers["retry-after"]) <= 6
        assert tried("nobody", "wrong").status_code == 429


def test_odd_credentials_are_refused_clearly(nobody: httpx.Client) -> None:
    right = {"name": "ana", "password": "x"}
    wrong: tuple[Any, ...] = ({}, [], None, {"name": "ana"}, right | {"name": ""}, right | {"name": ["ana"]})
    for body in (*wrong, right | {"password": "x" * 2000}, right | {"role": "admin"}):
        answer = nobody.post("/api/session", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert "x" * 100 not in answer.text
    assert nobody.post("/api/session", content=b"{").json()["code"] == "invalid"


def test_roles(guarded: Running) -> None:
    with logged_in(guarded.address, "ana") as ana, logged_in(guarded.address, "rita") as rita:
        refused = ana.get("/api/runs")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert ana.get("/api/compare", params={"runs": "a,b"}).status_code == 403
        assert rita.get("/api/runs").status_code != 403
        assert ana.get("/api/bundle").status_code == rita.get("/api/readings").status_code == 200


def test_tokens_do_what_their_scopes_say(
    guarded: Running, nobody: httpx.Client, radiographs: list[Path]
) -> None:
    sender = token(guarded, "sender", "ana", Scope.READINGS_WRITE)
    looker = token(guarded, "looker", "ana", Scope.READINGS_READ)
    picture = {"Content-Type": "image/jpeg"}
    sent = nobody.post("/api/readings", content=radiographs[0].read_bytes(), headers=sender | picture)
    assert sent.status_code in (200, 201), "no CSRF token is asked of a program"
    assert nobody.get("/api/readings", headers=sender).status_code == 403
    assert nobody.get(sent.headers["location"], headers=looker).json()["status"] == "read"
    refused = nobody.post("/api/readings", content=radiographs[1].read_bytes(), headers=looker | picture)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    decision = {"conclusion": "NORMAL"}
    place = f"{sent.headers['location']}/decisions"
    assert nobody.post(place, json=decision, headers=looker | {"If-Match": '"r0"'}).status_code == 403
    reckless = token(guarded, "reckless", "ana", *Scope)
    assert nobody.get("/api/runs", headers=reckless).status_code == 403, "a token can no more than its person"


def test_a_removed_token_or_person_is_out_at_once(guarded: Running, nobody: httpx.Client) -> None:
    headers = token(guarded, "old", "gone", Scope.READINGS_READ)
    other = token(guarded, "other", "gone", Scope.READINGS_READ)
    accounts = open_accounts(guarded.data)
    with logged_in(guarded.address, "gone") as gone, logged_in(guarded.address, "forgetful") as forgetful:
        remove_token(accounts, "old")
        assert nobody.get("/api/readings", headers=headers).json()["code"] == "bad_token"
        remove_user(accounts, "gone")
        assert gone.get("/api/readings").status_code == 401
        assert nobody.get("/api/readings", headers=other).status_code == 401
        set_password(accounts, "forgetful", "another long password")
        assert forgetful.get("/api/me").status_code == 401
    accounts.dispose()


def test_a_session_ends(start: Callable[..., Running], tmp_path: Path) -> None:
    add_people(tmp_path / "data", ana="reader")
    server = start(sessions__hours=1 / 3600)
    with logged_in(server.address, "ana") as ana:  # it states who is logged in, by the new session
        wait_until(lambda: ana.get("/api/me").status_code != 200)
        assert ana.get("/api/me").json()["code"] == "not_logged_in"


def test_adding_the_first_person_closes_an_open_server(start: Callable[..., Running], tmp_path: Path) -> None:
    server = start()
    with httpx.Client(base_url=server.address) as web:
        assert web.get("/api/me").json()["login"] is False
        assert web.post("/api/session", json={"name": "a", "password": "b"}).status_code == 404
        add_people(tmp_path / "data", ana="reader")
        assert web.get("/api/readings").json()["code"] == "not_logged_in"
        with logged_in(server.address, "ana") as ana:
            assert ana.get("/api/me").json()["login"] is True


def test_secrets_are_kept_nowhere(guarded: Running, nobody: httpx.Client) -> None:
    secret = token(guarded, "hidden", "adam", Scope.READINGS_READ)["Authorization"].split()[1]
    with logged_in(guarded.address, "adam") as adam:
        session = adam.cookies["neumo_session"].split(".")[0]
        adam.get("/api/me")
        kept = b"".join(file.read_bytes() for file in guarded.data.glob("users.db*"))
    for hidden in (secret, session, PASSWORD):
        assert hidden.encode() not in kept and hidden not in guarded.logged
    assert b"$argon2id$" in kept
    assert {oct(file.stat().st_mode & 0o077) for file in guarded.data.glob("*.key")} == {"0o0"}
    assert guarded.data.stat().st_mode & 0o077 == 0


def test_who_may_decide_and_not_read_is_told_nothing_of_a_reading(
    guarded: Running, radiographs: list[Path]
) -> None:
    with (
        logged_in(guarded.address, "ana") as ana,
        httpx.Client(
            base_url=guarded.address,
            timeout=60,
            headers=token(guarded, "writes only", "ana", Scope.DECISIONS_WRITE),
        ) as writer,
    ):
        number = ana.post(
            "/api/readings", content=radiographs[0].read_bytes(), headers={"Content-Type": "image/jpeg"}
        ).json()["id"]
        address = f"/api/readings/{number}/decisions"
        body = {"conclusion": "NORMAL", "note": "a secret note"}
        assert ana.post(address, json=body, headers={"If-Match": '"r0"'}).status_code == 201
        late = writer.post(address, json={"conclusion": "NORMAL"}, headers={"If-Match": '"r0"'})
        assert (late.status_code, late.json()["code"], late.json()["revision"]) == (
            412,
            "decided_meanwhile",
            1,
        )
        assert late.json()["decisions"] == [] and "secret" not in late.text
        taken = writer.post(address, json={"conclusion": "NORMAL"}, headers={"If-Match": '"r1"'})
        assert (taken.status_code, taken.json()) == (201, {"revision": 2})
        assert writer.get(address).status_code == 403


def test_who_may_not_read_is_told_nothing_of_others_by_sending_overriding_and_removing(
    guarded: Running, radiographs: list[Path]
) -> None:
    pixels = open_radiograph(radiographs[1]).pixels
    film = dicom_file(pixels, PatientAge="043Y", PatientName="Quijano^Dulcinea", ViewPosition="PA")
    head = {"Content-Type": "application/dicom"}
    scopes = [Scope.DECISIONS_WRITE, Scope.READINGS_WRITE]
    with (
        logged_in(guarded.address, "ana") as ana,
        httpx.Client(
            base_url=guarded.address, timeout=60, headers=token(guarded, "blind", "ana", *scopes)
        ) as blind,
    ):
        sent = ana.post("/api/readings", content=film, headers=head).json()
        decision = {"conclusion": "NORMAL", "note": "a secret note"}
        place = f"/api/readings/{sent['id']}"
        assert ana.post(f"{place}/decisions", json=decision, headers={"If-Match": '"r0"'}).status_code == 201
        again = blind.post("/api/readings", content=film, headers=head)
        assert again.status_code == 200 and again.json()["decision"] is None and "secret" not in again.text
        overridden = blind.post(f"{place}/age-override", json={"reason": "small"})
        assert overridden.status_code == 201 and set(overridden.json()) == {"id"}
        assert blind.get(overridden.headers["location"]).status_code == 403
        removed = blind.post(f"{place}/removal", json={"reason": "duplicate"})
        assert (removed.status_code, removed.json()) == (200, {"id": sent["id"], "purged": True})
