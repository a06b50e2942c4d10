import stat
import zipfile
from pathlib import Path

import pytest

from neumo.core.errors import DatasetError, DownloadError, OutputError, UnsafeArchiveError
from neumo.core.zip_archive import UnpackLimits, ZipMembers
from neumo.datasets.download.unpack import unpack_zip


def archive_of(folder: Path, *members: tuple[str | zipfile.ZipInfo, bytes], packed: bool = False) -> Path:
    file = folder / "archive.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file


def special(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return info


def test_files_come_out_whole_and_litter_stays_behind(tmp_path: Path) -> None:
    archive = archive_of(
        tmp_path,
        ("chest_xray/", b""),
        ("chest_xray/train/a.jpeg", b"first"),
        ("chest_xray/train/.DS_Store", b"x"),
        ("__MACOSX/chest_xray/._a.jpeg", b"x"),
        ("chest_xray/RECYCLER/a.jpeg", b"deleted"),
        ("chest_xray/test/größe.jpeg", b"second"),
    )
    assert unpack_zip(archive, tmp_path / "out") == 2
    found = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.*")
    }
    assert found == {"chest_xray/train/a.jpeg": b"first", "chest_xray/test/größe.jpeg": b"second"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "a/../../evil",
        "/evil",
        "\\evil",
        "..\\evil",
        "C:/evil",
        "C:evil",
        "a/b:stream",
        "a\nb",
        "./.",
        "//a",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = name
    (tmp_path / "inner").mkdir()
    archive = archive_of(tmp_path, ("good.jpeg", b"good"), (info, b"evil"))
    with pytest.raises(UnsafeArchiveError, match="do not use this archive"):
        unpack_zip(archive, tmp_path / "inner/out")
    assert {p.name for p in tmp_path.rglob("*")} == {"archive.zip", "inner"}


@pytest.mark.parametrize(
    ("kind", "word"), [(stat.S_IFLNK, "symbolic link"), (stat.S_IFIFO, "special"), (stat.S_IFCHR, "special")]
)
def test_links_and_devices_are_refused(kind: int, word: str, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, (special("link", kind), b"/etc/passwd"), ("link/x", b"y"))
    with pytest.raises(UnsafeArchiveError, match=word):
        unpack_zip(archive, tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "names", [("a", "a"), ("A.jpeg", "a.jpeg"), ("a/./b", "a/b"), ("a", "a/b"), ("a/b", "A")]
)
def test_members_that_would_overwrite_each_other_are_refused(names: tuple[str, str], tmp_path: Path) -> None:
    archive = archive_of(tmp_path, *((name, b"x") for name in names))
    with pytest.raises(UnsafeArchiveError):
        unpack_zip(archive, tmp_path / "out")


def test_a_bomb_is_stopped_and_nothing_is_left(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("zeros.jpeg", bytes(30 * 2**20)), packed=True)
    with pytest.raises(UnsafeArchiveError, match="bomb"):
        unpack_zip(archive, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["archive.zip"]


@pytest.mark.parametrize(
    "limits", [UnpackLimits(members=2), UnpackLimits(member_bytes=900), UnpackLimits(total_bytes=2500)]
)
def test_each_limit_holds(limits: UnpackLimits, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, *((f"{i}.jpeg", bytes(1000)) for i in range(3)))
    assert unpack_zip(archive, tmp_path / "within", UnpackLimits(3, 1000, 3000)) == 3
    with pytest.raises(UnsafeArchiveError, match=r"limit|more than"):
        unpack_zip(archive, tmp_path / "out", limits)
    assert not (tmp_path / "out").exists()


def test_a_declared_size_that_lies_is_not_trusted(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("zeros.jpeg", bytes(5_000_000)), packed=True)
    content = archive.read_bytes()
    archive.write_bytes(content.replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with zipfile.ZipFile(archive) as opened:
        assert opened.infolist()[0].file_size == 10
    with pytest.raises(DownloadError):
        unpack_zip(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damage_is_found_by_checksum(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("a.jpeg", b"content of a radiograph"))
    archive.write_bytes(archive.read_bytes().replace(b"content", b"CONTENT"))
    with pytest.raises(DownloadError, match=r"damaged .*CRC"):
        unpack_zip(archive, tmp_path / "out")


def test_what_is_no_zip_archive_is_said_so(tmp_path: Path) -> None:
    page = tmp_path / "page.zip"
    page.write_text("<html>prove that you are human</html>")
    with pytest.raises(DownloadError, match="not a zip archive"):
        unpack_zip(page, tmp_path / "out")
    with pytest.raises(DownloadError, match="cannot be read"):
        unpack_zip(tmp_path / "absent.zip", tmp_path / "out")
    truncated = archive_of(tmp_path, ("a.jpeg", bytes(5000)))
    truncated.write_bytes(truncated.read_bytes()[:3000])
    with pytest.raises(DownloadError, match="not a zip archive"):
        unpack_zip(truncated, tmp_path / "out")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("a.jpeg", b"x"))
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(DownloadError, match="encrypted"):
        unpack_zip(archive, tmp_path / "out")


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(packed: ZipMembers, info: zipfile.ZipInfo) -> None:
        raise OSError(28, "No space left on device")

    archive = archive_of(tmp_path, ("a.jpeg", b"x"))
    monkeypatch.setattr(ZipMembers, "parts", full)
    with pytest.raises(OutputError, match="No space left"):
        unpack_zip(archive, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["archive.zip"]


def test_a_folder_in_use_is_refused_and_an_empty_one_taken(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("a.jpeg", b"x"))
    (tmp_path / "empty").mkdir()
    assert unpack_zip(archive, tmp_path / "empty") == 1
    with pytest.raises(DatasetError, match="not empty"):
        unpack_zip(archive, tmp_path / "empty")
