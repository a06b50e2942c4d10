"""Commissioning a bundle over HTTP: plan, table, run, acceptance, signature, files, and what is refused."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.support.local_tables import rows_of_phantoms, write_rows
from tests.support.tiny_bundle import make_bundle
from tests.support.web_running import Running, running

from neumo.bundle.folder import load_bundle
from neumo.bundle.signing import read_signatures
from neumo.core.signatures import is_valid
from neumo.records.audit_log import verify
from neumo.records.audit_trail import trail
from neumo.records.database import open_archive

PLACE = "/api/commissioning"
EASY = {
    "sensitivity": 0.01, "specificity": None, "auroc_normal_vs_pneumonia": 0.01, "coverage_normal": 0.01,
    "coverage_pneumonia": 0.01, "calibration_error_pneumonia": 0.99, "refused": 0.99,
}  # fmt: skip
WANTED = {"site": "Hospital São João", "criteria": EASY, "resamples": 40}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Iterator[Running]:
    base = tmp_path_factory.mktemp("web-commissioning")
    bundle = make_bundle(base / "tiny", phantoms)
    with running(base / "data", bundle, commission__images=phantoms) as started:
        yield started


@pytest.fixture
def web(served: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.address, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def rows(phantoms: Path) -> list[dict[str, str]]:
    found = rows_of_phantoms(phantoms)
    return [{**row, "path": str(Path(row["path"]).relative_to(phantoms))} for row in found]


def csv_of(rows: list[dict[str, str]], folder: Path) -> bytes:
    return write_rows(folder / "local.csv", rows).read_bytes()


def sent(web: httpx.Client, content: bytes, name: str = "mine.csv") -> httpx.Response:
    return web.post(f"{PLACE}/table", files={"table": (name, content, "text/csv")})


def ended(web: httpx.Client) -> Any:
    """Return the last attempt once it has ended, told by the stream of its events."""
    with web.stream("GET", f"{PLACE}/events") as stream:
        lines = [line.removeprefix("data: ") for line in stream.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "{}"
    return json.loads(lines[-2])["attempt"]


def test_the_plan_says_what_the_command_says(web: httpx.Client) -> None:
    answer = web.post(f"{PLACE}/plan", json={"prevalence": 0.15}).json()
    assert [row[4] for row in answer["rows"]] == ["113", "142"]
    spanish = web.post(f"{PLACE}/plan", json={}, headers={"Accept-Language": "es"}).json()
    assert spanish["rows"][0][0] == "Sensibilidad" and spanish["headings"] != answer["headings"]
    wrong = web.post(f"{PLACE}/plan", json={"sensitivity": 0.7})
    assert wrong.status_code == 422 and "0.7 is expected and 0.8 must be shown" in wrong.text


def test_nothing_begins_without_a_table_and_a_bad_one_is_not_kept(
    web: httpx.Client, rows: list[dict[str, str]], tmp_path: Path
) -> None:
    assert web.post(f"{PLACE}/runs", json=WANTED).json()["code"] == "no_table"
    template = web.get(f"{PLACE}/template").text.splitlines()
    assert len(template) == len(rows) + 1 and template[0].startswith("path,label,patient")
    bad = [{**rows[0], "label": "FLU"}, {**rows[1], "patient": ""}, {**rows[2], "path": "/etc/passwd"}]
    answer = sent(web, csv_of([*rows[3:], *bad], tmp_path))
    (told,) = answer.json()["errors"]
    assert answer.status_code == 422 and told["field"] == "mine.csv"
    assert "unknown label 'FLU'" in told["message"] and "no patient" in told["message"]
    assert "lies outside" in told["message"]
    assert "UTF-8" in sent(web, b"\xff\xfe").text
    assert web.get(PLACE).json()["table"] is None
    assert web.get(f"{PLACE}/table").status_code == 404


@pytest.fixture(scope="module")
def finished(served: Running, rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the state after a whole run."""
    with httpx.Client(base_url=served.address, timeout=120) as web:
        answer = sent(web, csv_of(rows, tmp_path_factory.mktemp("table")))
        assert answer.status_code == 200, answer.text
        table = answer.json()["table"]
        assert (table["images"], table["patients"], table["name"]) == (len(rows), len(rows), "mine.csv")
        begun = web.post(f"{PLACE}/runs", json=WANTED)
        assert begun.status_code == 202, begun.text
        assert web.post(f"{PLACE}/runs", json=WANTED).json()["code"] == "commissioning_runs"
        attempt = ended(web)
        assert (attempt["status"], attempt["fault"]) == ("finished", None)
        return web.get(PLACE).json()


