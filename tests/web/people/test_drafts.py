"""Drafts on the server: a person's own, gone with the decision, the reading's content, and after some days."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, update
from tests.support.stored_readings import keep, refused
from tests.support.web_running import Running, add_people, logged_in

from neumo.records.database import open_archive, writing_session
from neumo.records.retention import remove
from neumo.web.people import drafts as drafts_module
from neumo.web.people.accounts import Scope, add_token, open_accounts
from neumo.web.people.drafts import DraftRow, drafts_of, forget_draft, forget_due, keep_draft, open_drafts


@pytest.fixture
def drafts(tmp_path: Path) -> Iterator[Engine]:
    engine = open_drafts(tmp_path / "data")
    yield engine
    engine.dispose()


def test_a_draft_is_its_persons_alone_and_the_newest(drafts: Engine, tmp_path: Path) -> None:
    for text in ("a", "ñandú"):
        keep_draft(drafts, "ana", "decision", 7, text)
    keep_draft(drafts, "ana", "reason", 7, "b")
    keep_draft(drafts, "ben", "decision", 7, "c")
    assert drafts_of(drafts, "ana") == {("decision", 7): "ñandú", ("reason", 7): "b"}
    forget_draft(drafts, "ana", "decision", 7)
    forget_draft(drafts, "ana", "decision", 8)
    assert (drafts_of(drafts, "ana"), drafts_of(drafts, "ben")) == (
        {("reason", 7): "b"},
        {("decision", 7): "c"},
    )
    assert (tmp_path / "data" / "drafts.db").stat().st_mode & 0o777 == 0o600


def test_the_oldest_make_room(drafts: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts_module, "MAX_DRAFTS", 2)
    for reading in (1, 2, 3):
        keep_draft(drafts, "ana", "decision", reading, "x")
    keep_draft(drafts, "ben", "decision", 1, "y")
    assert [reading for _, reading in drafts_of(drafts, "ana")] == [2, 3]
    assert len(drafts_of(drafts, "ben")) == 1


def test_drafts_go_with_their_reading_and_with_time(drafts: Engine, tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive.db"))
    numbers = [keep(archive, refused(name)) for name in "abc"]
    for number in (*numbers, 99):
        keep_draft(drafts, "ana", "decision", number, "x")
    remove(archive, numbers[0], actor="t", reason="duplicate")
    with writing_session(drafts) as session:
        old = update(DraftRow).where(DraftRow.reading == numbers[1]).values(at="2020-01-01T00:00:00.000000Z")
        session.execute(old)
    assert forget_due(drafts, archive) == 3, "purged, old, and of no reading"
    assert [reading for _, reading in drafts_of(drafts, "ana")] == [numbers[2]]
    assert forget_due(drafts, archive) == 0
    archive.dispose()


def test_a_person_gets_the_own_drafts_back_and_a_program_none(
    start: Callable[..., Running], tmp_path: Path, radiographs: list[Path]
) -> None:
    add_people(tmp_path / "data", ana="reader", ben="admin")
    accounts = open_accounts(tmp_path / "data")
    token = add_token(accounts, "script", "ana", list(Scope))
    accounts.dispose()
    address = start().address
    script = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"})
    with logged_in(address, "ana") as ana, logged_in(address, "ben") as ben, script:
        content = radiographs[0].read_bytes()
        reading = ana.post("/api/readings", content=content, headers={"Content-Type": "image/jpeg"}).json()[
            "id"
        ]
        where = f"/api/drafts/decision/{reading}"
        for kind in ("decision", "reason"):
            answer = ana.put(f"/api/drafts/{kind}/{reading}", json={"text": f"a {kind}"})
            assert answer.status_code == 204, answer.text
        stated = {"kind": "decision", "reading": reading, "text": "a decision"}
        assert ana.get("/api/drafts").json()["drafts"][0] == stated
        assert ben.get("/api/drafts").json() == {"drafts": []}
        assert (ben.delete(where).status_code, len(ana.get("/api/drafts").json()["drafts"])) == (204, 2)
        for refused_ in (
            script.get("/api/drafts"),
            script.put(where, json={"text": "x"}),
            script.delete(where),
        ):
            assert (refused_.status_code, refused_.json()["code"]) == (403, "not_allowed")
        wrong = [
            ana.put(path, json={"text": text})
            for path, text in (
                ("/api/drafts/decision/999", "x"),
                (where, ""),
                ("/api/drafts/other/1", "x"),
                (where, "x" * 16_001),
            )
        ]
        assert [answer.status_code for answer in wrong] == [404, 422, 422, 422]
        decided = ana.post(
            f"/api/readings/{reading}/decisions", json={"conclusion": "NORMAL"}, headers={"If-Match": '"r0"'}
        )
        assert decided.status_code == 201
        assert [draft["kind"] for draft in ana.get("/api/drafts").json()["drafts"]] == ["reason"]
        assert "a reason" not in ana.get("/api/export").text
