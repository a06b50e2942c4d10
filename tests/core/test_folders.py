import os
import socket
from pathlib import Path

import pytest

from neumo.core.folders import EntryKind, is_litter_name, is_litter_path, walk_folder


def test_files_come_before_folders_each_by_name(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.png", "a/deep/3.png", "z.png", "c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    entries = list(walk_folder(tmp_path))
    assert {entry.kind for entry in entries} == {EntryKind.FILE}
    assert [str(entry.path.relative_to(tmp_path)) for entry in entries] == [
        "c.png", "z.png", "a/deep/3.png", "b/1.png", "b/2.png",
    ]  # fmt: skip


def test_links_in_a_circle_end_and_links_to_nothing_are_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    kinds = {entry.path.name: entry.kind for entry in walk_folder(tmp_path)}
    assert kinds == {
        "gone.png": EntryKind.FILE,
        "self.png": EntryKind.FILE,
        "back": EntryKind.REPEATED,
        "elsewhere": EntryKind.REPEATED,
    }


def test_what_is_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    os.mkfifo("pipe.png")
    Path("device.png").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket.png")
        kinds = {entry.path.name: entry.kind for entry in walk_folder(tmp_path)}
    assert kinds == dict.fromkeys(("pipe.png", "device.png", "socket.png"), EntryKind.SPECIAL)


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "._film.jpeg",
        "Thumbs.db",
        "thumbs.DB",
        "desktop.ini",
        ".hidden/film.png",
        "__MACOSX/film.png",
        "Icon\r",
        "RECYCLER/film.png",
        "@Recycle/film.png",
        "FOUND.012/film.png",
        "LOST.DIR/film.png",
        "#snapshot/film.png",
    ],
)
def test_litter(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert [entry.kind for entry in walk_folder(tmp_path)] == [EntryKind.LITTER]


def test_a_name_that_only_resembles_litter_is_none() -> None:
    assert not any(
        map(is_litter_name, ("film.png", "Thumbs.db.png", "__MACOSX", "found.000", "1.2.840.10008"))
    )


def test_what_lies_in_litter_at_any_depth_is_litter() -> None:
    assert is_litter_path(("cd", "RECYCLED", "deep", "film.png")) and is_litter_path(("cd", "Thumbs.db"))
    assert not is_litter_path(("cd", "thumbs.db", "film.png"))


def test_a_folder_that_is_gone_or_closed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "film.png").touch()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    film, closed = walk_folder(tmp_path)
    assert film.kind is EntryKind.FILE
    assert (closed.kind, closed.path.name, closed.reason) == (
        EntryKind.UNREADABLE,
        "closed",
        "Permission denied",
    )
    assert [entry.kind for entry in walk_folder(tmp_path / "gone")] == [EntryKind.UNREADABLE]
