"""The cache of accounts, sessions and tokens: valid until any program writes the users' database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from neumo.web.people.accounts import (
    Preferences,
    Role,
    add_user,
    has_users,
    open_accounts,
    preferences,
    set_preferences,
)
from neumo.web.people.cache import AccountsCache, NotCached


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Engine]:
    engine = open_accounts(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def people(accounts: Engine) -> Iterator[AccountsCache]:
    remembered = AccountsCache(accounts)
    yield remembered
    remembered.close()


def test_what_was_asked_is_remembered_until_somebody_writes(
    tmp_path: Path, accounts: Engine, people: AccountsCache
) -> None:
    question = ("anybody",)
    with pytest.raises(NotCached):
        people.in_memory()(question, lambda: True)
    assert people.find(question, lambda: has_users(accounts)) is False
    assert people.in_memory()(question, lambda: True) is False
    elsewhere = open_accounts(tmp_path)  # as another program has it
    add_user(elsewhere, "ana", "correct horse battery", Role.READER)
    elsewhere.dispose()
    with pytest.raises(NotCached):
        people.in_memory()(question, lambda: True)
    assert people.find(question, lambda: has_users(accounts)) is True
    set_preferences(accounts, "ana", Preferences(blinded=True))
    assert people.find(("wishes",), lambda: preferences(accounts, "ana").blinded) is True
    set_preferences(accounts, "ana", Preferences(blinded=False))
    assert people.find(("wishes",), lambda: preferences(accounts, "ana").blinded) is False


def test_an_answer_of_before_a_write_is_not_remembered(accounts: Engine, people: AccountsCache) -> None:
    def find() -> bool:
        before = has_users(accounts)
        add_user(accounts, "ana", "correct horse battery", Role.READER)
        return before

    assert people.find(("anybody",), find) is False
    assert people.find(("anybody",), lambda: has_users(accounts)) is True


def test_without_its_database_nothing_is_remembered(accounts: Engine, people: AccountsCache) -> None:
    people.find(("anybody",), lambda: False)
    people.close()
    with pytest.raises(NotCached):
        people.in_memory()(("anybody",), lambda: False)
    assert people.find(("anybody",), lambda: True) is True


def test_guesses_do_not_fill_the_memory(people: AccountsCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neumo.web.people.cache._MAX_ENTRIES", 3)
    for guess in range(10):
        people.find(("token", guess), lambda: None)
    assert len(people._answers) <= 3
