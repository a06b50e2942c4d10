"""The live worklist: what is told to whom, from which place on, and to how many."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.support.stored_readings import keep, refused
from tests.support.web_running import Running, add_people, logged_in

from neumo.core.decision import Conclusion
from neumo.records.changes import MAX_EVENTS
from neumo.records.database import open_archive
from neumo.records.decisions import record_decision
from neumo.records.store import Entry, record_all

PATH = "/api/readings/changes"


@contextmanager
def stream(web: httpx.Client, **request: Any) -> Iterator[Iterator[dict[str, str]]]:
    """Follow the changes; yields events with their fields. Comments are left out."""
    with web.stream("GET", PATH, timeout=60, **request) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name in ("event", "data", "id"):
            event[name] = value
        elif not line and event:
            yield event
            event = {}


def _upload(web: httpx.Client, file: Path) -> int:
    answer = web.post("/api/readings", content=file.read_bytes(), headers={"Content-Type": "image/jpeg"})
    return int(answer.json()["id"])


def test_pages_are_told_what_changed_and_nothing_of_what_it_says(
    start: Callable[..., Running], tmp_path: Path, radiographs: list[Path]
) -> None:
    add_people(tmp_path / "data", ana="reader", bea="reader")
    server = start(listen__streams=3)
    with ExitStack() as stack:
        ana, bea = (stack.enter_context(logged_in(server.address, name)) for name in ("ana", "bea"))
        assert httpx.get(f"{server.address}{PATH[1:]}").status_code == 401
        bea.patch("/api/me", json={"blinded": True})
        place = bea.get("/api/readings").json()["sequence"]
        number = _upload(ana, radiographs[0])
        with stream(bea, params={"after": place}) as events, stream(ana) as others:
            first = next(events)
            assert (first["event"], first["data"]) == ("changed", f'{{"readings": [{number}]}}')
            body = {"conclusion": "VIRAL_PNEUMONIA"}
            ana.post(
                f"/api/readings/{number}/decisions", json=body, headers={"If-Match": '"r0"'}
            ).raise_for_status()
            decided = next(events)
            assert decided["data"] == first["data"] == next(others)["data"], "what was decided is not told"

            # Another program on the same archive, such as a node.
            engine = open_archive(str(tmp_path / "data" / "archive.db"))
            other = keep(engine, refused("by a node"), source="node")
            told = next(events)
            assert told["data"] == f'{{"readings": [{other}]}}' == next(others)["data"]
            record_decision(engine, other, person="cleo", conclusion=Conclusion.NORMAL)
            engine.dispose()
            assert next(events)["data"] == told["data"] == next(others)["data"]

            # A page that lost its connection goes on from where it was.
            with stream(bea, headers={"Last-Event-ID": decided["id"]}) as again:
                assert next(again)["data"] == told["data"]
                full = bea.get(PATH)
                assert (full.status_code, full.json()["code"]) == (503, "overloaded") and full.headers[
                    "Retry-After"
                ]
            assert bea.delete("/api/session").status_code == 204
            _upload(ana, radiographs[1])
            assert list(events) == [], "who has logged out is told nothing more"
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(20) == 0
            assert list(others)[1:] == [] and time.monotonic() - began < 15, (
                "an open page does not hold up the end"
            )


def test_a_place_that_is_too_old_or_not_there_is_no_error(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    engine = open_archive(str(tmp_path / "data" / "archive.db"))
    readings = [refused(str(number)).to_json() for number in range(MAX_EVENTS + 2)]
    record_all(engine, [Entry(values, "ward", "t") for values in readings])
    engine.dispose()
    with httpx.Client(base_url=start().address) as web:
        with stream(web, params={"after": 0}) as events:
            assert next(events)["event"] == "reset"
        for beyond in (
            {"headers": {"Last-Event-ID": "9" * 19}},
            {"headers": {"Last-Event-ID": "x"}},
            {"params": {"after": 10**9}},
        ):
            with stream(web, **beyond):
                pass
        assert web.get(PATH, params={"after": -1}).status_code == 422
