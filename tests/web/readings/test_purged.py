"""Purged readings: what remains is shown, and nothing breaks."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.support.web_running import Running

from neumo.records.database import connect
from neumo.records.retention import purge


def test_a_purged_reading_is_listed_shown_exported_and_decided(
    start: Callable[..., Running], radiographs: list[Path]
) -> None:
    server = start(read__prevalence=0.05)
    with httpx.Client(base_url=server.address, timeout=60) as web:
        sent = web.post(
            "/api/readings", content=radiographs[0].read_bytes(), headers={"Content-Type": "image/jpeg"}
        ).json()
        assert sent["prevalence_given"] and sent["prevalence"]["NORMAL"] == 0.95
        assert web.get("/api/me").json()["prevalence"] == 0.05
        shown = web.get(f"/api/readings/{sent['id']}/posterior").json()
        assert shown["prevalence"] == pytest.approx(0.05), "the slider begins at the site's"
        assert (shown["ppv"], shown["sentences"]) == (sent["ppv"], sent["sentences"])
        engine = connect(f"sqlite:///{server.data / 'archive.db'}")
        assert purge(engine, days=0, actor="test") == 1
        engine.dispose()
        listed = web.get("/api/readings").json()["readings"]
        shown = web.get(f"/api/readings/{sent['id']}").json()
        exported = list(csv.DictReader(io.StringIO(web.get("/api/export?format=csv").text)))
        assert [(row["purged"], row["finding"], row["file"]) for row in listed] == [
            (True, sent["finding"], "")
        ]
        assert shown["purged"] and shown["probabilities"] == sent["probabilities"]
        assert exported[0]["finding"] == sent["finding"] and exported[0]["file"] == ""
        for path in ("image.png", "image.pgm", "heatmap.png", "posterior", "files/report.html"):
            answer = web.get(f"/api/readings/{sent['id']}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (410, "purged")
        decided = web.post(
            f"/api/readings/{sent['id']}/decisions",
            json={"conclusion": "NORMAL"},
            headers={"If-Match": '"r0"'},
        )
        assert decided.status_code == 201, decided.text
