"""Images behind a run's metrics, as PNG: only those that its evaluation lists, and only for researchers."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.support.small_runs import EVALUATION, make_images, make_run
from tests.support.web_running import Running, add_people, logged_in, running


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    base = tmp_path_factory.mktemp("web-run-images")
    make_images(base / "set")
    (base / "set" / "test" / "1.jpeg").write_text("no image")
    (base / "set" / "test" / "2.jpeg").unlink()
    Image.new("L", (64, 64), 9).save(base / "private.png")
    make_run(base / "runs" / "here", 1, 3.0, base / "set")
    make_run(base / "runs" / "gone", 1, 3.0)
    make_run(base / "runs" / "planted", 1, 3.0, base / "set")
    listed = base / "runs" / "planted" / EVALUATION / "predictions.csv"
    text = listed.read_text().replace("test/0.jpeg", "../private.png")
    listed.write_text(text.replace("test/3.jpeg", str(base / "private.png")))
    make_run(base / "runs" / "odd", 1, 3.0)
    record = base / "runs" / "odd" / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "data": {"path": 5}}))
    add_people(base / "data", ada="researcher", ben="reader")
    with running(base / "data", web_bundle, runs=base / "runs") as started:
        yield started


@pytest.fixture
def ada(pictured: Running) -> Iterator[httpx.Client]:
    with logged_in(pictured.address, "ada") as client:
        yield client


def test_an_image_of_the_evaluated_part_is_drawn(ada: httpx.Client) -> None:
    answer = ada.get("/api/runs/here/images/test/100.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "private, no-store"
    picture = Image.open(BytesIO(answer.content))
    assert picture.size == (96, 80) and abs(int(np.asarray(picture)[40, 40]) - 200) <= 2
    small = ada.get("/api/runs/here/images/test/100.png", params={"max_side": 48})
    assert Image.open(BytesIO(small.content)).size == (48, 40)
    assert ada.get("/api/runs/here/images/test/100.png", params={"max_side": 5000}).status_code == 422


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("here/images/test/120.png", 404, "not_found"),
        ("here/images/train/0.png", 404, "not_found"),
        ("here/images/..%2ftest/0.png", 404, "not_found"),
        ("here/images/test/-1.png", 422, "invalid"),
        ("here/images/test/..%2f..%2fprivate.png", 404, "not_found"),
        ("here/images/test/1.png", 422, "unreadable"),
        ("here/images/test/2.png", 404, "data_absent"),
        ("gone/images/test/0.png", 404, "data_absent"),
        ("odd/images/test/0.png", 404, "data_absent"),
        ("planted/images/test/0.png", 404, "data_absent"),
        ("planted/images/test/3.png", 404, "data_absent"),
    ],
)
def test_nothing_else_can_be_had(ada: httpx.Client, path: str, status: int, code: str) -> None:
    answer = ada.get(f"/api/runs/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_predictions_say_whether_their_images_are_here(ada: httpx.Client) -> None:
    for name, here in (("here", True), ("gone", False), ("odd", False), ("planted", False)):
        assert ada.get(f"/api/runs/{name}/predictions").json()["images_here"] is here, name
    sentence = ada.get("/api/runs/gone/images/test/0.png", headers={"Accept-Language": "es"}).json()["detail"]
    assert "no están en esta máquina" in sentence


def test_readers_may_not_see_them_and_nothing_is_left_behind(pictured: Running, ada: httpx.Client) -> None:
    assert ada.get("/api/runs/here/images/test/5.png").status_code == 200
    assert list((pictured.data / "rendered").iterdir()) == []
    with logged_in(pictured.address, "ben") as reader:
        assert reader.get("/api/runs/here/images/test/5.png").status_code == 403
    assert httpx.get(f"{pictured.address}api/runs/here/images/test/5.png").status_code == 401
