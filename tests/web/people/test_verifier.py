"""Names and organizations that a Structured Report can state."""

import sqlite3
from pathlib import Path

import pytest

from neumo.core.errors import ConfigError
from neumo.web.people.accounts import open_accounts, set_verifier, users
from neumo.web.people.verifier import Verifier


@pytest.mark.parametrize("name", ["García^Ana", "García López^Ana^^Dra.", "Yamada^Tarou", "O'Neill^Una^^^MD"])
def test_person_names_of_dicom(name: str) -> None:
    assert Verifier(name, "Hospital").name == name


@pytest.mark.parametrize(
    "name", ["", "Ana", "^Ana", "García^", "a^b^c^d^e^f", "x^" + "y" * 64, "a=b^c", "a\\b^c", "a^b\n"]
)
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"Family\^Given"):
        Verifier(name, "Hospital")


@pytest.mark.parametrize("organization", ["", " ", "x" * 65, "a\\b", "a\nb"])
def test_organizations_that_are_none_are_refused(organization: str) -> None:
    with pytest.raises(ConfigError, match="organization"):
        Verifier("García^Ana", organization)


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "users.db")
    database.executescript(
        "CREATE TABLE users (name VARCHAR(64) PRIMARY KEY, password VARCHAR(256), role VARCHAR(16));"
        "INSERT INTO users VALUES ('ana', 'none', 'reader'); PRAGMA user_version = 1;"
    )
    database.close()
    accounts = open_accounts(tmp_path)
    assert [user.verifier for user in users(accounts)] == [None]
    set_verifier(accounts, "ana", Verifier("García^Ana", "Hospital"))
    assert [user.verifier for user in users(accounts)] == [Verifier("García^Ana", "Hospital")]
    accounts.dispose()
