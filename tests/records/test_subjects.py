from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neumo.core.errors import ArchiveError
from neumo.records.subjects import load_key, patient_hash, subject_of


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
    with pytest.raises(ArchiveError, match=message):
        load_key(file)


def test_a_key_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match="cannot be read or made"):
        load_key(tmp_path / "file" / "key")


def test_hashes_tell_the_same_apart_from_the_other() -> None:
    key, other = b"k" * 32, b"o" * 32
    subject = subject_of(key, sop_instance_uid="1.2", patient_id=" 4711 ", study_instance_uid="1.2")
    assert subject.patient_hash == patient_hash(key, "4711") != patient_hash(other, "4711")
    assert subject.study_hash != subject.keyed_hash and subject.series_hash is None
    assert subject_of(key, sop_instance_uid="1.2", patient_id=" ").patient_hash is None
