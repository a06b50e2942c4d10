"""Removing a reading that was sent by mistake: by whom, what goes, what stays."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.commands import call_neumo
from tests.support.web_running import add_people, logged_in, running

from neumo.records.database import open_archive
from neumo.records.file_retention import FileRetention
from neumo.records.reading_file import KEPT, ReadingFiles


def test_a_reading_is_removed_by_its_sender_or_an_administrator_alone(
    tmp_path: Path, web_bundle: Path, radiographs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    add_people(data, ana="reader", ben="reader", root="admin")
    with running(data, web_bundle) as server, ExitStack() as stack:
        ana, ben, root = (
            stack.enter_context(logged_in(server.address, name)) for name in ("ana", "ben", "root")
        )
        numbers = [
            ana.post("/api/readings", files={"f": (film.name, film.read_bytes())}).json()["id"]
            for film in radiographs[:2]
        ]
        place = f"/api/readings/{numbers[0]}"
        verdict = ana.get(place).json()["verdict"]
        assert verdict is not None
        offered = [person.get(place).json()["removable"] for person in (ana, ben, root)]
        assert offered == [True, False, True], "the form is shown to those who may"
        refused = ben.post(f"{place}/removal", json={"reason": "wrong_file"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
        assert ana.post(f"{place}/removal", json={"reason": "Jane Doe"}).status_code == 422
        left = ana.post(f"{place}/removal", json={"reason": "wrong_patient"})
        assert left.status_code == 200 and left.json()["purged"] is True and left.json()["file"] == ""
        assert left.json()["removable"] is False
        assert ana.get(f"{place}/image.png").json()["code"] == "purged"
        rows = ana.post("/api/readings/search", json={"ids": [numbers[0]]}).json()["readings"]
        assert left.json()["verdict"] == ana.get(place).json()["verdict"] == rows[0]["verdict"] == verdict
        assert ana.post(f"{place}/removal", json={"reason": "wrong_file"}).status_code == 410
        assert (
            root.post(f"/api/readings/{numbers[1]}/removal", json={"reason": "duplicate"}).status_code == 200
        )
        assert list((data / "kept").rglob("*.kept")) == []
        found = ana.post("/api/readings/search", json={"q": radiographs[0].name}).json()
        assert found["readings"] == []
    call_neumo(capsys, "audit", "verify", "--database", f"sqlite:///{data / 'archive.db'}")


def test_what_was_removed_and_is_sent_again_leaves_no_pixels(
    tmp_path: Path, web_bundle: Path, radiographs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data, sent = tmp_path / "data", ("film.png", radiographs[0].read_bytes())
    add_people(data, ana="reader")
    with running(data, web_bundle) as server, logged_in(server.address, "ana") as ana:
        number = ana.post("/api/readings", files={"f": sent}).json()["id"]
        assert ana.post(f"/api/readings/{number}/removal", json={"reason": "wrong_patient"}).is_success
        archive = open_archive(f"sqlite:///{data / 'archive.db'}")
        retention = FileRetention(archive, ReadingFiles(data / KEPT), days=None)  # as the server's own
        retention.run()
        again = ana.post("/api/readings", files={"f": sent})
        assert again.is_success and (again.json()["id"], again.json()["purged"]) == (number, True)
        assert ana.get(f"/api/readings/{number}/image.png").json()["code"] == "purged"
        retention.run()
        archive.dispose()
    assert [file for file in (data / KEPT).rglob("*") if file.is_file()] == []
    call_neumo(capsys, "audit", "verify", "--database", f"sqlite:///{data / 'archive.db'}")
