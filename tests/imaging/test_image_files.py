from pathlib import Path

import pytest
from tests.support.deep_samples import film, png
from tests.support.messy_folders import DICOM, FAILED, RASTER, SKIPPED, messy_folder

from neumo.core.errors import ImageTooLargeError
from neumo.imaging import open_radiograph
from neumo.imaging.image_files import Skip, find_images, skip_of


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    film = sorted((phantoms / "test").rglob("*.jpeg"))[0]
    return messy_folder(tmp_path_factory.mktemp("messy") / "folder", film)


def test_every_file_is_an_image_or_counted_by_its_reason(messy: Path) -> None:
    found = find_images([messy])
    assert {file.name for file in found.images} == {*RASTER, *DICOM, *FAILED}
    assert {reason.value: count for reason, count in found.skipped.items()} == SKIPPED
    assert found.found == len(RASTER) + len(DICOM) + len(FAILED) + sum(SKIPPED.values())
    assert not found.unreadable
    values = found.to_json()
    assert values == {"found": found.found, "skipped": SKIPPED, "unreadable_folders": []}


def test_only_dicom(messy: Path) -> None:
    found = find_images([messy], only_dicom=True)
    assert {file.name for file in found.images} == {*DICOM, "gone.png"}
    assert found.skipped[Skip.NOT_DICOM] == len(RASTER) + 1 and found.skipped[Skip.REPORT] == 1


def test_a_file_is_found_once_and_a_named_file_is_always_meant(messy: Path) -> None:
    once = find_images([messy])
    named = [messy / "notes.txt", messy / "pipe.png", messy / "cd" / "DICOMDIR"]
    for paths in ([messy, messy / "cd", *named], [*named, messy / "film.bmp", messy]):
        found = find_images(paths)
        assert set(found.images) == {*once.images, *named} and found.found == once.found
        assert sum(found.skipped.values()) == sum(SKIPPED.values()) - len(named)


def test_patterns_and_names_that_match_nothing(messy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(messy)
    assert [str(file) for file in find_images(["film.[tb]*", "cd"]).images][:2] == ["film.bmp", "film.tif"]
    assert [str(file) for file in find_images(["no*thing", "[film].png"]).images] == [
        "no*thing",
        "[film].png",
    ]
    (messy / "odd[1].png").write_bytes(b"")
    assert [str(file) for file in find_images(["odd[1].png"]).images] == ["odd[1].png"]
    (messy / "odd[1].png").unlink()


@pytest.mark.parametrize(
    ("name", "head", "skip"),
    [
        ("._x.jpeg", b"\xff\xd8\xff", Skip.LITTER),
        ("x.jpeg", b"", None),
        ("x.gif", b"GIF89a", None),
        ("x.jp2", b"", None),
        ("x.dcm", b"no DICOM", None),
        ("x.txt", b"\x89PNG\r\n\x1a\n", None),
        ("x.txt", b"text", Skip.NO_IMAGE),
        ("x.txt", b"P5 is how this text begins", Skip.NO_IMAGE),
        ("x", b"P5\n# a comment\n64 64 255\n", None),
        ("x", b"GIF89a", None),
        ("IM1", b"\0\0\0\x0cjP  ", None),
        ("volume.gz", b"\x1f\x8b", Skip.ARCHIVE),
        ("films.ZIP", b"PK\3\4", Skip.ARCHIVE),
        ("report.docx", b"PK\3\4", Skip.NO_IMAGE),
        ("1.2.840.113619.2.5.1", b"", None),
        ("IM000001", b"\0" * 200, None),
        ("1.2.3", b"text", Skip.NO_IMAGE),
        ("IMPORTANT", b"text", Skip.NO_IMAGE),
        ("x", b"7z\xbc\xaf\x27\x1c", Skip.ARCHIVE),
        ("1.2.3", b"\0" * 128 + b"DICM", None),
        ("DICOMDIR", b"\0" * 128 + b"DICM", Skip.DICOMDIR),
    ],
)
def test_names_and_heads(name: str, head: bytes, skip: Skip | None) -> None:
    assert skip_of(name, head) is skip


NAMES = [
    "\U0001fac1\U0001f637.png", "two\nlines.png", "caf\u00e9.png", "cafe\u0301.png", "Film.PNG", "film.png",
    "x" * 240 + ".png",
    "~$film.png", "film.png.part", "IMG00001.JPG;1", "\u202egnp.exe", " film.png ", "-rf.png", "film[1].png",
]  # fmt: skip


def test_files_of_any_name_are_each_found_once_and_links_are_files_of_their_own(tmp_path: Path) -> None:
    content = png(film(10))
    for name in NAMES:
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link.png").symlink_to("film.png")
    (tmp_path / "hard.png").hardlink_to(tmp_path / "film.png")
    (tmp_path / "__MACOSX" / "a").mkdir(parents=True)
    for litter in ("._film.png", ".DS_Store", "thumbs.DB", "__MACOSX/a/film.png"):
        (tmp_path / litter).write_bytes(content)
    found = find_images([tmp_path])
    assert sorted(file.name for file in found.images) == sorted([*NAMES, "link.png", "hard.png"])
    assert found.skipped == {Skip.LITTER: 4}


@pytest.mark.parametrize("name", ["huge.png", "huge.dcm"])
def test_a_file_of_many_gigabytes_is_refused_by_its_size(name: str, tmp_path: Path) -> None:
    with (tmp_path / name).open("wb") as stream:
        stream.truncate(64 * 2**30)  # which take no space
    (file,) = find_images([tmp_path]).images
    with pytest.raises(ImageTooLargeError, match="68,719,476,736 bytes"):
        open_radiograph(file)
