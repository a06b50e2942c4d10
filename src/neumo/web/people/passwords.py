"""Passwords: argon2id with the library's parameters, a few at a time, and the same time for names that are unknown."""

import threading
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from neumo.core.errors import ConfigError

SHORTEST: Final = 12
"""Characters (NIST SP 800-63B-4 asks for 8 and advises 15)."""
LONGEST: Final = 256

_HASHER = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each verification takes 64 MiB, so a flood of logins must not run all at once."""


def hashed(password: str) -> str:
    """Return the argon2id hash of a password.

    Raises
    ------
    ConfigError
        It is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigError(f"password: has {len(password)} characters; use {SHORTEST} to {LONGEST}")
    with _AT_ONCE:
        return _HASHER.hash(password)


def verified(password: str, known: str | None) -> bool:
    """Whether a password belongs to a hash; without one (no such person) it takes as long, and is not."""
    with _AT_ONCE:
        try:
            _HASHER.verify(known or _nobodys(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return known is not None


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody's password")
