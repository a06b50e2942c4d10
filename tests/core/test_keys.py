from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neumo.core.errors import ConfigError, KeyFileError
from neumo.core.keys import load_key, read_secret


def test_a_key_is_made_once_for_all_who_ask_at_the_same_time(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "archive.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_key, [file] * 16, timeout=60))
    assert keys == {file.read_bytes()} and len(file.read_bytes()) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("content", "mode", "message"), [(b"k" * 32, 0o640, "chmod 600"), (b"k", 0o600, "shorter than 32")]
)
def test_a_key_of_no_use_is_refused(tmp_path: Path, content: bytes, mode: int, message: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(KeyFileError, match=message):
        load_key(file)


def test_a_key_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileError, match="cannot be read or made"):
        load_key(tmp_path / "file" / "key")


def test_a_secret_is_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("secret \nmore")
    assert read_secret(tmp_path / "p", "oidc.secret_file") == "secret"
    with pytest.raises(ConfigError, match=r"oidc\.secret_file: .*none"):
        read_secret(tmp_path / "none", "oidc.secret_file")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="one line"):
        read_secret(tmp_path / "binary", "--password-file")
