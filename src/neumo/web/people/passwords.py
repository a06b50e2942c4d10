"""Password hashing: argon2id with the library's parameters, few at a time, and constant work for unknown names."""

import threading
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from neumo.core.errors import ConfigError

MIN_LENGTH: Final = 12
"""Characters (NIST SP 800-63B-4 asks for 8 and advises 15)."""
MAX_LENGTH: Final = 256

_HASHER = PasswordHasher()
_CONCURRENT_HASHES = threading.BoundedSemaphore(2)
"""Each verification takes 64 MiB, so a flood of logins must not run all at once."""


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password.

    Raises
    ------
    ConfigError
        It is too short or too long.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ConfigError(
            "password: has {count} characters; use {least} to {most}",
            count=len(password),
            least=MIN_LENGTH,
            most=MAX_LENGTH,
        )
    with _CONCURRENT_HASHES:
        return _HASHER.hash(password)


def verify_password(password: str, known: str | None) -> bool:
    """Whether a password matches a hash; without one (unknown name) a dummy hash is verified for equal time."""
    with _CONCURRENT_HASHES:
        try:
            _HASHER.verify(known or _dummy_hash(), password[: MAX_LENGTH + 1])
        except (VerificationError, InvalidHashError):
            return False
    return known is not None


@cache
def _dummy_hash() -> str:
    return _HASHER.hash("password of nobody")
