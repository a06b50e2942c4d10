"""A radiograph refused for the patient's age, read all the same on a clinician's word."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import dcmread
from tests.support.dicom_samples import dicom_file
from tests.support.web_running import Running, add_people, logged_in

from neumo.client import Client
from neumo.imaging import open_radiograph
from neumo.records.audit_log import verify
from neumo.records.database import connect
from neumo.results.dicom import read_back

REASON = "small for his age; \u00d1u\u00f1ez asked for it"


def upload(web: httpx.Client, film: Path, age: str) -> dict[str, Any]:
    content = dicom_file(open_radiograph(film).pixels, PatientAge=age, Modality="CR", ViewPosition="PA")
    answer = web.post("/api/readings", content=content, headers={"Content-Type": "application/dicom"})
    assert answer.status_code == 201, answer.text
    value: dict[str, Any] = answer.json()
    return value


def override(web: httpx.Client, reading: dict[str, Any], reason: str = REASON) -> httpx.Response:
    return web.post(f"/api/readings/{reading['id']}/age-override", json={"reason": reason})


def test_it_is_read_recorded_and_every_result_says_on_whose_word(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    refused = upload(web, radiographs[0], "008M")
    assert (refused["status"], refused["age_override"]) == ("refused", True)
    assert "8 months old" in refused["notices"]["reasons"][0]["text"]
    assert override(web, refused, " ").json()["errors"][0]["field"] == "reason"
    made = override(web, refused)
    reading = made.json()
    assert (made.status_code, reading["status"], reading["age_override"]) == (201, "read", False)
    assert made.headers["location"] == f"/api/readings/{reading['id']}" != f"/api/readings/{refused['id']}"
    warning = reading["notices"]["warnings"][0]
    assert (warning["code"], warning["values"]) == ("age_overridden", {"by": "local", "reason": REASON})
    again = override(web, refused, "another reason")
    assert (again.status_code, again.json()["id"]) == (200, reading["id"]), "once; its reason stays"
    files = f"/api/readings/{reading['id']}/files"
    for name in ("json", "html", "fhir.json"):
        assert REASON in web.get(f"{files}/{name}").text, name
    exported = web.get("/api/export", params={"id": reading["id"]}).text
    assert "age_overridden" in exported
    report = dcmread(io.BytesIO(web.get(f"{files}/sr.dcm").content))
    assert "Reason: small for his age" in read_back(report).warnings[0]
    assert web.get(f"{files}/sc.dcm").status_code == web.get(f"{files}/pdf").status_code == 200
    assert web.get(f"/api/readings/{refused['id']}").json()["status"] == "refused", "the refusal stays"
    engine = connect(f"sqlite:///{server.data / 'archive.db'}")
    assert verify(engine).faults == ()
    engine.dispose()


def test_at_an_age_without_evidence_the_etiology_is_not_assessed_anywhere(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    """Whatever is asked for: the reading, its row, its maps, another prevalence, a decision, the export."""
    reading = override(web, upload(web, radiographs[2], "070Y")).json()
    base, outcomes = f"/api/readings/{reading['id']}", {"NORMAL", "PNEUMONIA"}
    assert "etiology_not_assessed" in [notice["code"] for notice in reading["notices"]["warnings"]]
    assert set(reading["class_maps"]) in (outcomes, set())
    for stated in (reading, web.get(f"{base}/posterior", params={"prevalence": 0.9}).json()):
        assert set(stated["probabilities"]) == outcomes and sum(
            stated["probabilities"].values()
        ) == pytest.approx(1)
        assert {stated["finding"], *stated["prediction_set"]} <= outcomes
        assert stated["etiology"] == (None if stated["verdict"] == "no_pneumonia" else "not_assessed")
        assert not [
            one for one in stated["evidence"] if one["conditions"].get("finding") not in (None, "NORMAL")
        ]
    (row,) = [one for one in web.get("/api/readings").json()["readings"] if one["id"] == reading["id"]]
    assert (row["etiology"], row["finding"]) == (reading["etiology"], reading["finding"])
    found = web.get("/api/readings", params={"finding": reading["finding"]}).json()["readings"]
    assert reading["id"] in [one["id"] for one in found]
    assert web.get(f"{base}/heatmap.png", params={"finding": "VIRAL_PNEUMONIA"}).json()["code"] == "no_answer"
    for finding in reading["class_maps"]:
        assert web.get(f"{base}/heatmap.png", params={"finding": finding}).status_code == 200
    with Client(server.address) as client:
        remote = client.reading(reading["id"])
    assert remote.answer is not None and set(remote.answer.outcomes) == set(remote.probabilities) == outcomes
    decided = web.post(
        f"{base}/decisions", json={"conclusion": "VIRAL_PNEUMONIA"}, headers={"If-Match": '"r0"'}
    ).json()
    assert decided["decisions"][-1]["agrees"] is {"pneumonia": True, "no_pneumonia": False}.get(
        reading["verdict"]
    )


def test_only_what_was_refused_for_its_age_alone_is_overridden(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    read = upload(web, radiographs[1], "003Y")
    assert read["age_override"] is False and override(web, read).json()["code"] == "not_refused_for_age"
    refused = upload(web, radiographs[1], "070Y")
    for kept in server.data.glob("kept/??/*.original"):
        kept.unlink()
    assert override(web, refused).json()["code"] == "original_deleted"
    assert web.get(f"/api/readings/{refused['id']}").json()["age_override"] is False
    assert list((server.data / "uploads").iterdir()) == []


def test_only_people_who_decide_override(
    start: Callable[..., Running], tmp_path: Path, radiographs: list[Path]
) -> None:
    add_people(tmp_path / "data", ana="reader", ben="researcher")
    server = start()
    with logged_in(server.address, "ana") as ana, logged_in(server.address, "ben") as ben:
        refused = upload(ana, radiographs[0], "070Y")
        assert ben.get(f"/api/readings/{refused['id']}").json()["age_override"] is False
        assert override(ben, refused).json()["code"] == "not_allowed"
        made = override(ana, refused).json()
        assert made["notices"]["warnings"][0]["values"]["by"] == "ana"
        shown = ben.get(f"/api/readings/{made['id']}").text
        assert "small for his age" not in shown and "by ana" in shown


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "x", "by": "y"}])
def test_other_bodies_are_refused(web: httpx.Client, body: dict[str, str]) -> None:
    assert web.post("/api/readings/1/age-override", json=body).status_code == 422
