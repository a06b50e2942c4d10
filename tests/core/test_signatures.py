"""Signatures: who signed what, and nothing else passes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neumo.core.signatures import Signature, is_valid, sign, signature_from_json, signer
from neumo.core.signing_keys import PublicKey, make_key, read_trusted_keys

DIGEST, OTHER = "a1" * 32, "b2" * 32
RFC_8032 = (  # section 7.1, test 3: secret key, public key, message, signature
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "signing.key"
    make_key(file, "Radiology, Hospital Beispiel")
    return file


def trusted(key: Path) -> tuple[PublicKey, ...]:
    return read_trusted_keys(key.with_name(key.name + ".pub"))


def test_the_library_signs_as_the_standard_says() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret, public, message, signature = map(bytes.fromhex, RFC_8032)
    private = Ed25519PrivateKey.from_private_bytes(secret)
    assert private.public_key().public_bytes_raw() == public and private.sign(message) == signature


def test_who_signed_is_found_among_the_trusted(key: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "other.key", "Another")
    mine, others = sign("bundle", DIGEST, key), sign("bundle", DIGEST, tmp_path / "other.key")
    (known,) = trusted(key)
    assert signature_from_json(mine.to_json()) == mine
    assert signer("bundle", DIGEST, [others, mine], [known]) == (known, None)
    assert signer("bundle", DIGEST, [others], [known]) == (None, None)
    assert signer("bundle", DIGEST, [], [known]) == (None, None)
    assert signer("bundle", OTHER, [mine], [known]) == (None, known)
    assert signer("acceptance", DIGEST, [mine], [known]) == (None, known), "of another kind"


@settings(max_examples=60)
@given(place=st.integers(0, 511), of_key=st.booleans())
def test_no_flipped_bit_passes(key: Path, place: int, of_key: bool) -> None:
    made = sign("bundle", DIGEST, key)
    flipped = bytearray(made.key.raw if of_key else made.value)
    flipped[place // 8 % len(flipped)] ^= 1 << place % 8
    changed = (
        Signature(PublicKey(bytes(flipped)), made.value) if of_key else Signature(made.key, bytes(flipped))
    )
    assert not is_valid("bundle", DIGEST, changed)


@pytest.mark.parametrize(
    "change", [{"algorithm": "rsa"}, {"key": "AAAA"}, {"signature": "AA=="}, {"key": 5}, {"signature": None}]
)
def test_what_is_no_signature_is_an_error(change: dict[str, object], key: Path) -> None:
    value = {**sign("bundle", DIGEST, key).to_json(), **change}
    with pytest.raises((ValueError, TypeError)):
        signature_from_json(value)


@pytest.mark.parametrize(
    ("kind", "digest"), [("Bundle", DIGEST), ("bundle\n", DIGEST), ("bundle", "a1"), ("bundle", "A1" * 32)]
)
def test_only_digests_are_signed(kind: str, digest: str, key: Path) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        sign(kind, digest, key)
