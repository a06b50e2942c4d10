"""Sources: folders with everything that lies in them, lists, and what is no source."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neumo.cluster.places import open_place
from neumo.cluster.sources import open_source
from neumo.core.errors import ConfigError, NeumoError


def listed(text: str) -> list[str]:
    return sorted(entry.location for entry in open_source(text).locations())


def test_a_folder_is_walked_and_litter_pipes_and_circles_are_left_out(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"se\xf1ora.dcm")
    for file in (
        tmp_path / "a/b/1.dcm",
        tmp_path / "2",
        odd,
        tmp_path / "__MACOSX/._1.dcm",
        tmp_path / ".DS_Store",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    (tmp_path / "a/round").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    source = open_source(str(tmp_path))
    found = {entry.location: entry.size for entry in source.locations()}
    assert found == {"2": 1, "a/b/1.dcm": 1, r"se\xf1ora.dcm": 1}
    assert source.skipped == {"litter": 2, "special": 1, "repeated": 1}
    assert source.fetch(r"se\xf1ora.dcm") == b"x"
    with pytest.raises(FileNotFoundError):
        source.fetch("pipe")


def test_an_object_store_is_walked_alike(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    from fsspec.implementations.memory import MemoryFileSystem

    store = MemoryFileSystem()
    for name in ("/archive/a/1.dcm", "/archive/2", "/archive/__MACOSX/._1.dcm", "/archive/.DS_Store"):
        store.pipe(name, b"xy")
    source = open_source("memory://archive")
    assert {entry.location: entry.size for entry in source.locations()} == {"2": 2, "a/1.dcm": 2}
    assert source.skipped == {"litter": 2}
    assert (source.fetch("a/1.dcm"), source.size("2")) == (b"xy", 2)
    with pytest.raises(FileNotFoundError):
        source.fetch("gone")


@pytest.mark.parametrize("column", ["location", "path", "url", "key", "file"])
def test_lists_name_files_beside_them_by_path_or_by_url(tmp_path: Path, column: str) -> None:
    (tmp_path / "1.dcm").write_bytes(b"one")
    rows = ["1.dcm", str(tmp_path / "1.dcm"), f"file://{tmp_path}/1.dcm", ""]
    (tmp_path / "list.csv").write_text(f"{column},size\n" + "".join(f"{row},3\n" for row in rows))
    pq.write_table(pa.table({column: rows, "other": [0] * 4}), tmp_path / "list.parquet")
    for name in ("list.csv", "list.parquet"):
        source = open_source(str(tmp_path / name))
        assert listed(str(tmp_path / name)) == sorted(rows[:3])
        assert {source.fetch(row) for row in rows[:3]} == {b"one"}
        list(source.locations())
        assert source.skipped == {"no_location": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.csv", b"name,size\n1,2\n", "no column of locations"),
        ("list.csv", b"", "no column of locations"),
        ("list.csv", b"location\n\xff\xfe\n", "no list that can be read"),
        ("list.parquet", b"PAR1 it is not", "no list that can be read"),
    ],
)
def test_a_list_that_is_none_is_said(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        listed(str(tmp_path / name))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/no/such/folder", "no such folder"),
        ("/no/such/list.csv", "no such list"),
        ("s3://key:secret@bucket/prefix", "credentials in a URL"),
        ("dicomweb+https://user:secret@host/dicom-web", "credentials in a URL"),
        ("gopher://host/x", "no file system is known"),
    ],
)
def test_what_is_no_source_is_said_and_no_secret_repeated(text: str, said: str) -> None:
    with pytest.raises(NeumoError, match=said) as told:
        listed(text)
    assert "secret" not in str(told.value)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    for url in (str(tmp_path), "memory://atomic"):
        place = open_place(url)
        with pytest.raises(RuntimeError), place.writing("a/b") as stream:
            stream.write(b"half")
            raise RuntimeError
        if place.local:
            assert not place.exists("a/b")
        with place.writing("a/b") as stream:
            stream.write(b"whole")
        assert place.read("a/b") == b"whole"
        place.remove("a/b")
        place.remove("a/b")
        assert not place.exists("a/b")
