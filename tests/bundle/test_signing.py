"""A signature that is required: who vouches for a bundle, and every reason why nobody does."""

import json
from pathlib import Path

import pytest
from tests.support.commands import call_neumo

from neumo.bundle.folder import CARD, load_bundle, write_sums
from neumo.bundle.install import install_bundle
from neumo.bundle.places import BUILT_IN
from neumo.bundle.signing import SHIPPED, SIGNATURES, VARIABLE, add_signature
from neumo.core.errors import BundleError, ConfigError, MissingExtraError
from neumo.core.signing_keys import make_key


@pytest.fixture
def key(tmp_path: Path) -> Path:
    make_key(tmp_path / "ana.key", "Ana")
    return tmp_path / "ana.key"


@pytest.fixture
def trusted(key: Path) -> Path:
    return key.with_name("ana.key.pub")


def signed(folder: Path, key: Path) -> Path:
    add_signature(folder, load_bundle(folder, check_trust=False).digest, key)
    return folder


def test_the_digest_of_the_bundle_that_is_shipped_is_known() -> None:
    told = "the shipped bundle changed: write its digest into SHIPPED of src/neumo/bundle/signing.py"
    assert load_bundle(BUILT_IN).digest in SHIPPED, told


def test_the_shipped_bundle_needs_no_signature(trusted: Path) -> None:
    assert load_bundle(BUILT_IN, trusted=trusted).vouched == "shipped with neumo"


def test_a_signed_bundle_is_loaded_and_says_by_whom(folder: Path, key: Path, trusted: Path) -> None:
    before = load_bundle(folder)
    assert before.vouched == ""
    signed(folder, key)
    after = load_bundle(folder, trusted=trusted)
    assert (after.vouched, after.digest) == ("signed by Ana", before.digest)
    assert write_sums(folder) == before.digest, "the signature is no part of what is signed"


def test_without_a_signature_it_is_refused(folder: Path, trusted: Path) -> None:
    with pytest.raises(BundleError, match=r"is not signed, and .* requires a signature"):
        load_bundle(folder, trusted=trusted)


def test_a_signature_of_somebody_else_is_refused(folder: Path, trusted: Path, tmp_path: Path) -> None:
    made = make_key(tmp_path / "eve.key", "Eve")
    signed(folder, tmp_path / "eve.key")
    with pytest.raises(BundleError, match=f"a key that .* does not hold .*{made.fingerprint}"):
        load_bundle(folder, trusted=trusted)


def test_a_bundle_that_was_changed_and_summed_anew_is_refused(folder: Path, key: Path, trusted: Path) -> None:
    signed(folder, key)
    (folder / CARD).write_text("# another card\n\n## Limits\n")
    write_sums(folder)
    assert load_bundle(folder).vouched == ""
    with pytest.raises(BundleError, match="signature of Ana is not of this bundle"):
        load_bundle(folder, trusted=trusted)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "no json", '{"schema": 2, "signatures": []}', '{"schema": 1, "signatures": [{}]}', "[" * 60_000,
     '{"schema": 1, "signatures": [5]}', '{"schema": 1, "signatures": {}}x', " " * 70_000],
)  # fmt: skip
def test_what_is_no_signature_is_told(content: str, folder: Path, trusted: Path) -> None:
    (folder / SIGNATURES).write_text(content)
    with pytest.raises(BundleError, match=SIGNATURES):
        load_bundle(folder, trusted=trusted)
    assert load_bundle(folder).vouched == "", "where none is required, none is read"


def test_signatures_are_counted_and_each_key_signs_once(folder: Path, key: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "ben.key", "Ben")
    for _ in range(2):
        signed(folder, key)
        signed(folder, tmp_path / "ben.key")
    assert len(json.loads((folder / SIGNATURES).read_text())["signatures"]) == 2
    for name in ("ana", "ben"):
        vouched = load_bundle(folder, trusted=tmp_path / f"{name}.key.pub").vouched
        assert vouched == f"signed by {name.capitalize()}"


