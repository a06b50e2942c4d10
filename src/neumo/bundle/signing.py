"""Signatures of bundles: beside their files, checked against trusted keys; the shipped bundle needs none."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from neumo.core.errors import BundleError, ConfigError
from neumo.core.files import write_json
from neumo.core.message import Message

if TYPE_CHECKING:
    from neumo.core.signatures import Signature

SIGNATURES: Final = "signatures.json"
"""In a bundle's folder, and no part of its digest, so that anybody may add a signature."""
VARIABLE: Final = "NEUMO_TRUSTED_KEYS"
"""Environment variable that names a file of trusted keys; with it, unsigned bundles are refused."""
SHIPPED: Final = frozenset({"8099e923626e53860c61951eff109371b159662b707607d40d06fac6b997a20d"})
"""Digests of the bundles that come with this version: the package vouches for them, since it is code itself."""
KIND: Final = "bundle"
SCHEMA: Final = 1
_MAX_BYTES, _MAX_SIGNATURES = 65_536, 64


def read_signatures(folder: Path) -> "tuple[Signature, ...]":
    """Read the signatures of a bundle, which is not checked by them yet. Raises BundleError where they are none."""
    file = folder / SIGNATURES
    try:
        if not file.is_file():
            return ()
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise BundleError("{file}: cannot be read ({reason})", file=file, reason=error.strerror) from error
    from neumo.core.signatures import signature_from_json

    try:
        if len(content) > _MAX_BYTES:
            raise ValueError("too large")
        value = json.loads(content)
        if value["schema"] != SCHEMA or len(value["signatures"]) > _MAX_SIGNATURES:
            raise ValueError("of another schema, or too many")
        return tuple(signature_from_json(one) for one in value["signatures"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BundleError(
            "{file}: holds no signatures of schema {schema}; remove it, or sign again",
            file=file,
            schema=SCHEMA,
        ) from error


def add_signature(folder: Path, digest: str, key: Path, passphrase: bytes | None = None) -> "Signature":
    """Sign a bundle's digest, in place of an earlier signature by the same key.

    Raises
    ------
    KeyFileError, MissingExtraError
        As `neumo.core.signatures.sign`.
    BundleError
        The signatures that are there cannot be read.
    OutputError
    """
    from neumo.core.signatures import sign

    made = sign(KIND, digest, key, passphrase)
    put_signature(folder, made)
    return made


def put_signature(folder: Path, signature: "Signature") -> None:
    """Put a signature beside a bundle, in place of an earlier one by its key. Raises BundleError, OutputError."""
    others = [one for one in read_signatures(folder) if one.key.raw != signature.key.raw]
    write_json(folder / SIGNATURES, _to_json([*others, signature]))


def keep_signatures(source: Path, target: Path) -> None:
    """Give the copy of a bundle the signatures of another copy that it lacks. Raises BundleError, OutputError."""
    there = read_signatures(target)
    known = {one.key.raw for one in there}
    new = [one for one in read_signatures(source) if one.key.raw not in known]
    if new:
        write_json(target / SIGNATURES, _to_json([*there, *new]))


def trusted_file(given: Path | str | None) -> tuple[Path | None, str]:
    """Return the file of trusted keys that is meant, and what names it; None where signatures are not required."""
    if given is not None:
        return Path(given), str(given)
    named = os.environ.get(VARIABLE)
    if not named:
        return None, ""
    return Path(named), Message("{file} (from ${variable})", file=named, variable=VARIABLE)


def require_trusted(folder: Path, digest: str, trusted: Path | str | None) -> str:
    """Return the name of the trusted signer of a bundle, "" where nobody does and nobody has to.

    Parameters
    ----------
    folder : Path
    digest : str
        Of the bundle, whose files were checked against it.
    trusted : Path or str, optional
        File of trusted keys; without it the one that `$NEUMO_TRUSTED_KEYS` names.

    Raises
    ------
    BundleError
        A signature is required, and there is none that fits and is of a trusted key; it says which.
    ConfigError
        The file of trusted keys cannot be used.
    MissingExtraError
    """
    file, named = trusted_file(trusted)
    if digest in SHIPPED:
        return Message("shipped with neumo")
    if file is None:
        return ""
    from neumo.core.signatures import signer
    from neumo.core.signing_keys import read_trusted_keys

    try:
        keys = read_trusted_keys(file)
    except ConfigError as error:
        raise ConfigError("trusted keys: {error}", error=error) from error
    signatures = read_signatures(folder)
    if not signatures:
        raise BundleError(
            "{folder}: is not signed, and {keys} requires a signature; ask whoever made the bundle for a signed one",
            folder=folder,
            keys=named,
        )
    vouching, misfit = signer(KIND, digest, signatures, keys)
    if vouching is not None:
        return Message("signed by {name}", name=vouching.name)
    if misfit is not None:
        raise BundleError(
            "{folder}: the signature of {name} is not of this bundle; it was changed since, or the signature belongs "
            "to another one",
            folder=folder,
            name=misfit.name,
        )
    fingerprints = ", ".join(sorted({one.key.fingerprint for one in signatures}))
    raise BundleError(
        "{folder}: is signed by a key that {keys} does not hold (fingerprint {fingerprints})",
        folder=folder,
        keys=named,
        fingerprints=fingerprints,
    )


def _to_json(signatures: "Sequence[Signature]") -> dict[str, Any]:
    return {"schema": SCHEMA, "signatures": [one.to_json() for one in signatures]}
