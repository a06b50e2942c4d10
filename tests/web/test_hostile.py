"""Malicious and broken uploads against a real server: decompression bombs, truncated files, file names."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from tests.support.web_held import left_over, send
from tests.support.web_running import Running


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def dicom_bytes() -> bytes:
    from pydicom.data import get_testdata_file

    return Path(str(get_testdata_file("RG1_UNCR.dcm"))).read_bytes()


def deflated_bomb() -> bytes:
    """A deflated DICOM file of a megabyte that becomes a gigabyte."""
    from pydicom.data import get_testdata_file

    source = Path(str(get_testdata_file("image_dfl.dcm"))).read_bytes()
    group_end = 132 + 12 + struct.unpack("<I", source[140:144])[0]
    packer = zlib.compressobj(9, wbits=-15)
    element = struct.pack("<HH2sHI", 0x0009, 0x0010, b"UN", 0, 2**30)
    # After a full flush what follows depends on nothing before it, so that one compressed block can be repeated.
    begin = packer.compress(element) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return source[:group_end] + begin + zeros * 2**10 + packer.flush()


ROWS = struct.pack("<HH2sH", 0x28, 0x10, b"US", 2)
BROKEN = {
    "png-bomb": png_bomb(60_000, 60_000),
    "png-wide": png_bomb(999_999, 999),
    "png-cut": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "jpeg-noise": b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(500),
    "dicom-noise": b"\x00" * 128 + b"DICM" + b"\xff" * 300,
    "dicom-cut": dicom_bytes()[:-20_000],
    "dicom-head": dicom_bytes()[:1000],
    "dicom-rows": dicom_bytes().replace(ROWS + struct.pack("<H", 1955), ROWS + b"\xff\xff"),
    "empty": b"",
    "gzip": b"\x1f\x8b" + random.Random(2).randbytes(200),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_broken_files_and_bombs_fail_and_the_next_is_read(
    web: httpx.Client, server: Running, content: bytes, radiographs: list[Path]
) -> None:
    before = web.get("/api/readings").json()["count"]
    turned_away = send(web, content, "letter.doc")
    if turned_away.status_code == 422:  # neither name nor content say that it is meant as a radiograph
        assert turned_away.json()["code"] == "unreadable" and turned_away.json()["reasons"][0]["text"]
        assert web.get("/api/readings").json()["count"] == before
    for status in (201 if turned_away.status_code == 422 else 200, 200):
        answer = send(web, content, "film.png")
        assert (answer.status_code, answer.json()["status"]) == (status, "failed"), answer.text
        assert answer.json()["notices"]["reasons"][0]["text"]
    assert web.get("/api/readings").json()["count"] == before + 1, "the same bytes are recorded once"
    assert left_over(server) == []
    assert send(web, radiographs[0].read_bytes()).status_code in (200, 201)
    assert "Traceback" not in server.logged


def test_a_deflated_bomb_ends_at_most_its_reader(
    start: Callable[..., Running], radiographs: list[Path]
) -> None:
    server = start(read__memory_bytes=512 * 2**20)
    with httpx.Client(base_url=server.address, timeout=120) as web:
        answer = send(web, deflated_bomb())
        assert (answer.status_code, answer.json()["status"]) == (201, "failed"), answer.text
        assert send(web, radiographs[0].read_bytes()).status_code == 201


def test_too_many_bytes_are_refused_while_they_come(start: Callable[..., Running]) -> None:
    server = start(limits__file_bytes=20_000, limits__request_bytes=50_000, limits__files=2)

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(4096)

    with httpx.Client(base_url=server.address, timeout=30) as web:
        for parts, code in (
            ([30_000], "too_large"),
            ([18_000] * 3, "too_large"),
            ([100] * 3, "too_many_files"),
        ):
            files = [("f", (f"{index}.png", bytes(size))) for index, size in enumerate(parts)]
            answer = web.post("/api/readings", files=files)
            assert (answer.status_code, answer.json()["code"]) == (413, code)
        assert answer.json()["limit"] == 2
        assert send(web, bytes(30_000)).json()["limit"] == 20_000
        with suppress(httpx.TransportError):  # the server may close before all is said
            answer = web.post("/api/readings", content=endless(), headers={"Content-Type": "image/png"})
            assert answer.status_code == 413
        assert left_over(server) == []
        assert web.get("/healthz").status_code == 200


def test_media_types(web: httpx.Client) -> None:
    for kind in ("text/html", "application/json", "", "multipart/form-data", "image/svg+xml"):
        answer = web.post("/api/readings", content=b"x", headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), kind
    for body in (
        b"",
        b"x",
        b"--b\r\n",
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx',
    ):
        answer = web.post(
            "/api/readings", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), body
    long = b'--b\r\nContent-Disposition: form-data; name="' + b"n" * 100_000
    answer = web.post(
        "/api/readings", content=long, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cfilms%5CP%C3%A9rez.png", "Pérez.png"),
        ("a%0D%0AX-Evil%3A%201.png", "aX-Evil: 1.png"),
        ("%E2%80%AEgnp.exe", "gnp.exe"),
        ("", "radiograph"),
        ("%FF", "\ufffd"),
        ("x" * 500, "x" * 150),
    ],
)
def test_names_of_files_lead_nowhere(
    web: httpx.Client, given: str, kept: str, radiographs: list[Path], server: Running
) -> None:
    # A comment makes the bytes, and so the reading, this test's own.
    image = radiographs[0].read_bytes()
    remark = given.encode()[:60] + b" named"
    own = image[:2] + b"\xff\xfe" + struct.pack(">H", len(remark) + 2) + remark + image[2:]
    answer = send(web, own, given)
    assert answer.status_code == 201, answer.text
    assert answer.json()["file"] == kept
    assert left_over(server) == []


def test_a_full_disk_is_told_before_anything_comes(start: Callable[..., Running]) -> None:
    server = start(limits__free_bytes=2**60)
    with httpx.Client(base_url=server.address) as web:
        answer = send(web, b"x")
        assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")


def test_hostile_html_in_a_name_stays_text(web: httpx.Client, radiographs: list[Path]) -> None:
    image = BytesIO(radiographs[1].read_bytes())
    answer = web.post("/api/readings", files={"f": ('<script>alert("1")</script>.jpeg', image)})
    page = web.get(f"{answer.headers['location']}/files/html")
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    "header",
    [
        b"form-data; filename*0=a; filename*=UTF-8''b.png",
        b"form-data; name=f; filename*=no-such-set''%FF%00",
        b"form-data; filename*99999999999999999999=a; filename*0=b",
    ],
)
def test_contradictory_names_of_a_part_end_in_an_answer(web: httpx.Client, header: bytes) -> None:
    answer = web.post(
        "/api/readings",
        content=b"--b\r\nContent-Disposition: " + header + b"\r\n\r\nx\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize("kind", ["parts", "headers"])
def test_floods_of_parts_and_of_headers_are_refused_soon(web: httpx.Client, kind: str) -> None:
    part = b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n"
    headers = b"--b\r\n" + b"a: b\r\n" * 200_000 + b"\r\n\r\n--b--\r\n"
    content = part * 100_000 if kind == "parts" else headers
    answer = web.post(
        "/api/readings", content=content, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == (413 if kind == "parts" else 400)
    assert answer.json()["code"] == ("too_many_files" if kind == "parts" else "bad_request")
