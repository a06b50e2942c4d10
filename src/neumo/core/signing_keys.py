"""Ed25519 keys (RFC 8032) in files: those that sign, and those that are trusted.

Making and loading keys needs the package cryptography (the extra `signing`), which is imported when it is used.
"""

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from neumo.core.errors import ConfigError, KeyFileError, MissingExtraError, OutputError
from neumo.core.files import write_private, write_text
from neumo.core.message import Message

PUBLIC_SUFFIX: Final = ".pub"
ALGORITHM: Final = "ed25519"
PUBLIC_BYTES: Final = 32
_MAX_KEY_FILE: Final = 16_384
_MAX_TRUSTED_FILE: Final = 2**20
_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f#][^\x00-\x1f\x7f-\x9f]{0,199}")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, and whose it is; `name` is "" where that is not known.

    Attributes
    ----------
    raw : bytes
        32 bytes.
    name : str
    """

    raw: bytes
    name: str = ""

    @property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def line(self) -> str:
        """Its line in a file of trusted keys."""
        return f"{ALGORITHM} {base64.b64encode(self.raw).decode()} {self.name}".rstrip()


def make_key(file: Path, name: str, passphrase: bytes | None = None) -> PublicKey:
    """Make a key that only its owner may read (0600, PKCS#8 in PEM), and beside it FILE.pub, its line for others.

    Parameters
    ----------
    file : Path
        Not there yet.
    name : str
        Whose it is, as others shall read it.
    passphrase : bytes, optional
        Encrypts the key.

    Raises
    ------
    ConfigError
        A file is there already, or the name cannot be written in one line.
    OutputError
        They cannot be written.
    MissingExtraError
    """
    ed25519, serialization = cryptography()
    public = file.with_name(file.name + PUBLIC_SUFFIX)
    if not _NAME.fullmatch(name) or name != name.strip():
        raise ConfigError("name: {name!r} cannot be used; give 1 to 200 characters in one line", name=name)
    if passphrase is not None and not passphrase:
        raise ConfigError("passphrase: is empty; leave it out, or give one")
    for target in (file, public):
        if target.exists() or target.is_symlink():
            raise ConfigError(
                "{target}: is there already; a key is never replaced, choose another name", target=target
            )
    private = ed25519.Ed25519PrivateKey.generate()
    encryption = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase)
    )
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    made = PublicKey(private.public_key().public_bytes_raw(), name)
    write_private(file, [pem])
    try:
        write_text(public, made.line + "\n")
    except OutputError:
        file.unlink(missing_ok=True)
        raise
    return made


def is_encrypted(file: Path) -> bool:
    """Whether a key needs a passphrase. Raises KeyFileError where it cannot be read."""
    return b"ENCRYPTED" in _private_bytes(file)


def load_private_key(file: Path, passphrase: bytes | None = None) -> Any:
    """Return the library's Ed25519 private key of a file.

    Raises
    ------
    KeyFileError
        The key cannot be read, others may read it, it is none, or the passphrase is wrong or missing.
    MissingExtraError
    """
    ed25519, serialization = cryptography()
    content = _private_bytes(file)
    try:
        key = serialization.load_pem_private_key(content, passphrase)
    except TypeError as error:
        if passphrase is None:
            raise KeyFileError("{file}: is encrypted; give its passphrase", file=file) from error
        raise KeyFileError("{file}: is not encrypted; give no passphrase", file=file) from error
    except ValueError as error:  # a wrong passphrase or no key: the library does not tell which
        if passphrase is None:
            raise KeyFileError("{file}: is no key in PEM", file=file) from error
        raise KeyFileError("{file}: its passphrase is wrong, or it is no key in PEM", file=file) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise KeyFileError(
            "{file}: is a key of another algorithm than {own}; make one with neumo bundle keygen",
            file=file,
            own=ALGORITHM,
        )
    return key


def read_trusted_keys(file: Path) -> tuple[PublicKey, ...]:
    """Read a file of trusted keys: a line "ed25519 KEY NAME" for each; lines that begin with # are comments.

    Raises
    ------
    ConfigError
        It cannot be read, holds no key, or a line is none.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_TRUSTED_FILE + 1)
        lines = content.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else Message("it is no text in UTF-8")
        raise ConfigError(
            "{file}: the trusted keys cannot be read ({reason})", file=file, reason=reason
        ) from error
    if len(content) > _MAX_TRUSTED_FILE:
        raise ConfigError("{file}: is too large for a file of trusted keys", file=file)
    keys = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        keys.append(_trusted(line, file, number))
    if not keys:
        raise ConfigError(
            "{file}: holds no trusted key; add the line of somebody's key, which is in KEY.pub", file=file
        )
    return tuple(keys)


def decode_exactly(encoded: str, size: int) -> bytes:
    """Return `size` bytes of base64. Raises ValueError where it is none, or holds another number of them."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("it is not base64") from error
    if len(raw) != size:
        raise ValueError(f"it has {len(raw)} bytes, not {size}")
    return raw


def cryptography() -> tuple[ModuleType, ModuleType]:
    """Return the library's modules of Ed25519 and of key files. Raises MissingExtraError."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtraError(
            'signatures: need the package cryptography; install it with pip install "neumo[signing]"'
        ) from error
    return ed25519, serialization


def _trusted(line: str, file: Path, number: int) -> PublicKey:
    algorithm, encoded, name = (*line.split(maxsplit=2), "", "", "")[:3]
    try:
        if algorithm != ALGORITHM or not _NAME.fullmatch(name.strip()):
            raise ValueError
        return PublicKey(decode_exactly(encoded, PUBLIC_BYTES), name.strip())
    except ValueError as error:
        raise ConfigError(
            "{file}: line {number} is no trusted key; write it as: {algorithm} KEY NAME",
            file=file,
            number=number,
            algorithm=ALGORITHM,
        ) from error


def _private_bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            mode, content = os.fstat(stream.fileno()).st_mode & 0o777, stream.read(_MAX_KEY_FILE)
    except OSError as error:
        raise KeyFileError(
            "{file}: the key cannot be read ({reason})", file=file, reason=error.strerror or error
        ) from error
    if mode & 0o077 and os.name == "posix":
        raise KeyFileError(
            "{file}: others may read this key (mode {mode:o}); chmod 600 it", file=file, mode=mode
        )
    return content