def test_a_run_shows_its_record(finished: Any, web: httpx.Client) -> None:
    (run,) = finished["runs"]
    assert run["met"] and run["acceptance"] is None and run["digest"] is None
    verdict, criteria, *_ = run["sections"]
    assert "All acceptance criteria are met." in verdict["sentences"]
    assert {row[-1] for row in criteria["rows"]} == {"met"}
    spanish = web.get(PLACE, headers={"Accept-Language": "es"}).json()["runs"][0]["sections"]
    assert spanish[0]["sentences"] != verdict["sentences"]
    assert web.get(f"{PLACE}/runs/{run['id']}/files/bundle.zip").json()["code"] == "not_accepted"
    assert web.get(f"{PLACE}/runs/none/files/acceptance.json").status_code == 404
    assert web.get(f"{PLACE}/runs/{run['id']}/files/run.json").status_code == 404


def test_acceptance_signature_and_files(
    finished: Any, web: httpx.Client, served: Running, tmp_path: Path
) -> None:
    run = finished["runs"][0]["id"]
    place = f"{PLACE}/runs/{run}"
    wrong = web.post(f"{place}/acceptance", json={"by": " ", "role": "physicist"})
    assert wrong.status_code == 422 and "printable characters" in wrong.text
    assert web.post(f"{place}/signature", json={"key": "", "signature": ""}).json()["code"] == "not_accepted"
    answer = web.post(f"{place}/acceptance", json={"by": "A. García", "role": "medical physicist"})
    accepted = answer.json()["runs"][0]
    assert accepted["acceptance"]["by"] == "A. García" and accepted["signed_by"] == []
    key = Ed25519PrivateKey.generate()
    raw = base64.b64encode(key.public_key().public_bytes_raw()).decode()

    def signature(text: str) -> dict[str, str]:
        return {"key": raw, "signature": base64.b64encode(key.sign(text.encode())).decode()}

    for odd in (signature("something else"), {"key": "x", "signature": "y"}):
        assert web.post(f"{place}/signature", json=odd).status_code == 422
    answer = web.post(f"{place}/signature", json=signature(accepted["to_sign"]))
    assert len(answer.json()["runs"][0]["signed_by"]) == 1, answer.text
    kinds = ("acceptance.json", "acceptance.en.html", "acceptance.es.pdf")
    assert all(web.get(f"{place}/files/{name}").status_code == 200 for name in kinds)
    assert "A. García" in web.get(f"{place}/files/acceptance.es.html").text
    with zipfile.ZipFile(io.BytesIO(web.get(f"{place}/files/bundle.zip").content)) as archive:
        archive.extractall(tmp_path)
    bundle = load_bundle(tmp_path / run)
    assert bundle.site is not None and bundle.digest == accepted["digest"]
    (made,) = read_signatures(tmp_path / run)
    assert is_valid("bundle", bundle.digest, made)
    engine = open_archive(f"sqlite:///{served.data / 'archive.db'}")
    events = [(each.action, each.actor, each.detail) for each in trail(engine)]
    steps = ("commission", "accept", "sign")
    assert [event for event in events if event[0] in steps] == [
        (step, "local", WANTED["site"]) for step in steps
    ]
    assert verify(engine).faults == ()
    engine.dispose()


def test_a_run_that_cannot_be_made_says_why_and_leaves_the_last_one(
    finished: Any, web: httpx.Client, served: Running
) -> None:
    before = web.get(PLACE).json()["runs"]
    for criteria, told in (({"sensitivity": 2}, "between 0 and 1"), ({"sensitvity": 0.5}, "sensitvity")):
        refused = web.post(f"{PLACE}/runs", json={**WANTED, "criteria": criteria})
        assert refused.status_code == 422 and told in refused.text
    assert web.post(f"{PLACE}/runs", json={**WANTED, "site": "\u0007"}).status_code == 202
    attempt = ended(web)
    assert attempt["status"] == "failed" and "name of the site" in attempt["fault"]
    assert web.get(PLACE).json()["runs"] == before
    assert not (served.data / "commissioning" / "work").exists()


def test_a_cancelled_run_leaves_nothing_half_made(finished: Any, web: httpx.Client, served: Running) -> None:
    before = web.get(PLACE).json()["runs"]
    assert web.post(f"{PLACE}/runs", json={**WANTED, "resamples": 10_000}).status_code == 202
    answer = web.delete(f"{PLACE}/runs")
    assert answer.json()["attempt"]["status"] == "cancelled", answer.text
    assert web.delete(f"{PLACE}/runs").json()["code"] == "finished"
    assert web.get(PLACE).json()["runs"] == before
    assert not (served.data / "commissioning" / "work").exists()
