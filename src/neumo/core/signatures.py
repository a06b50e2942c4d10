"""Ed25519 signatures (RFC 8032) of digests: signing and checking.

What is signed is a digest together with its kind, so that a signature of one kind of thing is none of another.
Both need the package cryptography (the extra `signing`), which is imported when it is used.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from neumo.core.signing_keys import (
    ALGORITHM,
    PUBLIC_BYTES,
    PublicKey,
    cryptography,
    decode_exactly,
    load_private_key,
)

_SIGNATURE_BYTES: Final = 64
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_KIND: Final = re.compile(r"[a-z][a-z-]{0,31}")


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
            "algorithm": ALGORITHM,
            "key": base64.b64encode(self.key.raw).decode(),
            "signature": base64.b64encode(self.value).decode(),
        }


def signature_from_json(value: Any) -> Signature:
    """Return a signature of plain values. Raises ValueError, KeyError, TypeError where it is none."""
    if value["algorithm"] != ALGORITHM:
        raise ValueError(f"its algorithm is not {ALGORITHM}")
    return Signature(
        PublicKey(decode_exactly(value["key"], PUBLIC_BYTES)),
        decode_exactly(value["signature"], _SIGNATURE_BYTES),
    )


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
    MissingExtraError
        As `load_private_key`.
    """
    key = load_private_key(file, passphrase)
    return Signature(PublicKey(key.public_key().public_bytes_raw()), key.sign(signed_bytes(kind, digest)))


def is_valid(kind: str, digest: str, signature: Signature) -> bool:
    """Whether a signature fits; it does not say whether its key is trusted. Raises MissingExtraError."""
    from importlib import import_module

    ed25519, _ = cryptography()
    invalid = import_module("cryptography.exceptions").InvalidSignature
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(signature.key.raw).verify(
            signature.value, signed_bytes(kind, digest)
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


def signed_bytes(kind: str, digest: str) -> bytes:
    """Return what a key signs: a digest of 64 hexadecimal digits, and the word for what it is of."""
    if not _KIND.fullmatch(kind) or not _DIGEST.fullmatch(digest):
        raise ValueError("a kind is a word, and a digest 64 hexadecimal digits")
    return f"neumo signature 1\n{kind}\n{digest}\n".encode()
