"""User accounts, sessions, API tokens and preferences, in users.db of the data folder."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine, delete, func, select

from neumo.core.clock import steady_time
from neumo.core.errors import ConfigError
from neumo.records.database import reading_session, writing_session
from neumo.web.people.passwords import hash_password, verify_password
from neumo.web.people.private_database import open_private_database
from neumo.web.people.schema import VERSION, Base, PreferenceRow, SessionRow, TokenRow, UserRow
from neumo.web.people.verifier import Verifier

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-@")
_TOKEN_PREFIX = "neumo_"
_CLOCK_SLACK = 3600.0
"""Seconds by which clocks of two runs of the server may differ."""
_NO_PASSWORD = "none"
"""No password has this hash."""


class Role(StrEnum):
    """Role of a user."""

    READER = "reader"
    RESEARCHER = "researcher"
    ADMIN = "admin"


class Scope(StrEnum):
    """Permission that a token can carry; never more than its user's."""

    READINGS_READ = "readings:read"
    READINGS_WRITE = "readings:write"
    DECISIONS_WRITE = "decisions:write"
    RESEARCH_READ = "research:read"
    REPORTS_VERIFY = "reports:verify"


@dataclass(frozen=True, slots=True)
class User:
    """A person who can log in; `verifier` where that person may verify reports."""

    name: str
    role: Role
    verifier: Verifier | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """A person's preferences."""

    language: str | None = None
    blinded: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An API token, without its secret."""

    label: str
    name: str
    scopes: frozenset[Scope]


def open_accounts(folder: Path) -> Engine:
    """Open the users' database in `folder`; create it, readable by its owner alone, where there is none.

    Raises
    ------
    OutputError
        It cannot be created.
    ConfigError
        A newer neumo made it.
    ArchiveUnavailableError
        It cannot be used.
    """
    file = folder / "users.db"
    engine = open_private_database(file)
    with writing_session(engine) as session:
        connection = session.connection()
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > VERSION:
            raise ConfigError(
                "{file}: has version {version} of its tables, and this neumo knows {own}; install a "
                "newer one",
                file=file,
                version=version,
                own=VERSION,
            )
        if version == 1:
            for column in ("verifier", "organization"):
                connection.exec_driver_sql(f"ALTER TABLE users ADD COLUMN {column} VARCHAR(64)")
        if version < VERSION:
            Base.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
    return engine


def users(accounts: Engine) -> tuple[User, ...]:
    """Return all users, by name."""
    with reading_session(accounts) as session:
        rows = session.scalars(select(UserRow).order_by(UserRow.name))
        return tuple(map(_of_row, rows))


def has_users(accounts: Engine) -> bool:
    """Whether anybody can log in."""
    with reading_session(accounts) as session:
        return bool(session.scalar(select(func.count()).select_from(UserRow)))


def add_user(accounts: Engine, name: str, password: str | None, role: Role) -> None:
    """Add a user; without a password only an identity provider lets that person in.

    Raises ConfigError where the name or password cannot be used or the name is taken.
    """
    if not 1 <= len(name) <= 64 or set(name) - _NAME_CHARACTERS or name == "local":
        raise ConfigError(
            "name: {name!r} cannot be used; use 1 to 64 of a-z 0-9 . _ - @ (not 'local')", name=name
        )
    digest = _NO_PASSWORD if password is None else hash_password(password)
    row = UserRow(name=name, password=digest, role=role.value)
    with writing_session(accounts) as session:
        if session.get(UserRow, name) is not None:
            raise ConfigError(
                "name: {name!r} is taken; choose another, or use neumo user password {name}", name=name
            )
        session.add(row)


def remove_user(accounts: Engine, name: str) -> None:
    """Remove a user with all sessions and tokens; decisions stay. Raises ConfigError where there is none."""
    with writing_session(accounts) as session:
        session.delete(_user(session.get(UserRow, name), name))


def set_password(accounts: Engine, name: str, password: str) -> None:
    """Change a password and end all sessions of that person. Raises ConfigError."""
    new = hash_password(password)
    with writing_session(accounts) as session:
        _user(session.get(UserRow, name), name).password = new
        session.execute(delete(SessionRow).where(SessionRow.name == name))


def set_verifier(accounts: Engine, name: str, verifier: Verifier | None) -> None:
    """Give a person the right to verify reports under a name, or take it away; decisions stay as they were made.

    Raises ConfigError where there is no such person, or a researcher, who decides nothing.
    """
    with writing_session(accounts) as session:
        row = _user(session.get(UserRow, name), name)
        if verifier is not None and row.role == Role.RESEARCHER:
            raise ConfigError(
                "name: {name} is a researcher, who decides nothing; add another account to verify with",
                name=name,
            )
        row.verifier = None if verifier is None else verifier.name
        row.organization = None if verifier is None else verifier.organization


def is_user(accounts: Engine, name: str) -> bool:
    """Whether there is a user of that name."""
    with reading_session(accounts) as session:
        return session.get(UserRow, name) is not None


def begin_session(accounts: Engine, name: str, password: str, hours: float) -> str | None:
    """Return the secret of a new session, or None where name or password is wrong."""
    with reading_session(accounts) as session:
        row = session.get(UserRow, name)
        known = None if row is None else row.password
    # Without a password it takes as long as with one, so that nobody learns who logs in elsewhere.
    if known == _NO_PASSWORD:
        known = None
    return new_session(accounts, name, hours) if verify_password(password, known) else None


def new_session(accounts: Engine, name: str, hours: float) -> str | None:
    """Return the secret of a new session of an authenticated user; None where there is no such user."""
    secret = secrets.token_urlsafe(32)
    with writing_session(accounts) as session:
        now, lifetime = steady_time(), hours * 3600
        over = (SessionRow.expires < now) | (SessionRow.expires > now + lifetime + _CLOCK_SLACK)
        session.execute(delete(SessionRow).where(over))
        if session.get(UserRow, name) is None:
            return None
        session.add(SessionRow(secret=_digest(secret), name=name, expires=now + lifetime))
    return secret


def end_session(accounts: Engine, secret: str) -> None:
    """Delete a session."""
    with writing_session(accounts) as session:
        session.execute(delete(SessionRow).where(SessionRow.secret == _digest(secret)))


def is_over(expires: float, hours: float) -> bool:
    """Whether a session has ended, or states an end that no session of this lifetime has: the clock was wrong once."""
    left = expires - steady_time()
    return not 0 <= left <= hours * 3600 + _CLOCK_SLACK


def user_of_session(accounts: Engine, secret: str) -> tuple[User, float] | None:
    """Return the user of a session and its end by `steady_time`; None where there is no such session."""
    with reading_session(accounts) as session:
        row = session.get(SessionRow, _digest(secret))
        user = None if row is None else session.get(UserRow, row.name)
        return None if row is None or user is None else (_of_row(user), row.expires)


def add_token(accounts: Engine, label: str, name: str, scopes: Sequence[Scope]) -> str:
    """Add a token and return its secret, which is stored nowhere. Raises ConfigError."""
    if not scopes:
        raise ConfigError("scope: give one or more of {scopes}", scopes=", ".join(Scope))
    secret = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    with writing_session(accounts) as session:
        _user(session.get(UserRow, name), name)
        if session.get(TokenRow, label) is not None:
            raise ConfigError(
                "token: {label!r} is there already; choose another label, or remove it first", label=label
            )
        joined = " ".join(sorted(set(scopes)))
        session.add(TokenRow(label=label, secret=_digest(secret), name=name, scopes=joined))
    return secret


def tokens(accounts: Engine) -> tuple[Token, ...]:
    """Return all tokens, by label."""
    with reading_session(accounts) as session:
        return tuple(_token(row) for row in session.scalars(select(TokenRow).order_by(TokenRow.label)))


def remove_token(accounts: Engine, label: str) -> None:
    """Delete a token. Raises ConfigError where there is none."""
    with writing_session(accounts) as session:
        row = session.get(TokenRow, label)
        if row is None:
            raise ConfigError("token: there is none called {label!r}; see neumo token list", label=label)
        session.delete(row)


def user_of_token(accounts: Engine, secret: str) -> tuple[User, frozenset[Scope]] | None:
    """Return the user and the scopes of a token; None where there is no such token."""
    with reading_session(accounts) as session:
        row = session.scalar(select(TokenRow).where(TokenRow.secret == _digest(secret)))
        user = None if row is None else session.get(UserRow, row.name)
        if row is None or user is None:
            return None
        return _of_row(user), _token(row).scopes


def preferences(accounts: Engine, name: str) -> Preferences:
    """Return a person's preferences."""
    with reading_session(accounts) as session:
        row = session.get(PreferenceRow, name)
        return Preferences() if row is None else Preferences(row.language, row.blinded)


def set_preferences(accounts: Engine, name: str, wanted: Preferences) -> None:
    """Store a person's preferences."""
    with writing_session(accounts) as session:
        session.merge(PreferenceRow(name=name, language=wanted.language, blinded=wanted.blinded))


def _of_row(row: UserRow) -> User:
    signs = row.verifier is not None and row.organization is not None
    return User(
        row.name, Role(row.role), Verifier(str(row.verifier), str(row.organization)) if signs else None
    )


def _user(row: UserRow | None, name: str) -> UserRow:
    if row is None:
        raise ConfigError("name: there is no {name!r}; see neumo user list", name=name)
    return row


def _token(row: TokenRow) -> Token:
    return Token(row.label, row.name, frozenset(Scope(scope) for scope in row.scopes.split()))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
