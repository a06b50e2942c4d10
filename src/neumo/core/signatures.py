"""Ed25519 signatures (RFC 8032) of digests: key files, files of trusted keys, signing and checking.

What is signed is a digest together with its kind, so that a signature of one kind of thing is none of another.
Signing and checking need the package cryptography (the extra `signing`), which is imported when it is used.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from neumo.core.errors import ConfigError, KeyFileError, MissingExtraError, OutputError
from neumo.core.files import write_private, write_text
from neumo.core.message import Message

PUBLIC_SUFFIX: Final = ".pub"
_ALGORITHM: Final = "ed25519"
_PUBLIC_BYTES, _SIGNATURE_BYTES = 32, 64
_MAX_KEY_FILE: Final = 16_384
_MAX_TRUSTED_FILE: Final = 2**20
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_KIND: Final = re.compile(r"[a-z][a-z-]{0,31}")
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
        return f"{_ALGORITHM} {base64.b64encode(self.raw).decode()} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature and the key that it claims to be of; nothing of it has been checked.

    Attributes
    ----------
    key : PublicKey
        Without a name.
    value : bytes
        64 bytes.
    """

    key: PublicKey
    value: bytes

    def to_json(self) -> dict[str, str]:
        """Plain values."""
        return {
            "algorithm": _ALGORITHM,
            "key": base64.b64encode(self.key.raw).decode(),
            "signature": base64.b64encode(self.value).decode(),
        }


def signature_from_json(value: Any) -> Signature:
    """Return a signature of plain values. Raises ValueError, KeyError, TypeError where it is none."""
    if value["algorithm"] != _ALGORITHM:
        raise ValueError(f"its algorithm is not {_ALGORITHM}")
    return Signature(
        PublicKey(_decoded(value["key"], _PUBLIC_BYTES)), _decoded(value["signature"], _SIGNATURE_BYTES)
    )


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
    ed25519, serialization = _cryptography()
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


def sign(kind: str, digest: str, file: Path, passphrase: bytes | None = None) -> Signature:
    """Sign a digest.

    Parameters
    ----------
    kind : str
        Of what the digest is: "bundle", or another word of lower-case letters and hyphens.
    digest : str
        SHA-256, 64 hexadecimal digits.
    file : Path
        Key of `make_key`.
    passphrase : bytes, optional

    Raises
    ------
    KeyFileError
        The key cannot be read, others may read it, it is none, or the passphrase is wrong or missing.
    MissingExtraError
    """
    ed25519, serialization = _cryptography()
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
            own=_ALGORITHM,
        )
    return Signature(PublicKey(key.public_key().public_bytes_raw()), key.sign(_signed_bytes(kind, digest)))


def is_valid(kind: str, digest: str, signature: Signature) -> bool:
    """Whether a signature fits; it does not say whether its key is trusted. Raises MissingExtraError."""
    from importlib import import_module

    ed25519, _ = _cryptography()
    invalid = import_module("cryptography.exceptions").InvalidSignature
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(signature.key.raw).verify(
            signature.value, _signed_bytes(kind, digest)
        )
    except (invalid, ValueError):
        return False
    return True


def signer(
    kind: str, digest: str, signatures: Iterable[Signature], trusted: Sequence[PublicKey]
) -> tuple[PublicKey | None, PublicKey | None]:
    """Find who vouches for a digest.

    Returns
    -------
    PublicKey or None
        The trusted key of a signature that fits.
    PublicKey or None
        Else the trusted key of one that does not fit.
    """
    known = {key.raw: key for key in trusted}
    misfit = None
    for signature in signatures:
        key = known.get(signature.key.raw)
        if key is None:
            continue
        if is_valid(kind, digest, signature):
            return key, None
        misfit = misfit or key
    return None, misfit


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


def _trusted(line: str, file: Path, number: int) -> PublicKey:
    algorithm, encoded, name = (*line.split(maxsplit=2), "", "", "")[:3]
    try:
        if algorithm != _ALGORITHM or not _NAME.fullmatch(name.strip()):
            raise ValueError
        return PublicKey(_decoded(encoded, _PUBLIC_BYTES), name.strip())
    except ValueError as error:
        raise ConfigError(
            "{file}: line {number} is no trusted key; write it as: {algorithm} KEY NAME",
            file=file,
            number=number,
            algorithm=_ALGORITHM,
        ) from error


def _decoded(encoded: str, size: int) -> bytes:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("it is not base64") from error
    if len(raw) != size:
        raise ValueError(f"it has {len(raw)} bytes, not {size}")
    return raw


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


def _signed_bytes(kind: str, digest: str) -> bytes:
    if not _KIND.fullmatch(kind) or not _DIGEST.fullmatch(digest):
        raise ValueError("a kind is a word, and a digest 64 hexadecimal digits")
    return f"neumo signature 1\n{kind}\n{digest}\n".encode()


def _cryptography() -> tuple[ModuleType, ModuleType]:
    """Return the library's modules of Ed25519 and of key files. Raises MissingExtraError."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtraError(
            'signatures: need the package cryptography; install it with pip install "neumo[signing]"'
        ) from error
    return ed25519, serialization
