"""Who asks, without asking the database of people again as long as nobody writes it."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Engine

T = TypeVar("T")
_MOST: Final = 4096
"""Answers remembered at once; they are few, unless somebody guesses secrets."""


class Forgotten(Exception):
    """The answer is not in memory; the database has to be asked."""


class Recall(Protocol):
    """Return the answer to a question, which `find` puts to the database."""

    def __call__(self, question: tuple[Any, ...], find: Callable[[], T]) -> T:
        """Return the answer."""


class People:
    """Answers about people, sessions and tokens, void as soon as any program writes the database.

    SQLite itself says whether it was written: PRAGMA data_version is another number after each commit by any other
    connection, and reading it takes some microseconds.

    Parameters
    ----------
    accounts : Engine
        Of `neumo.web.people.accounts.open_accounts`.
    """

    def __init__(self, accounts: Engine) -> None:
        self._watch = sqlite3.connect(
            str(accounts.url.database), timeout=0, isolation_level=None, check_same_thread=False
        )
        self._lock = threading.Lock()
        self._version: int | None = None
        self._answers: dict[tuple[Any, ...], Any] = {}

    def close(self) -> None:
        """Close its connection."""
        with self._lock:
            self._watch.close()

    def recall(self, question: tuple[Any, ...], find: Callable[[], T]) -> T:
        """Return an answer from memory, at once; `find` is never called. Raises Forgotten."""
        with self._lock:
            self._look()
            try:
                answer: T = self._answers[question]
            except KeyError as error:
                raise Forgotten from error
            return answer

    def find(self, question: tuple[Any, ...], find: Callable[[], T]) -> T:
        """Return an answer from memory, or else from the database; raises what `find` does."""
        with self._lock:
            version = self._look()
            if question in self._answers:
                answer: T = self._answers[question]
                return answer
        answer = find()
        with self._lock:
            # Where somebody wrote meanwhile, it may be of before.
            if version is not None and self._look() == version:
                if len(self._answers) >= _MOST:
                    self._answers.clear()
                self._answers[question] = answer
        return answer

    def _look(self) -> int | None:
        """Forget everything where the database was written; return its version, None where it does not say."""
        try:
            version: int | None = self._watch.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            version = None
        if version is None or version != self._version:
            self._answers.clear()
        self._version = version
        return version
