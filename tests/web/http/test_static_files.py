"""Static files: compression, ETags, and module preloads."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from neumo.web.http.static_files import ALL_STYLES, STYLES, scripts_of_views

STATIC = Path(__file__).parents[3] / "src/neumo/web/static"


@pytest.mark.parametrize("packing", ["gzip", "identity"])
def test_files_come_whole_packed_or_not(web: httpx.Client, packing: str) -> None:
    answer = web.get("/static/dom.js", headers={"Accept-Encoding": packing})
    assert answer.content == (STATIC / "dom.js").read_bytes()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers.get("content-encoding", "identity") == packing
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept-Encoding", "no-cache")
    tag = answer.headers["etag"]
    again = web.get("/static/dom.js", headers={"Accept-Encoding": packing, "If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_forms_of_a_file_have_tags_of_their_own(web: httpx.Client) -> None:
    tags = {web.get("/static/app.js", headers={"Accept-Encoding": p}).headers["etag"] for p in ("gzip", "br")}
    assert len(tags) == 2


def test_only_files_are_given_and_only_to_readers(web: httpx.Client) -> None:
    assert web.head("/static/app.js").headers["content-length"] != "0"
    for path in (
        "/static/",
        "/static/css",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/none.js",
    ):
        assert web.get(path).json()["code"] == "not_found", path
    assert web.post("/static/app.js").status_code == 405


def test_all_styles_are_one_file_in_their_order(web: httpx.Client) -> None:
    assert {file.relative_to(STATIC).as_posix() for file in STATIC.rglob("*.css")} == set(STYLES)
    whole = "".join((STATIC / name).read_text(encoding="utf-8") for name in STYLES)
    assert web.get(f"/static/{ALL_STYLES}").text == whole


def test_the_page_names_every_script_that_its_view_imports(web: httpx.Client) -> None:
    for path, view in (
        ("/", "reading"),
        ("/readings/7", "opened"),
        ("/login", "login"),
        ("/worklist", "worklist"),
    ):
        named = re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', web.get(path).text)
        assert tuple(named) == scripts_of_views(STATIC)[view]
        sources = [(STATIC / name).read_text(encoding="utf-8") for name in named]
        imported = {
            found
            for source in sources
            for found in re.findall(
                r'^(?:import|export)\b[^;]*?\bfrom "/static/([^"]+)";', source, re.MULTILINE
            )
        }
        assert imported <= set(named) and len(named) == len(set(named))


def test_the_start_page_leaves_what_an_opened_reading_needs(web: httpx.Client) -> None:
    views = scripts_of_views(STATIC)
    later = set(views["opened"]) - set(views["reading"])
    assert {"views/reading/opened.js", "viewer/viewer.js", "views/reading/decision.js"} <= later


@pytest.mark.parametrize("path", ["/", "/none", "/texts/en.json", "/texts/es.json"])
def test_pages_and_messages_come_packed_or_not(web: httpx.Client, path: str) -> None:
    asked = {"Accept": "text/html, */*"}
    plain, packed = (web.get(path, headers={**asked, "Accept-Encoding": c}) for c in ("identity", "gzip"))
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content and plain.headers["vary"] == "Accept-Encoding"
    asked |= {"If-None-Match": plain.headers["etag"], "Accept-Encoding": "identity"}
    again = web.get(path, headers=asked)
    assert (plain.status_code, again.status_code) == ((404, 404) if path == "/none" else (200, 304))


def test_packing_saves_bytes(web: httpx.Client) -> None:
    with web.stream("GET", "/static/styles.css", headers={"Accept-Encoding": "gzip"}) as answer:
        sent = b"".join(answer.iter_raw())
    assert len(sent) < len(gzip.decompress(sent)) / 2
