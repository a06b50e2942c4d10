"""Decisions: concurrent and blinded, against a real server with users."""

import csv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.support.web_running import Running, add_people, logged_in, running

from neumo.records.database import connect, reading_session
from neumo.records.schema import ViewRow

FINDINGS = ("NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA")
ANSWER = ("finding", "probabilities", "prediction_set", "pneumonia", "receipt")


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("web-decisions") / "data"
    add_people(data, ana="reader", ben="reader", cleo="reader")
    with running(data, web_bundle) as started:
        yield started


@pytest.fixture
def ana(staffed: Running) -> Iterator[httpx.Client]:
    with logged_in(staffed.address, "ana") as client:
        yield client


@pytest.fixture
def ben(staffed: Running) -> Iterator[httpx.Client]:
    with logged_in(staffed.address, "ben") as client:
        yield client


@pytest.fixture
def cleo(staffed: Running) -> Iterator[httpx.Client]:
    """Somebody who works blinded."""
    with logged_in(staffed.address, "cleo") as client:
        assert client.patch("/api/me", json={"blinded": True}).json()["blinded"] is True
        yield client


def uploaded(person: httpx.Client, file: Path) -> dict[str, Any]:
    answer = person.post(
        "/api/readings",
        content=file.read_bytes(),
        headers={"Content-Type": "image/jpeg", "X-File-Name": file.name},
    )
    assert answer.status_code in (200, 201), answer.text
    value: dict[str, Any] = answer.json()
    return value


def decide(person: httpx.Client, reading: int, revision: int | None, **decision: str) -> httpx.Response:
    tag = {} if revision is None else {"If-Match": f'"r{revision}"'}
    return person.post(f"/api/readings/{reading}/decisions", json=decision, headers=tag)


def answered(radiographs: list[Path], person: httpx.Client) -> dict[str, Any]:
    """A reading with an answer, sent by somebody."""
    return next(r for r in (uploaded(person, file) for file in radiographs) if r["status"] == "read")


def test_agreeing_and_disagreeing_are_kept(ana: httpx.Client, radiographs: list[Path]) -> None:
    reading = answered(radiographs[:6], ana)
    other = next(f for f in FINDINGS if f != reading["finding"])
    revision = reading["revision"]
    first = decide(ana, reading["id"], revision, conclusion="AGREE", note="seguro; =1+1")
    assert (first.status_code, first.headers["etag"]) == (201, f'"r{revision + 1}"')
    second = decide(ana, reading["id"], revision + 1, conclusion=other)
    kept = second.json()["decisions"]
    assert [(d["conclusion"], d["agrees"]) for d in kept[-2:]] == [(reading["finding"], True), (other, False)]
    assert kept[-2]["note"] == "seguro; =1+1" and kept[-1]["person"] == "ana"
    assert kept[-1]["blinded"] is False and kept[-1]["shown_at"] <= kept[-2]["at"]
    assert ana.get(f"/api/readings/{reading['id']}/decisions").json()["decisions"] == kept
    listed = ana.get("/api/readings", params={"disagreement": "true"}).json()["readings"]
    assert reading["id"] in [item["id"] for item in listed]
    exported = ana.get("/api/export", params={"id": reading["id"]}).text
    (row,) = csv.DictReader(exported.splitlines())
    assert (row["decided"], row["decision"], row["agrees"], row["decided_by"]) == ("yes", other, "no", "ana")


