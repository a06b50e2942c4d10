"""Sample radiographs over the API, against a real server."""

import httpx

from neumo.samples import sample_files


def test_samples_are_listed_and_given(web: httpx.Client) -> None:
    names = web.get("/api/samples").json()["samples"]
    assert names == [file.name for file in sample_files()]
    answer = web.get(f"/api/samples/{names[0]}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == sample_files()[0].read_bytes()


def test_other_names_are_not_found(web: httpx.Client) -> None:
    for name in ("README.md", "none.jpeg", "..%2F__init__.py"):
        answer = web.get(f"/api/samples/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), name
