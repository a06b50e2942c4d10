"""The node whose parts are killed, and whose database is frozen: what was acknowledged is reported once."""

import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import create_engine, text
from tests.faults.test_node import got, health
from tests.faults.test_workbench import servers_of
from tests.support.archive_databases import administer, new_name
from tests.support.faults import frozen, no_descriptors, readers_of
from tests.support.node_peers import Archive, archive, association, destination, echoes, send
from tests.support.node_running import Program, program
from tests.support.node_samples import radiograph
from tests.support.waiting import wait_until

pytestmark = pytest.mark.timeout(240)


def recorded(url: str) -> int:
    """Return the number of rows in the table of readings."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM readings")).scalar_one())
    finally:
        engine.dispose()


def taken(node: Program, acknowledged: list[str], number: int = 2) -> None:
    """Send radiographs, which the node acknowledges."""
    objects = [radiograph() for _ in range(number)]
    assert send(node.port, *objects) == [0] * number
    acknowledged.extend(dataset.SOPInstanceUID for dataset in objects)


def test_a_frozen_database_holds_up_neither_senders_nor_archives(
    settings: dict[str, Any], postgresql: str, tmp_path: Path
) -> None:
    name, acknowledged = new_name(), list[str]()
    administer(postgresql, f"CREATE DATABASE {name}")
    url = f"postgresql://postgres@/{name}?host={postgresql}"
    settings["archive"] = {"url": url}
    with archive() as pacs:
        settings["send"]["to"] = [destination(pacs.port)]
        with program(settings, tmp_path) as node:
            taken(node, acknowledged)
            wait_until(lambda: len(node.events("recorded")) == 2, what=node.raw)
            with frozen(servers_of(postgresql)):
                taken(node, acknowledged)
                wait_until(lambda: set(got(pacs)) == set(acknowledged), what=node.raw)
                wait_until(
                    lambda: node.events("not_recorded") or node.events("recorder_waits"), what=node.raw
                )
                assert echoes(node.port)
            wait_until(lambda: len(node.events("recorded")) == 4, what=node.raw)
        assert set(got(pacs).values()) == {1}
    assert recorded(url) == 4


def test_each_part_may_be_killed_at_its_work(settings: dict[str, Any], tmp_path: Path) -> None:
    acknowledged = list[str]()
    with archive(Archive(hold=1)) as pacs:
        settings["send"]["to"] = [destination(pacs.port)]
        with program(settings, tmp_path) as node:
            _kill_the_reader(node, acknowledged)
            wait_until(lambda: set(got(pacs)) == set(acknowledged), what=node.raw)
            _exhaust(node, acknowledged)
            wait_until(lambda: set(got(pacs)) == set(acknowledged), what=node.raw)
            _kill_while_it_receives(node)
        with program(settings, tmp_path) as node:
            asked = pacs.asked
            taken(node, acknowledged, 1)
            wait_until(lambda: pacs.asked > asked, what=node.raw)  # which holds its answer
            node.kill()
        with program(settings, tmp_path) as node:
            wait_until(lambda: set(got(pacs)) == set(acknowledged), what=node.raw)
            taken(node, acknowledged, 1)
            wait_until(lambda: set(got(pacs)) == set(acknowledged), what=node.raw)
            assert set(got(pacs).values()) == {1}
            assert health(node)["set_aside"] == {"objects": 0, "deliveries": 0}


def _kill_the_reader(node: Program, acknowledged: list[str]) -> None:
    """As the system does where memory runs out; meanwhile others are served."""
    assert node.port
    (reader,) = readers_of(node.process.pid)
    os.kill(reader, signal.SIGSTOP)
    taken(node, acknowledged)
    os.kill(reader, signal.SIGKILL)
    assert echoes(node.port)
    wait_until(lambda: not psutil.pid_exists(reader) or reader not in readers_of(node.process.pid))


def _exhaust(node: Program, acknowledged: list[str]) -> None:
    """Without descriptors nothing is acknowledged, and afterwards the same object is."""
    film = radiograph()
    with association(node.port, [film]) as opened:
        with no_descriptors([node.process.pid]):
            assert int(opened.send_c_store(film).Status) == 0xA700
        assert int(opened.send_c_store(film).Status) == 0
    acknowledged.append(film.SOPInstanceUID)
    assert echoes(node.port)


def _kill_while_it_receives(node: Program) -> None:
    """The beginning of a unit has come, and the rest never does."""
    with association(node.port, [radiograph()]) as opened:
        opened.dul.socket.socket.sendall(b"\x04\0\0\0\xff\xff" + b"\0" * 1000)
        node.kill()
