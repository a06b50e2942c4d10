"""Node and workbench are one system: what the node read opens in the workbench, on one folder or on one database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.commands import call_neumo
from tests.support.node_peers import send
from tests.support.node_running import Program, program
from tests.support.node_samples import radiograph
from tests.support.waiting import wait_until
from tests.support.web_running import running

from neumo.records.audit_log import verify
from neumo.records.database import open_archive
from neumo.records.file_retention import FileRetention
from neumo.records.reading_file import ReadingFiles

pytestmark = pytest.mark.timeout(240)
NAME = "Quijano^Dulcinea"


@contextmanager
def both(
    settings: dict[str, Any], tmp_path: Path, bundle: Path, url: str
) -> Iterator[tuple[Program, httpx.Client, Path]]:
    """Run node and workbench: with SQLite on one data folder, with PostgreSQL on one database."""
    data = Path(settings["data"])
    if url.startswith("sqlite"):
        settings["archive"] = {}
        shown = running(data, bundle)
    else:
        data = tmp_path / "web"
        settings["archive"] = {"url": url, "workbench": str(data), "source": "xray"}
        shown = running(data, bundle, archive=url)
    with (
        program(settings, tmp_path) as node,
        shown as server,
        httpx.Client(base_url=server.address, timeout=60) as web,
    ):
        yield node, web, data
        assert not any(NAME.split("^", maxsplit=1)[0] in text for text in (server.logged, *node.raw))


def test_what_the_node_read_opens_in_the_workbench(
    settings: dict[str, Any],
    tmp_path: Path,
    bundle_folder: Path,
    films: list[Path],
    url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent = radiograph(films[0], PatientName=NAME, PatientID="MRN-1", AccessionNumber="ACC-1")
    own = radiograph(films[1], PatientName=NAME, PatientID="MRN-1")
    with both(settings, tmp_path, bundle_folder, url) as (node, web, data):
        uploaded = threading.Thread(target=_upload, args=(web, own, tmp_path))
        uploaded.start()
        assert send(node.port, sent) == [0]
        uploaded.join()
        wait_until(lambda: _found(web, "quijano acc1"), what=node.raw)
        found = _found(web, "quijano acc1")
        number = found["id"]
        assert found["source"] == ("node" if url.startswith("sqlite") else "xray")
        assert found["patient"]["name"] == "Quijano, Dulcinea" and found["file"] == sent.SOPInstanceUID

        reading = web.get(f"/api/readings/{number}").json()
        assert reading["pixels_kept"] and reading["dicom"] and reading["bundle"]["current"]
        assert (reading["width"], reading["height"]) == (sent.Columns, sent.Rows)
        assert web.get(f"/api/readings/{number}/image.png").status_code == 200
        assert reading["status"] == "read" and len(reading["class_maps"]) == 3
        assert web.get(f"/api/readings/{number}/heatmap.png").status_code == 200

        baby = radiograph(films[2], PatientName=NAME, AccessionNumber="ACC-2", PatientAge="008M")
        assert send(node.port, baby) == [0]
        wait_until(lambda: _found(web, "acc2"), what=node.raw)
        refused = web.get(f"/api/readings/{_found(web, 'acc2')['id']}").json()
        assert refused["age_override"], refused["reasons"]
        reason = {"reason": "asked for by the ward"}
        made = web.post(f"/api/readings/{refused['id']}/age-override", json=reason).json()
        assert made["notices"]["warnings"][0]["code"] == "age_overridden" and made["dicom"]
        rubbish = radiograph(PatientName=NAME, AccessionNumber="ACC-3", Rows=9999)
        assert send(node.port, rubbish) == [0]
        wait_until(lambda: _found(web, "acc3"), what=node.raw)
        failed = web.get(f"/api/readings/{_found(web, 'acc3')['id']}").json()
        assert (failed["status"], failed["pixels_kept"], failed["removable"]) == ("failed", False, True)
        assert [why["code"] for why in failed["notices"]["reasons"]] == ["not_an_image"]
        assert failed["sha256"] and failed["dicom"]
        decided = {"conclusion": "INADEQUATE_IMAGE"}
        path = f"/api/readings/{failed['id']}/decisions"
        web.post(path, json=decided, headers={"If-Match": '"r0"'}).raise_for_status()
        listed = web.get("/api/readings?status=failed&decided=true").json()["readings"]
        assert [row["id"] for row in listed] == [failed["id"]]
        for name in ("report.pdf", "report.html", "reading.json", "sr.dcm", "pdf.dcm", "fhir.json"):
            assert web.get(f"{path.removesuffix('decisions')}files/{name}").status_code == 200, name
        for name in ("report.pdf", "report.html", "sr.dcm", "sc.dcm", "seg.dcm", "fhir.json"):
            assert web.get(f"/api/readings/{number}/files/{name}").status_code == 200, name
        priors = web.get(f"/api/readings/{number}/priors").json()["readings"]
        assert [prior["source"] for prior in priors] == ["web"]

    engine = open_archive(url if url.startswith("postgresql") else str(data / "archive.db"))
    assert not verify(engine).faults
    stored = list((data / "kept").glob("*/*"))
    assert sorted(file.suffix for file in stored) == [".kept"] * 5 + [".original"]
    assert {file.stat().st_mode & 0o777 for file in stored} == {0o600}
    database = str(engine.url.database) if engine.dialect.name == "sqlite" else url
    purge = ("archive", "purge", "--database", database, "--days", 0, "--person", "officer", "--yes")
    assert "5 readings emptied" in call_neumo(capsys, *purge)
    if engine.dialect.name == "postgresql":  # where the purge cannot know who stores the radiographs
        assert FileRetention(engine, ReadingFiles(data / "kept"), 30).run() == 5
    assert list((data / "kept").glob("*/*")) == []
    engine.dispose()


def _upload(web: httpx.Client, own: Any, folder: Path) -> None:
    file = folder / "own.dcm"
    own.save_as(file, enforce_file_format=True)
    headers = {"Content-Type": "application/dicom", "X-File-Name": "own.dcm"}
    web.post("/api/readings", content=file.read_bytes(), headers=headers).raise_for_status()


def _found(web: httpx.Client, words: str) -> Any:
    readings = web.post("/api/readings/search", json={"patient": words}).json()["readings"]
    return readings[0] if readings else None


def test_no_radiograph_is_kept_where_the_settings_say_so(
    settings: dict[str, Any], tmp_path: Path, films: list[Path]
) -> None:
    settings["archive"] = {"radiographs_days": 0}
    with program(settings, tmp_path) as node:
        assert send(node.port, radiograph(films[0])) == [0]
        wait_until(lambda: node.events("recorded"), what=node.raw)
    assert not (Path(settings["data"]) / "kept").exists()
