"""Uploads to a running server: every part with a file name is answered, and a data folder has one server."""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.support.commands import run_neumo
from tests.support.waiting import wait_until
from tests.support.web_running import Running

from neumo.imaging.dicom.stored_class import HEAD_BYTES
from neumo.web.config import Limits
from neumo.web.readings.uploaded_file import UploadedFile

NAMES = {
    'form-data; name="f"; filename="plain.jpeg"': "plain.jpeg",
    "form-data; name=f; filename=token.jpeg": "token.jpeg",
    "form-data; name=\"f\"; filename*=UTF-8''t%C3%B3rax%20%E8%82%BA.jpeg": "tórax 肺.jpeg",
    "form-data; name=\"f\"; filename*=iso-8859-1'es'ni%F1o.jpeg": "niño.jpeg",
    'form-data; name="f"; filename="both.jpeg"; filename*=UTF-8\'\'x.jpeg': "both.jpeg",
    'form-data; filename="without a field\'s name.jpeg"': "without a field's name.jpeg",
    'attachment; filename="attached.jpeg"': "attached.jpeg",
    'form-data; name="f"; filename=""': "radiograph",
}
"""File names of parts by their header."""


def test_each_part_with_a_file_name_is_answered(web: httpx.Client, radiographs: list[Path]) -> None:
    parts = b"".join(
        b"--limit\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (header.encode(), radiographs[0].read_bytes())
        for header in NAMES
    )
    field = b'--limit\r\nContent-Disposition: form-data; name="note"\r\n\r\nno file\r\n'
    answer = web.post(
        "/api/readings",
        content=field + parts + b"--limit--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=limit"},
    )
    assert answer.status_code == 202, answer.text
    with web.stream("GET", f"{answer.headers['location']}/events") as stream:
        *_, end = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
    assert [file["name"] for file in end["files"]] == list(NAMES.values())


def test_a_second_server_on_a_data_folder_is_refused_and_the_first_goes_on(
    server: Running, web: httpx.Client, web_bundle: Path
) -> None:
    left = server.data / "uploads" / "somebody's file"
    left.write_text("kept")
    said = run_neumo(
        "serve", "--no-browser", "--port", "0", "--data", server.data, "--bundle", web_bundle, status=2
    )
    assert "another server works in this data folder" in " ".join(said.split())
    assert web.get("/healthz").json() == {"status": "ok"} and left.read_text() == "kept"


def test_parallel_uploads_together_keep_to_the_floor(
    start: Callable[..., Running], radiographs: list[Path], tmp_path: Path
) -> None:
    free = shutil.disk_usage(tmp_path).free
    share = free // 8  # far more than other programs write meanwhile
    started = start(limits__free_bytes=free - 3 * share, limits__request_bytes=free)
    host, _, port = started.address.removeprefix("http://").strip("/").partition(":")
    head = f"POST /api/readings HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/octet-stream\r\n"
    large = {"Content-Type": "application/octet-stream", "X-File-Name": "a.bin"}
    with socket.create_connection((host, int(port)), timeout=60) as slow:
        slow.sendall(f"{head}Content-Length: {2 * share}\r\n\r\nbegins".encode())
        wait_until(lambda: list((started.data / "uploads").iterdir()))
        with socket.create_connection((host, int(port)), timeout=60) as second:
            second.sendall(f"{head}Content-Length: {2 * share}\r\n\r\nbegins".encode())
            assert b" 507 " in second.recv(100)
        small = httpx.post(
            f"{started.address}api/readings", content=radiographs[0].read_bytes(), headers=large, timeout=60
        )
        assert small.status_code == 201, "other users are served"
    wait_until(lambda: not list((started.data / "uploads").iterdir()))
    assert httpx.get(f"{started.address}healthz", timeout=60).json() == {"status": "ok"}


@pytest.mark.parametrize("size", [1, 3, 1000, 5000])
def test_a_file_knows_its_beginning_however_its_bytes_come(tmp_path: Path, size: int) -> None:
    content = b"PK\3\4" + bytes(range(256)) * 10
    file = UploadedFile(tmp_path, "a.zip", Limits(file_bytes=2000, request_bytes=5000))
    for begin in range(0, len(content), size):
        file.write(content[begin : begin + size])
    upload = file.finish()
    assert upload.head == content[:HEAD_BYTES]
    assert upload.path.read_bytes() == content  # as large as a request, since it is an archive
