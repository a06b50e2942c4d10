"""Signatures that browsers make of site bundles: checked, and put beside the bundle."""

from pathlib import Path

from neumo.bundle.signing import KIND, put_signature, read_signatures
from neumo.core.errors import MissingExtraError
from neumo.core.message import Message
from neumo.core.signatures import is_valid, signature_from_json
from neumo.core.signing_keys import ALGORITHM
from neumo.web.commissioning.commissioner import invalid
from neumo.web.http.problems import not_installed


def add_to_bundle(folder: Path, digest: str, key: str, signature: str) -> None:
    """Put a signature beside a bundle.

    Parameters
    ----------
    folder : Path
    digest : str
        Of the bundle.
    key, signature : str
        Public key (32 bytes) and signature (64 bytes) in base64.

    Raises
    ------
    Problem
        It is none, or of something else; or the extra `signing` is not installed.
    BundleError, OutputError
    """
    try:
        made = signature_from_json({"algorithm": ALGORITHM, "key": key, "signature": signature})
    except ValueError as error:
        raise invalid("signature", Message("is no ed25519 signature with its key")) from error
    try:
        fits = is_valid(KIND, digest, made)
    except MissingExtraError as error:
        raise not_installed("signing") from error
    if not fits:
        raise invalid("signature", Message("is not of this bundle"))
    put_signature(folder, made)


def signers(folder: Path) -> list[str]:
    """Return the fingerprints of the keys whose signatures lie beside a bundle. Raises BundleError."""
    return [one.key.fingerprint for one in read_signatures(folder)]
