"""ZIP archives and folders as uploads: what is an image is read, the rest is counted or refused, within limits."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.messy_folders import messy_folder
from tests.support.waiting import wait_until
from tests.support.web_running import Running


def zipped(*members: tuple[str, bytes], packed: bool = True) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def ended(web: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    """Return the job of an upload, once it has ended."""
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    wait_until(lambda: web.get(place).json()["status"] == "finished")
    job: dict[str, Any] = web.get(place).json()
    return job


def outcomes(job: dict[str, Any]) -> dict[str, str]:
    """Return the outcome of each file: its status, or the code of its reason."""
    return {
        f["name"]: f["reasons"][0]["code"] if f["status"] in ("failed", "skipped") else f["status"]
        for f in job["files"]
    }


def send(web: httpx.Client, content: bytes, name: str = "study.zip") -> httpx.Response:
    return web.post("/api/readings", files={"f": (name, content)})


def test_a_cd_as_an_archive_is_read_and_what_is_no_image_is_named(
    web: httpx.Client, radiographs: list[Path], tmp_path: Path
) -> None:
    folder = messy_folder(tmp_path / "cd", radiographs[0])
    names = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink()]
    members = [
        (file.relative_to(folder).as_posix(), file.read_bytes()) for file in names if "back" not in file.parts
    ]
    job = ended(web, send(web, zipped(*members, ("viewer\\\\old.exe", b"MZ"), ("empty/", b""))))
    found = outcomes(job)
    assert found["film.jpe"] == found["1.2.840.113619.2.5.1"] in ("read", "refused")
    assert (found["DICOMDIR"], found["SR000001"], found["notes.txt"]) == ("dicomdir", "report", "no_image")
    assert found["Thumbs.db"] == found["._film.jpe"] == found["film.jpeg"] == "litter"
    assert found["old.exe"] == "no_image" and found["text.png"] == "not_an_image"
    assert {file["upload"] for file in job["files"]} == {0}
    assert all(file["reasons"][0]["text"] for file in job["files"] if file["status"] == "skipped")


def test_a_folder_sent_file_by_file_is_treated_alike(web: httpx.Client, radiographs: list[Path]) -> None:
    film = radiographs[1].read_bytes()
    parts = [
        ("f", ("cd/IM0001", film)),
        ("f", ("cd/autorun.inf", b"[autorun]")),
        ("f", ("autorun.inf", b"[autorun]")),
        ("f", ("films.zip", zipped(("b.jpeg", film + b"b")))),
    ]
    job = ended(web, web.post("/api/readings", files=parts))
    assert [(f["upload"], f["name"], f["status"]) for f in job["files"]] == [
        (0, "IM0001", "read"),
        (1, "autorun.inf", "skipped"),
        (2, "autorun.inf", "failed"),
        (3, "b.jpeg", "read"),
    ]


def test_the_directory_of_a_cd_alone_is_called_so(
    web: httpx.Client, radiographs: list[Path], tmp_path: Path
) -> None:
    folder = messy_folder(tmp_path / "cd", radiographs[0])
    content = next(folder.rglob("DICOMDIR")).read_bytes()
    for asked in ("0", "1"):
        answer = web.post("/api/readings", params={"async": asked}, files={"f": ("DICOMDIR", content)})
        found = ended(web, answer)["files"][0] if asked == "1" else answer.json()
        assert [reason["code"] for reason in found["reasons"]] == ["dicomdir_alone"], found
        assert "without its images: send the whole folder or CD" in found["reasons"][0]["text"]
    films = [("f", ("DICOMDIR", content)), ("f", ("a.jpeg", radiographs[2].read_bytes()))]
    assert outcomes(ended(web, web.post("/api/readings", files=films)))["DICOMDIR"] == "dicomdir"


def encrypted() -> bytes:
    content = bytearray(zipped(("a.png", b"x" * 50)))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


def large_directory() -> bytes:
    """An archive whose end claims a directory of 3 GiB."""
    content = bytearray(zipped(("a.png", b"x")))
    struct.pack_into("<L", content, content.index(b"PK\5\6") + 12, 3 * 2**30)
    return bytes(content)


def broken() -> bytes:
    content = bytearray(zipped(("a.png", bytes(range(256)) * 8), packed=False))
    content[60] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (encrypted(), "encrypted_archive"),
        (large_directory(), "unsafe_archive"),
        (zipped(("a.png", b"x"))[:-30], "damaged_archive"),
        (b"PK\3\4" + b"nothing of the kind", "damaged_archive"),
        (b"PK\3\4", "damaged_archive"),
    ],
)
def test_an_archive_that_cannot_be_opened_is_refused_with_the_reason(
    web: httpx.Client, content: bytes, code: str
) -> None:
    alone = send(web, content)
    assert (alone.status_code, alone.json()["code"]) == (422, "unreadable")
    assert [(r["code"], bool(r["text"])) for r in alone.json()["reasons"]] == [(code, True)]
    job = ended(web, web.post("/api/readings?async=1", files={"f": ("study.zip", content)}))
    assert outcomes(job) == {"study.zip": code}


def test_members_that_cannot_be_unpacked_leave_the_others_alone(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    film = radiographs[2].read_bytes()
    job = ended(
        web,
        send(
            web,
            zipped(
                ("bomb.png", bytes(30 * 2**20)), ("nested.zip", zipped(("c.png", film))), ("good.jpeg", film)
            ),
        ),
    )
    assert outcomes(job) == {
        "bomb.png": "unsafe_archive",
        "nested.zip": "nested_archive",
        "good.jpeg": "read",
    }
    assert outcomes(ended(web, send(web, broken()))) == {"a.png": "damaged_archive"}
    assert list((server.data / "uploads").iterdir()) == [], "nothing unpacked is left"


def test_odd_members_are_read_or_answered_each_by_itself(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    """Names that lead elsewhere, links, a member under a password, one name twice, sizes in 64 bits."""
    film, other = radiographs[0].read_bytes(), radiographs[1].read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for name in (
            "/etc/absolute.jpeg",
            "../../up.jpeg",
            "C:\\films\\windows.jpeg",
            "./b/\u202e\x07odd.jpeg",
        ):
            archive.writestr(name, film)
        archive.writestr("twice.jpeg", film)
        archive.writestr("twice.jpeg", other)
        with archive.open(zipfile.ZipInfo("large.jpeg"), "w", force_zip64=True) as member:
            member.write(other)
        for name, kind in (("link.jpeg", stat.S_IFLNK), ("pipe.jpeg", stat.S_IFIFO)):
            special = zipfile.ZipInfo(name)
            special.create_system, special.external_attr = 3, (kind | 0o777) << 16
            archive.writestr(special, "../../../etc/passwd")
        archive.writestr("locked.jpeg", film)
    content = bytearray(buffer.getvalue())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.rindex(signature) + offset] |= 1
    job = ended(web, send(web, bytes(content)))
    found = outcomes(job)
    assert {
        found[name] for name in ("absolute.jpeg", "up.jpeg", "windows.jpeg", "odd.jpeg", "large.jpeg")
    } == {"read"}
    assert [file["status"] for file in job["files"] if file["name"] == "twice.jpeg"] == ["read"] * 2
    assert (found["link.jpeg"], found["pipe.jpeg"], found["locked.jpeg"]) == (
        "special",
        "special",
        "encrypted_archive",
    )
    assert all(file["reasons"][0]["text"] for file in job["files"] if file["status"] != "read")
    assert not list(server.data.rglob("*.jpeg")), "no file is named by what an archive says"


def test_archives_beyond_the_limits_are_refused(
    start: Callable[..., Running], radiographs: list[Path]
) -> None:
    server = start(limits__archive_files=3, limits__waiting=2)
    film = radiographs[3].read_bytes()
    with httpx.Client(base_url=server.address, timeout=60) as web:
        three = zipped(*((f"{n}.jpeg", film + bytes([n])) for n in range(3)))
        assert set(outcomes(ended(web, send(web, three))).values()) == {"read"}, "more than may wait at once"
        four = zipped(*((f"{n}.jpeg", film) for n in range(4)))
        assert send(web, four).json()["reasons"][0]["code"] == "unsafe_archive"
