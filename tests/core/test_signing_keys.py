"""Keys in files: of whom, readable by whom, and what is told of those that cannot be used."""

import base64
import stat
from pathlib import Path

import pytest

from neumo.core.errors import ConfigError, KeyFileError
from neumo.core.signing_keys import is_encrypted, load_private_key, make_key, read_trusted_keys


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "signing.key"
    make_key(file, "Radiology, Hospital Beispiel")
    return file


def test_a_key_is_its_owners_alone_and_is_never_replaced(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    with pytest.raises(ConfigError, match="never replaced"):
        make_key(key, "somebody")
    assert key.read_bytes() == before
    (public,) = read_trusted_keys(key.with_name(key.name + ".pub"))
    assert public.name == "Radiology, Hospital Beispiel" and before not in public.line.encode()


def test_a_passphrase_is_needed_and_must_be_right(tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    made = make_key(file, "Ana", b"correct horse")
    assert is_encrypted(file) and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_private_key(file, b"correct horse").public_key().public_bytes_raw() == made.raw
    for passphrase, told in ((None, "give its passphrase"), (b"wrong horse", "passphrase is wrong")):
        with pytest.raises(KeyFileError, match=told):
            load_private_key(file, passphrase)


def test_a_key_that_others_may_read_is_not_used(key: Path, tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    file.write_bytes(key.read_bytes())
    file.chmod(0o644)
    with pytest.raises(KeyFileError, match=r"others may read .* chmod 600"):
        load_private_key(file)
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="give no passphrase"):
        load_private_key(file, b"something")


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_told(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="is no key"):
        load_private_key(file)
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_private_key(tmp_path / "missing.key")


def test_a_key_of_another_algorithm_is_told(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    file = tmp_path / "signing.key"
    made = generate_private_key(SECP256R1())
    file.write_bytes(made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="another algorithm"):
        load_private_key(file)


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