def test_decisions_that_cannot_be_kept(ana: httpx.Client, radiographs: list[Path]) -> None:
    reading = answered(radiographs[:6], ana)
    number, revision = reading["id"], reading["revision"]
    assert decide(ana, number, None, conclusion="AGREE").json()["code"] == "revision_required"
    for tag in ("*", "r0", 'W/"r0"', '"r0', '"r-1"', '"r0", "r1"'):
        answer = ana.post(
            f"/api/readings/{number}/decisions", json={"conclusion": "AGREE"}, headers={"If-Match": tag}
        )
        assert answer.status_code == 428, tag
    for body in (
        {},
        {"conclusion": "COVID"},
        {"conclusion": "agree"},
        {"conclusion": "NORMAL", "abnormality": "effusion"},
        {"conclusion": "AGREE", "abnormality": "effusion"},
        {"conclusion": "OTHER_ABNORMAL"},
        {"conclusion": "OTHER_ABNORMAL", "abnormality": " "},
        {"conclusion": "OTHER_ABNORMAL", "abnormality": "a" * 201},
        {"conclusion": "AGREE", "note": "n" * 4001},
        {"conclusion": "AGREE", "note": "\x00"},
        {"conclusion": "AGREE", "name": "ben"},
    ):
        answer = decide(ana, number, revision, **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), body
    assert decide(ana, 2**31 - 1, 0, conclusion="AGREE").status_code == 404
    assert ana.get(f"/api/readings/{number}").json()["revision"] == revision


def test_two_who_decide_at_once_both_keep_theirs_and_the_second_is_told(
    ana: httpx.Client, ben: httpx.Client, radiographs: list[Path]
) -> None:
    reading = uploaded(ana, radiographs[6])
    number, seen = reading["id"], reading["revision"]

    def decided(person: httpx.Client) -> httpx.Response:
        return decide(person, number, seen, conclusion="NORMAL")

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(decided, (ana, ben)))
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    late = next(i for i, answer in enumerate(answers) if answer.status_code == 412)
    told = answers[late].json()
    assert told["code"] == "decided_meanwhile" and told["revision"] == seen + 1
    assert told["decisions"][-1]["person"] == ("ben", "ana")[late]
    again = decide((ana, ben)[late], number, told["revision"], conclusion="VIRAL_PNEUMONIA")
    assert again.status_code == 201
    assert {d["person"] for d in again.json()["decisions"]} == {"ana", "ben"}


def test_many_at_once_lose_nothing(ana: httpx.Client, radiographs: list[Path]) -> None:
    number = uploaded(ana, radiographs[7])["id"]

    def insisted(note: int) -> None:
        revision = 0
        while True:
            answer = decide(ana, number, revision, conclusion="NORMAL", note=str(note))
            if answer.status_code == 201:
                return
            assert answer.status_code == 412
            revision = answer.json()["revision"]

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(insisted, range(8)))
    kept = ana.get(f"/api/readings/{number}/decisions").json()["decisions"]
    assert sorted(d["note"] for d in kept) == [str(note) for note in range(8)]
    assert [d["revision"] for d in kept] == list(range(1, 9))


