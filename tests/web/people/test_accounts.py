"""The users' database: schema version, password verification."""

import sqlite3
from pathlib import Path

import pytest
from argon2 import extract_parameters
from tests.support.commands import call_neumo

from neumo.web.people import passwords
from neumo.web.people.accounts import Role, add_user, begin_session, open_accounts, users
from neumo.web.people.schema import VERSION


def _version(folder: Path, new: int | None = None) -> int:
    connection = sqlite3.connect(folder / "users.db")
    try:
        if new is not None:
            connection.execute(f"PRAGMA user_version = {new}")
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def test_it_states_the_version_of_its_tables(tmp_path: Path) -> None:
    for _ in range(2):
        accounts = open_accounts(tmp_path)
        if not users(accounts):
            add_user(accounts, "ana", None, Role.READER)
        assert [user.name for user in users(accounts)] == ["ana"]
        accounts.dispose()
        assert _version(tmp_path) == VERSION


def test_one_of_a_newer_version_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_accounts(tmp_path).dispose()
    _version(tmp_path, VERSION + 1)
    told = call_neumo(capsys, "user", "list", "--data", tmp_path, status=2)
    assert "users.db" in told and "install a newer one" in told
    assert _version(tmp_path) == VERSION + 1


def test_an_unknown_name_costs_a_password_verification_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = open_accounts(tmp_path)
    add_user(accounts, "ana", "correct horse battery", Role.READER)
    hasher, verified = passwords._HASHER, []

    class Recorder:
        hash = hasher.hash

        def verify(self, known: str, password: str) -> bool:
            verified.append(extract_parameters(known))
            return hasher.verify(known, password)

    monkeypatch.setattr(passwords, "_HASHER", Recorder())
    for name in ("ana", "nobody"):
        assert begin_session(accounts, name, "wrong password", hours=1) is None
    accounts.dispose()
    assert len(verified) == 2 and verified[0] == verified[1]
