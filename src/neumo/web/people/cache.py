"""Cache of accounts, sessions and tokens, invalidated as soon as any program writes the users' database."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Engine

T = TypeVar("T")
_MAX_ENTRIES: Final = 4096
"""Answers in memory at once; they are few, unless somebody guesses secrets."""


class NotCached(Exception):
    """The answer is not in the cache; the database has to be asked."""


class Lookup(Protocol):
    """Look up the answer to a question; `find` queries the database."""

    def __call__(self, question: tuple[Any, ...], find: Callable[[], T]) -> T:
        """Return the answer."""


class AccountsCache:
    """Answers about accounts, sessions and tokens, valid until any program writes the database.

    SQLite itself says whether it was written: PRAGMA data_version is another number after each commit by any other
    connection, and reading it takes some microseconds.

    Parameters
    ----------
    accounts : Engine
        Of `neumo.web.people.accounts.open_accounts`.
    """

    def __init__(self, accounts: Engine) -> None:
        self._connection = sqlite3.connect(
            str(accounts.url.database), timeout=0, isolation_level=None, check_same_thread=False
        )
        self._lock = threading.Lock()
        self._version: int | None = None
        self._answers: dict[tuple[Any, ...], Any] = {}

    def close(self) -> None:
        """Close its connection."""
        with self._lock:
            self._connection.close()

    def in_memory(self) -> Lookup:
        """Return a lookup in the cache alone: it runs no query, and raises NotCached on a miss.

        Whether the accounts have changed is checked here, once for all lookups of a request.
        """
        with self._lock:
            self._check_version()
            answers = self._answers

        def cached(question: tuple[Any, ...], find: Callable[[], T]) -> T:
            try:
                answer: T = answers[question]
            except KeyError as error:
                raise NotCached from error
            return answer

        return cached

    def find(self, question: tuple[Any, ...], find: Callable[[], T]) -> T:
        """Return an answer from memory, or else from the database; raises what `find` does."""
        with self._lock:
            version = self._check_version()
            if question in self._answers:
                answer: T = self._answers[question]
                return answer
        answer = find()
        with self._lock:
            # Where somebody wrote meanwhile, the answer may be outdated.
            if version is not None and self._check_version() == version:
                if len(self._answers) >= _MAX_ENTRIES:
                    self._answers.clear()
                self._answers[question] = answer
        return answer

    def _check_version(self) -> int | None:
        """Clear the cache where the database was written; return its data version, None where it cannot be read."""
        try:
            version: int | None = self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            version = None
        if version is None or version != self._version:
            self._answers.clear()
        self._version = version
        return version
