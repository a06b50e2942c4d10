import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neumo.core.errors import OutputError
from neumo.core.files import (
    creating_folder,
    make_private,
    new_private_file,
    replacing,
    require_replaceable,
    require_writable,
    sync,
    write_json,
    write_private,
    write_text,
)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    write_text(target, "before")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["result.txt"]


def test_a_full_disk_is_an_output_error_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    with pytest.raises(OutputError, match="free space"), replacing(target) as temporary:
        temporary.write_text("some")
        with Path("/dev/full").open("w") as full:
            full.write("x" * 100_000)
    assert list(tmp_path.iterdir()) == []


def test_json_refuses_nan_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []
    write_json(tmp_path / "deep" / "a.json", {"x": "é"})
    assert json.loads((tmp_path / "deep" / "a.json").read_text(encoding="utf-8")) == {"x": "é"}


def test_an_unwritable_folder_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        write_text(tmp_path / "file" / "below.txt", "x")
    with pytest.raises(OutputError, match="could not be written"), creating_folder(tmp_path / "file" / "a"):
        pass


@pytest.mark.parametrize(
    ("mask", "file_mode", "folder_mode"),
    [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700), (0o027, 0o640, 0o750)],
)
def test_the_umask_decides_who_may_read(tmp_path: Path, mask: int, file_mode: int, folder_mode: int) -> None:
    with umask(mask):
        write_text(tmp_path / "report.html", "before")
        write_text(tmp_path / "report.html", "after")
        with creating_folder(tmp_path / "folder") as temporary:
            (temporary / "a").write_text("x")
    assert mode_of(tmp_path / "report.html") == file_mode
    assert mode_of(tmp_path / "folder") == folder_mode


def test_private_files_and_folders_are_private_whatever_the_umask_and_from_the_first_byte(
    tmp_path: Path,
) -> None:
    with umask(0):
        with replacing(tmp_path / "key", private=True) as temporary:
            assert mode_of(temporary) == 0o600
        write_private(tmp_path / "parts", [b"a", memoryview(b"b")])
        with creating_folder(tmp_path / "folder", private=True) as temporary:
            assert mode_of(temporary) == 0o700
        make_private(tmp_path / "deep" / "data")
    assert (tmp_path / "parts").read_bytes() == b"ab"
    assert mode_of(tmp_path / "key") == mode_of(tmp_path / "parts") == 0o600
    assert mode_of(tmp_path / "folder") == mode_of(tmp_path / "deep" / "data") == 0o700


def test_content_is_on_disk_before_its_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list[str]()
    fsync, rename = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        steps.append(f"fsync {'folder' if Path(f'/proc/self/fd/{handle}').is_dir() else 'file'}")
        fsync(handle)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_text(tmp_path / "a", "x")
    assert steps == ["fsync file", "rename", "fsync folder"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    with pytest.raises(RuntimeError), creating_folder(target) as temporary:
        (temporary / "half").write_text("")
        assert not target.exists()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    target.mkdir()
    with creating_folder(target) as temporary:
        (temporary / "whole").write_text("")
    assert [path.name for path in target.iterdir()] == ["whole"]
    with pytest.raises(OutputError), creating_folder(target):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_what_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "none")


def test_what_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    require_writable(None, tmp_path / "new" / "folder" / "report.html")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        require_writable(tmp_path / "file" / "report.html")
    with pytest.raises(OutputError, match="name a file"):
        require_writable(tmp_path)


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0\0\x10JFIF", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\0" * 128 + b"DICM"]
)
def test_text_never_replaces_a_radiograph(tmp_path: Path, content: bytes) -> None:
    film, result = tmp_path / "film", tmp_path / "result"
    film.write_bytes(content)
    for write in (require_writable, require_replaceable, lambda target: write_text(target, "{}")):
        with pytest.raises(OutputError, match="something else than results"):
            write(film)
    assert film.read_bytes() == content and list(tmp_path.iterdir()) == [film]
    for text in ("", "{}\n", "a;b\r\n", "<!doctype html>"):
        result.write_text(text)
        write_text(result, "new")
        assert result.read_text() == "new"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files have names on Linux alone")
def test_an_open_file_is_written_where_it_stands_and_keeps_its_name(tmp_path: Path) -> None:
    # As `neumo read film --html /dev/stdout >> page.html`: the name of the open file must never be replaced.
    file = tmp_path / "page.html"
    with file.open("wb") as stream:
        stream.write(b"before\0 ")
        stream.flush()
        link = tmp_path / "stdout"
        link.symlink_to(f"/proc/self/fd/{stream.fileno()}")
        for name in (link, Path(f"/dev/fd/{stream.fileno()}")):
            require_writable(name)
            write_text(name, "written ")
        stream.write(b"after")
    assert file.read_bytes() == b"before\0 written written after" and link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "stdout"]


def test_a_pipe_stays_one_and_is_given_what_is_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        require_writable(pipe)
        write_text(pipe, "content")
        assert os.read(reader, 100) == b"content" and pipe.is_fifo()
    finally:
        os.close(reader)
    with pytest.raises(OutputError, match="No space left"):
        write_text(Path("/dev/full"), "x" * 100_000)
    assert Path("/dev/full").is_char_device() and [file.name for file in tmp_path.iterdir()] == ["pipe"]


def test_a_durable_folder_has_all_its_files_synced_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = list[str]()
    monkeypatch.setattr("neumo.core.files.sync", lambda path: synced.append(path.name))
    with creating_folder(tmp_path / "folder", private=True, durable=True) as temporary:
        for name in ("a", "b"):
            with new_private_file(temporary / name) as stream:
                stream.write(b"1")
        with pytest.raises(FileExistsError):
            new_private_file(temporary / "a")
        assert synced == []
    assert sorted(synced[:2]) == ["a", "b"] and synced[2:] == [temporary.name, tmp_path.name]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "folder").iterdir()} == {0o600}
