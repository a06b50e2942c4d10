"""Places in the queue: who finds none is refused before any work is done for it, and leaves nothing behind."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.web_running import client_of, workbench_without_readers

from neumo.core.errors import ArchiveError
from neumo.web.config import Limits, Sessions
from neumo.web.readings import parts
from neumo.web.routes import age_override, readings
from neumo.web.workbench import Workbench

_ARCHIVE: dict[str, Any] = {
    "content": b"PK\3\4 no archive",
    "headers": {"Content-Type": "application/octet-stream"},
}
_OVERRIDE = {"json": {"reason": "asked for by the ward"}}


@pytest.mark.parametrize(
    ("address", "asked", "module", "name"),
    [
        ("/api/readings", _ARCHIVE, readings, "parts_of"),
        ("/api/readings/1/age-override", _OVERRIDE, age_override, "stored_reading"),
    ],
)
def test_only_as_many_as_have_a_place_are_worked_for(
    address: str,
    asked: dict[str, Any],
    module: Any,
    name: str,
    tmp_path: Path,
    web_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others who came while the first was looked at found room once, and were refused after all work but reading."""
    begun, go_on = [], threading.Event()

    def held(*_: object) -> None:
        begun.append(1)
        go_on.wait(30)
        raise ArchiveError("no such reading")

    monkeypatch.setattr(module, name, held)

    async def asked_thrice(workbench: Workbench) -> list[str]:
        async with client_of(workbench) as web:
            first = asyncio.create_task(web.post(address, **asked))
            while not begun:
                await asyncio.sleep(0.001)
            others = await asyncio.gather(*(web.post(address, **asked) for _ in range(2)))
            go_on.set()
            return [answer.json()["code"] for answer in (await first, *others)]

    with workbench_without_readers(tmp_path / "data", web_bundle, limits=Limits(waiting=1)) as workbench:
        assert asyncio.run(asked_thrice(workbench)) == ["not_found", "busy", "busy"]
        assert len(begun) == 1
        workbench.pool.take(1)  # the first's was given back


def test_an_archive_that_needs_more_places_than_there_are_leaves_nothing(
    tmp_path: Path, web_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.Part, "places", lambda _part, _readers: 3)
    with workbench_without_readers(tmp_path / "data", web_bundle, limits=Limits(waiting=2)) as workbench:
        workbench.pool.take(1)

        async def refused() -> str:
            async with client_of(workbench) as web:
                return str((await web.post("/api/readings", **_ARCHIVE)).json()["code"])

        assert asyncio.run(refused()) == "busy"
        assert not list((tmp_path / "data" / "uploads").iterdir())
        workbench.pool.take(1)


def test_a_full_queue_refuses_before_it_asks_who_sends_and_in_whose_language(
    tmp_path: Path, web_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(readings, "receive_uploads")  # nothing of it is received
    settings: dict[str, Any] = {
        "limits": Limits(waiting=1),
        "language": "es",
        "sessions": Sessions(required=True),
    }
    with workbench_without_readers(tmp_path / "data", web_bundle, **settings) as workbench:
        workbench.pool.take(1)

        async def asked() -> list[httpx.Response]:
            async with client_of(workbench) as web:
                english = {**_ARCHIVE["headers"], "Accept-Language": "en"}
                return [
                    await web.post("/api/readings", **_ARCHIVE),
                    await web.post("/api/readings", content=_ARCHIVE["content"], headers=english),
                    await web.get("/api/readings"),
                ]

        refused, in_english, worklist = asyncio.run(asked())
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert int(refused.headers["retry-after"]) > 0
    assert [answer.headers["content-language"] for answer in (refused, in_english)] == ["es", "en"]
    assert worklist.status_code == 401, "whoever only looks is asked to log in"
