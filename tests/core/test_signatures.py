"""Signatures: who signed what, and nothing else passes."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neumo.core.errors import ConfigError, KeyFileError
from neumo.core.signatures import (
    PublicKey,
    Signature,
    is_encrypted,
    is_valid,
    make_key,
    read_trusted_keys,
    sign,
    signature_from_json,
    signer,
)

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


def test_a_key_is_its_owners_alone_and_is_never_replaced(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    with pytest.raises(ConfigError, match="never replaced"):
        make_key(key, "somebody")
    assert key.read_bytes() == before
    (public,) = trusted(key)
    assert public.name == "Radiology, Hospital Beispiel" and before not in public.line.encode()


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


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 511), of_key=st.booleans())
def test_no_flipped_bit_passes(key: Path, place: int, of_key: bool) -> None:
    made = sign("bundle", DIGEST, key)
    flipped = bytearray(made.key.raw if of_key else made.value)
    flipped[place // 8 % len(flipped)] ^= 1 << place % 8
    changed = (
        Signature(PublicKey(bytes(flipped)), made.value) if of_key else Signature(made.key, bytes(flipped))
    )
    assert not is_valid("bundle", DIGEST, changed)


def test_a_passphrase_is_needed_and_must_be_right(tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    made = make_key(file, "Ana", b"correct horse")
    assert is_encrypted(file) and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sign("bundle", DIGEST, file, b"correct horse").key.raw == made.raw
    for passphrase, told in ((None, "give its passphrase"), (b"wrong horse", "passphrase is wrong")):
        with pytest.raises(KeyFileError, match=told):
            sign("bundle", DIGEST, file, passphrase)


def test_a_key_that_others_may_read_is_not_used(key: Path, tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    file.write_bytes(key.read_bytes())
    file.chmod(0o644)
    with pytest.raises(KeyFileError, match=r"others may read .* chmod 600"):
        sign("bundle", DIGEST, file)
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="give no passphrase"):
        sign("bundle", DIGEST, file, b"something")


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_told(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="is no key"):
        sign("bundle", DIGEST, file)
    with pytest.raises(KeyFileError, match="cannot be read"):
        sign("bundle", DIGEST, tmp_path / "missing.key")


def test_a_key_of_another_algorithm_is_told(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    file = tmp_path / "signing.key"
    made = generate_private_key(SECP256R1())
    file.write_bytes(made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="another algorithm"):
        sign("bundle", DIGEST, file)


@pytest.mark.parametrize("name", ["", " x", "x\ny", "#x", "x" * 201, "\x1b[31m"])
def test_names_that_do_not_fit_a_line_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name"):
        make_key(tmp_path / "signing.key", name)
    assert not list(tmp_path.iterdir())


GOOD = "ed25519 " + base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no trusted key"),
        ("# nobody\n\n", "holds no trusted key"),
        (f"{GOOD} Ana\nrubbish\n", "line 2 is no trusted key"),
        (f"{GOOD}\n", "line 1 is no trusted key"),
        ("ed25519 AAAA Ana\n", "line 1 is no trusted key"),
        ("ed25519 !!!! Ana\n", "line 1 is no trusted key"),
        (GOOD.replace("ed25519", "rsa") + " Ana\n", "line 1 is no trusted key"),
        (b"\xff\xfe", "no text in UTF-8"),
        ("#" * (2**20 + 1), "too large"),
    ],
)
def test_a_file_of_trusted_keys_says_what_is_wrong_with_it(
    content: str | bytes, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "trusted"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=told):
        read_trusted_keys(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_trusted_keys(tmp_path / "missing")


def test_comments_and_several_keys_are_read(tmp_path: Path) -> None:
    other = "ed25519 " + base64.b64encode(bytes(31) + b"\1").decode()
    (tmp_path / "trusted").write_text(f"# ours\n{GOOD} Ana María Ñúñez\n\n{other}\tBen  \n")
    assert [key.name for key in read_trusted_keys(tmp_path / "trusted")] == ["Ana María Ñúñez", "Ben"]


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