def test_a_signature_may_not_be_a_link_nor_be_listed(folder: Path, key: Path, tmp_path: Path) -> None:
    signed(folder, key)
    (folder / SIGNATURES).rename(tmp_path / "elsewhere")
    (folder / SIGNATURES).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="symbolic link"):
        load_bundle(folder)
    (folder / SIGNATURES).unlink()
    sums = (folder / "SHA256SUMS").read_text()
    (folder / "SHA256SUMS").write_text(sums + f"{'0' * 64}  {SIGNATURES}\n")
    with pytest.raises(BundleError, match="line 7"):
        load_bundle(folder)


def test_the_variable_requires_it_and_an_argument_goes_first(
    folder: Path, key: Path, trusted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(trusted))
    with pytest.raises(BundleError, match=r"from \$NEUMO_TRUSTED_KEYS"):
        load_bundle(folder)
    signed(folder, key)
    assert load_bundle(folder).vouched == "signed by Ana"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="trusted keys"):
        load_bundle(folder)
    assert load_bundle(folder, trusted=trusted).vouched == "signed by Ana"
    monkeypatch.setenv(VARIABLE, "")
    assert load_bundle(folder).vouched == ""


def test_an_installed_copy_keeps_signatures_and_gets_new_ones(
    folder: Path, key: Path, trusted: Path, tmp_path: Path
) -> None:
    installed = install_bundle(folder)
    make_key(tmp_path / "ben.key", "Ben")
    signed(folder, key)
    assert install_bundle(folder, trusted).path == installed.path
    signed(installed.path, tmp_path / "ben.key")
    install_bundle(folder, trusted)
    for file in (trusted, tmp_path / "ben.key.pub"):
        assert load_bundle(installed.path, trusted=file).vouched


def test_without_the_library_it_is_said_and_nothing_is_let_through(
    folder: Path, key: Path, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    signed(folder, key)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(MissingExtraError, match=r"neumo\[signing\]"):
        load_bundle(folder, trusted=trusted)
    assert load_bundle(folder).digest and load_bundle(BUILT_IN, trusted=trusted).digest


def test_the_commands_sign_verify_and_refuse(
    folder: Path,
    tmp_path: Path,
    phantoms: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, secret = tmp_path / "site.key", tmp_path / "passphrase"
    secret.write_text("correct horse battery\n")
    image = next((phantoms / "train").rglob("*.jpeg"))
    line = call_neumo(capsys, "bundle", "keygen", key, "--name", "Site", "--passphrase", secret)
    keys = tmp_path / "trusted"
    keys.write_text(line.splitlines()[-1] + "\n")
    assert "not signed" in call_neumo(capsys, "bundle", "verify", folder, "--trusted", keys, status=2)
    assert "no signature is required" in call_neumo(capsys, "bundle", "verify", folder)
    monkeypatch.setenv(VARIABLE, str(keys))
    for command in (["read", image], ["doctor"]):
        said = call_neumo(capsys, *command, "--bundle", folder, status=1 if command == ["doctor"] else 2)
        assert "is not signed" in said
    assert "is not signed" in call_neumo(capsys, "bundle", "install", folder, status=2)
    serve = ("serve", "--no-browser", "--data", tmp_path / "web", "--bundle", folder)
    assert "is not signed" in call_neumo(capsys, *serve, status=2)
    monkeypatch.delenv(VARIABLE)
    assert "is not signed" in call_neumo(capsys, *serve, "--set", f"read.trusted_keys={keys}", status=2)
    monkeypatch.setenv(VARIABLE, str(keys))
    assert "passphrase" in call_neumo(capsys, "bundle", "sign", folder, "--key", key, status=2)
    signing = ("bundle", "sign", folder, "--key", key, "--passphrase", secret)
    assert "signed digest" in call_neumo(capsys, *signing)
    assert "signed by Site" in call_neumo(capsys, "bundle", "verify", folder)
    assert "not checked here" in call_neumo(capsys, "bundle", "info", folder)
    assert "signed by Site" in call_neumo(capsys, "doctor", "--bundle", folder, "--threads", 1)
    call_neumo(capsys, "read", image, "--bundle", folder, "--threads", 1)
    assert "tiny-1" in call_neumo(capsys, "bundle", "install", folder)
