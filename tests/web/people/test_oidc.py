"""OpenID Connect login against a real identity provider on loopback."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from tests.support.http_server import QuietHandler, serving_with
from tests.support.web_running import PASSWORD, Running

from neumo.web.people.accounts import Role, add_user, open_accounts

KEY, OTHER = (RSAKey.generate_key(2048, auto_kid=True) for _ in range(2))


@dataclass
class Provider:
    """A stand-in OpenID Connect provider, and its faults."""

    address: str = ""
    person: str = "ana@hospital.example"
    changes: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    algorithm: str = "RS256"
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, str]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.address} | {name: f"{self.address}/{path}" for name, path in names.items()}

    def token(self, form: dict[str, str]) -> dict[str, str] | None:
        asked = self.asked.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["code_challenge_method"] != "S256":
            return None
        claims = {
            "iss": self.address,
            "aud": "neumo",
            "sub": "1",
            "email": self.person,
            "email_verified": True,
        }
        claims |= {
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "nonce": asked["nonce"],
        } | self.changes
        header = {"alg": self.algorithm, "kid": KEY.kid}
        signed = jwt.encode(header, claims, self.key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


class _Handler(QuietHandler):
    provider: Provider

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if where.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(where.query).items()}
            code = secrets.token_hex(8)
            self.provider.asked[code] = query
            self.send_response(302)
            back = urlencode({"code": code, "state": query["state"]})
            self.send_header("Location", f"{query['redirect_uri']}?{back}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        keys = KeySet([KEY]).as_dict(private=False)
        self._say(keys if where.path == "/keys" else self.provider.discovery())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        known = base64.b64encode(b"neumo:hidden").decode()
        allowed = self.headers.get("Authorization") == f"Basic {known}"
        token = self.provider.token(form) if allowed else None
        self._say(token or {"error": "invalid_grant"}, 200 if token else 400)

    def _say(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def providing(provider: Provider) -> Iterator[Provider]:
    handler = type("Handler", (_Handler,), {"provider": provider})
    with serving_with(handler) as address:
        provider.address = f"http://{address}"
        yield provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing(Provider()) as started:
        yield started


@pytest.fixture
def server(start: Callable[..., Running], tmp_path: Path, provider: Provider) -> Running:
    accounts = open_accounts(tmp_path / "data")
    add_user(accounts, "ana@hospital.example", None, Role.READER)
    accounts.dispose()
    secret = tmp_path / "oidc.secret"
    secret.write_text("hidden\n")
    settings = {"issuer": provider.address, "client_id": "neumo", "secret_file": str(secret)}
    return start(oidc=json.dumps(settings))


def logged_in_elsewhere(server: Running, browser: httpx.Client) -> httpx.Response:
    """Follow the way to the provider and back, to where a session begins or not."""
    away = browser.get(f"{server.address}api/session/oidc")
    assert away.status_code == 303
    return browser.get(browser.get(away.headers["location"]).headers["location"])


def test_whom_the_provider_knows_is_let_in(server: Running, provider: Provider) -> None:
    with httpx.Client(timeout=60) as browser:
        told = browser.get(f"{server.address}api/me").json()
        assert (told["code"], told["oidc"]) == ("not_logged_in", True)
        back = logged_in_elsewhere(server, browser)
        assert (back.status_code, back.headers["location"]) == (303, "/")
        me = browser.get(f"{server.address}api/me").json()
        assert (me["person"], me["roles"]) == ("ana@hospital.example", ["reader"])
        password = {"name": "ana@hospital.example", "password": PASSWORD}
        assert browser.post(f"{server.address}api/session", json=password).json()["code"] == "wrong_password"
        # An answer serves once.
        again = browser.get(str(back.request.url))
        assert (again.status_code, again.json()["code"]) == (401, "elsewhere_failed")
        shown = browser.get(again.url, headers={"Accept": "text/html"}, follow_redirects=False)
        assert (shown.status_code, shown.headers["location"]) == (303, "/login?problem=elsewhere_failed")

        for changes in (
            {"nonce": "another"},
            {"iss": "https://evil.example"},
            {"aud": "another"},
            {"aud": ["neumo", "another"], "azp": "another"},
            {"exp": 1},
            {"email_verified": False},
            {"email": None},
        ):
            provider.changes = changes
            refused = logged_in_elsewhere(server, browser)
            assert (refused.status_code, refused.json()["code"]) == (401, "elsewhere_failed"), changes
            assert "set-cookie" not in refused.headers
        provider.changes = {}
        provider.key = OTHER
        assert logged_in_elsewhere(server, browser).json()["code"] == "elsewhere_failed", (
            "signed by another key"
        )
        provider.key = KEY
        provider.person = "eve@hospital.example"
        assert logged_in_elsewhere(server, browser).json()["code"] == "unknown_person"
    assert "eve@" not in server.logged and "Traceback" not in server.logged


def test_an_answer_belongs_to_the_browser_that_asked(server: Running) -> None:
    with httpx.Client(timeout=60) as eve, httpx.Client(timeout=60) as ana:
        away = eve.get(f"{server.address}api/session/oidc")
        planted = eve.get(away.headers["location"]).headers["location"]
        assert ana.get(planted).json()["code"] == "elsewhere_failed", "ana never asked"
        ana.get(f"{server.address}api/session/oidc")
        assert ana.get(planted).json()["code"] == "elsewhere_failed", "ana asked for something else"


def test_a_provider_that_is_away_or_another_is_told(server: Running, provider: Provider) -> None:
    provider.discovery = lambda: {"issuer": "https://evil.example"}  # type: ignore[method-assign]
    answer = httpx.get(f"{server.address}api/session/oidc", timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (503, "elsewhere_unavailable")
    assert answer.headers["retry-after"]


def test_without_the_setting_there_is_no_such_way(start: Callable[..., Running]) -> None:
    server = start()
    assert httpx.get(f"{server.address}api/session/oidc").status_code == 404