def test_a_blinded_person_learns_nothing_before_deciding(
    ana: httpx.Client, cleo: httpx.Client, radiographs: list[Path], staffed: Running
) -> None:
    reading = answered(radiographs[8:], ana)
    number = reading["id"]
    decide(ana, number, reading["revision"], conclusion="AGREE", note="ana thinks so")
    for shown in (
        uploaded(cleo, radiographs[8 + _index(radiographs[8:], reading)]),
        cleo.get(f"/api/readings/{number}").json(),
    ):
        assert shown["withheld"] is True and shown["decisions"] == [] and shown["class_maps"] == []
        assert [shown[key] for key in ANSWER] == [None] * len(ANSWER)
        assert reading["finding"] not in str({k: v for k, v in shown.items() if k not in ("file", "sha256")})
    base = f"/api/readings/{number}"
    for path in (
        "heatmap.png",
        "posterior",
        "files/json",
        "files/pdf",
        "files/receipt.json",
        "files/fhir.json",
    ):
        answer = cleo.get(f"{base}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "withheld"), path
    assert cleo.get(f"{base}/image.png").status_code == 200
    assert cleo.get(f"{base}/decisions").json() == {"revision": reading["revision"] + 1, "decisions": []}
    item = next(i for i in cleo.get("/api/readings").json()["readings"] if i["id"] == number)
    assert (item["finding"], item["pneumonia"], item["prediction_set"], item["decision"], item["agrees"]) == (
        None,
    ) * 5
    for narrowed in (
        {"finding": reading["finding"]},
        {"verdict": "no_pneumonia"},
        {"disagreement": "false"},
        {"sort": "-pneumonia"},
    ):
        listed = cleo.get("/api/readings", params=narrowed).json()
        assert number not in [i["id"] for i in listed["readings"]], narrowed
    line = cleo.get("/api/export", params={"id": number, "format": "jsonl"}).json()
    assert line["finding"] is line["p_NORMAL"] is line["decision"] is None and line["note"] is None
    assert decide(cleo, number, reading["revision"] + 1, conclusion="AGREE").json()["code"] == "withheld"
    assert views(staffed, number, "cleo") == 0

    late = decide(cleo, number, 0, conclusion="NORMAL").json()
    assert late["code"] == "decided_meanwhile" and late["decisions"] == [], (
        "a conflict gives nothing away either"
    )
    kept = decide(cleo, number, late["revision"], conclusion="NORMAL")
    assert kept.status_code == 201
    whole = kept.json()["reading"]
    assert whole["withheld"] is False and whole["finding"] == reading["finding"]
    own = next(d for d in whole["decisions"] if d["person"] == "cleo")
    assert own["blinded"] is True and own["at"] < own["shown_at"]
    assert cleo.get(f"{base}/heatmap.png").status_code == 200
    assert views(staffed, number, "cleo") == 1
    assert number in [
        i["id"] for i in cleo.get("/api/readings", params={"finding": reading["finding"]}).json()["readings"]
    ]


def _index(files: list[Path], reading: dict[str, Any]) -> int:
    return next(i for i, file in enumerate(files) if file.name == reading["file"])


def views(server: Running, number: int, name: str) -> int:
    archive = connect(f"sqlite:///{server.data / 'archive.db'}", existing=True)
    with reading_session(archive) as session:
        found = session.scalars(
            select(ViewRow.id).where(ViewRow.reading_id == number, ViewRow.person == name)
        ).all()
    archive.dispose()
    return len(found)


def test_who_looked_first_is_not_blind(ben: httpx.Client, radiographs: list[Path]) -> None:
    reading = answered(radiographs[10:], ben)
    assert ben.patch("/api/me", json={"blinded": True}).json()["blinded"] is True
    try:
        kept = decide(ben, reading["id"], reading["revision"], conclusion="NORMAL").json()
        own = [d for d in kept["decisions"] if d["person"] == "ben"][-1]
        assert own["blinded"] is False and own["shown_at"] < own["at"]
    finally:
        ben.patch("/api/me", json={"blinded": False})


def test_a_server_that_blinds_everybody(start: Callable[..., Running], radiographs: list[Path]) -> None:
    server = start(blinded="always")
    with httpx.Client(base_url=server.address, timeout=60) as web:
        assert uploaded(web, radiographs[0])["withheld"] is True
        me = web.get("/api/me").json()
        assert me["blinded"] is me["blinded_by_server"] is True
        assert web.patch("/api/me", json={"blinded": False}).json()["code"] == "not_allowed"


def test_wishes_are_kept_for_each_person(ana: httpx.Client, ben: httpx.Client) -> None:
    assert ana.patch("/api/me", json={"language": "es"}).json()["language"] == "es"
    assert ana.get("/api/me").json()["language"] == "es" and ben.get("/api/me").json()["prevalence"] is None
    assert ana.patch("/api/me", json={"language": None}).status_code == 200
    for wrong in ({"prevalence": 0.2}, {"blinded": "x"}, {"language": "xx"}, {"name": "ben"}):
        assert ana.patch("/api/me", json=wrong).status_code == 422


def test_another_persons_job_is_not_to_be_seen(
    ana: httpx.Client, ben: httpx.Client, radiographs: list[Path]
) -> None:
    job = ana.post("/api/readings?async=1", files={"f": ("a.jpeg", radiographs[0].read_bytes())}).json()
    assert job["total"] == 1
    for call in (ben.get, ben.delete):
        assert call(f"/api/jobs/{job['id']}").status_code == 404
    assert ben.get(f"/api/jobs/{job['id']}/events").status_code == 404
    assert ana.get(f"/api/jobs/{job['id']}").status_code == 200
