"""`neumo user` and `neumo token`, as somebody at a terminal gives them."""

import io
import sys
from pathlib import Path

import pytest
from tests.support.commands import call_neumo, run_neumo

from neumo.web.people.accounts import Role, Scope, begin_session, open_accounts, user_of_token, users

GOOD = "correct horse battery"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "web"


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_people_come_and_go(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, f"{GOOD}\n")
    assert "ana can log in" in call_neumo(capsys, "user", "add", "ana", "--role", "admin", "--data", data)
    listed = call_neumo(capsys, "user", "list", "--data", data)
    assert "ana" in listed and "admin" in listed and GOOD not in listed
    typed(monkeypatch, "another long password\n")
    assert "another password" in call_neumo(capsys, "user", "password", "ana", "--data", data)
    call_neumo(capsys, "user", "remove", "ana", "--data", data)
    assert "ana" not in call_neumo(capsys, "user", "list", "--data", data)


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [("ana", "short", "12 to 256"), ("Ana Pérez", GOOD, "cannot be used"), ("local", GOOD, "cannot be used")],
)
def test_what_cannot_be_used_is_told(
    data: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    password: str,
    told: str,
) -> None:
    typed(monkeypatch, f"{password}\n")
    said = call_neumo(capsys, "user", "add", name, "--data", data, status=2)
    assert told in " ".join(said.split()) and "short" not in said.replace("too short", "")
    accounts = open_accounts(data)
    assert users(accounts) == ()
    accounts.dispose()


def test_names_are_taken_once_and_unknown_ones_told(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for status in (0, 2):
        typed(monkeypatch, f"{GOOD}\n")
        call_neumo(capsys, "user", "add", "ana", "--data", data, status=status)
    for command in ("remove", "password"):
        typed(monkeypatch, f"{GOOD}\n")
        assert "neumo user list" in call_neumo(capsys, "user", command, "eve", "--data", data, status=2)
    assert "reader, researcher" in call_neumo(
        capsys, "user", "add", "eve", "--role", "king", "--data", data, status=2
    )


def test_who_logs_in_elsewhere_needs_no_password(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_neumo(capsys, "user", "add", "ana@hospital.example", "--no-password", "--data", data)
    accounts = open_accounts(data)
    assert [user.name for user in users(accounts)] == ["ana@hospital.example"]
    assert begin_session(accounts, "ana@hospital.example", "none", 1) is None
    accounts.dispose()


def test_tokens_come_and_go(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, f"{GOOD}\n")
    call_neumo(capsys, "user", "add", "ana", "--data", data)
    given = ("token", "add", "pacs", "--user", "ana", "--scope", "readings:write", "--data", data)
    secret = call_neumo(capsys, *given).strip()
    accounts = open_accounts(data)
    found = user_of_token(accounts, secret)
    assert found is not None and found[0].role is Role.READER and found[1] == {Scope.READINGS_WRITE}
    listed = call_neumo(capsys, "token", "list", "--data", data)
    assert "pacs" in listed and "readings:write" in listed and secret not in listed
    assert "already" in call_neumo(capsys, *given, status=2)
    call_neumo(capsys, "token", "remove", "pacs", "--data", data)
    assert user_of_token(accounts, secret) is None
    accounts.dispose()
    assert "token list" in call_neumo(capsys, "token", "remove", "pacs", "--data", data, status=2)
    unknown = call_neumo(capsys, *given[:6], "everything", "--data", data, status=2)
    assert "readings:read" in unknown


def test_serving_to_others_needs_users(data: Path) -> None:
    said = run_neumo("serve", "--no-browser", "--host", "0.0.0.0", "--port", "0", "--data", data, status=2)
    assert "neumo user add NAME --role admin" in " ".join(said.split())


def test_settings_faults_are_all_told(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text("listen: {prot: 80}\nlimits: {files: 0}\n")
    said = " ".join(run_neumo("serve", "--config", file, "--no-browser", status=2).split())
    assert "2 faults" in said and "listen.prot" in said and "limits.files" in said


def test_the_right_to_verify_is_given_and_taken(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, role in (("ana", "reader"), ("rita", "researcher")):
        typed(monkeypatch, f"{GOOD}\n")
        call_neumo(capsys, "user", "add", name, "--role", role, "--data", data)
    verifier = ("user", "verifier", "ana", "--data", data)
    named = ("--name", "García^Ana", "--organization", "Hospital")
    assert "as García^Ana" in call_neumo(capsys, *verifier, *named)
    assert "García^Ana, Hospital" in call_neumo(capsys, "user", "list", "--data", data)
    for wrong in ((), named[:2], (*named, "--remove"), ("--name", "Ana", "--organization", "H")):
        call_neumo(capsys, *verifier, *wrong, status=2)
    for name, told in (("rita", "researcher"), ("eve", "neumo user list")):
        assert told in call_neumo(capsys, "user", "verifier", name, *named, "--data", data, status=2)
    assert "verifies no reports" in call_neumo(capsys, *verifier, "--remove")
    assert "García" not in call_neumo(capsys, "user", "list", "--data", data)
