"""Verified decisions and the PACS: a real server, a real Orthanc."""

from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import dcmread
from tests.support.node_samples import radiograph, written
from tests.support.orthanc import Orthanc, orthanc
from tests.support.web_running import Running, add_people, logged_in, running

from neumo.results.dicom import read_back
from neumo.web.people.accounts import Scope, add_token, open_accounts, set_verifier
from neumo.web.people.verifier import Verifier

ANA = Verifier("García López^Ana", "Hospital Ñuble")


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[tuple[ExitStack, Orthanc]]:
    """An Orthanc, and what closes it."""
    with ExitStack() as stack:
        yield stack, stack.enter_context(orthanc(tmp_path / "orthanc"))


@pytest.fixture
def server(
    tmp_path: Path, web_bundle: Path, pacs: tuple[ExitStack, Orthanc]
) -> Iterator[tuple[Running, str]]:
    """A workbench that knows that Orthanc, and a token of ana's that may decide, not verify."""
    data = tmp_path / "data"
    add_people(data, ana="reader", ben="reader", rita="researcher")
    accounts = open_accounts(data)
    set_verifier(accounts, "ana", ANA)
    token = add_token(accounts, "program", "ana", [Scope.READINGS_READ, Scope.DECISIONS_WRITE])
    accounts.dispose()
    port, objects = pacs[1].dicom_port, "objects: [sr, seg, ko]"
    to = f"{{kind: c-store, name: pacs, ae_title: ORTHANC, host: 127.0.0.1, port: {port}, timeout: 20, {objects}}}"
    with running(data, web_bundle, send__to=to) as started:
        yield started, token


def decide(person: httpx.Client, number: int, conclusion: str) -> Any:
    revision = person.get(f"/api/readings/{number}").json()["revision"]
    tag = {"If-Match": f'"r{revision}"'}
    answer = person.post(f"/api/readings/{number}/decisions", json={"conclusion": conclusion}, headers=tag)
    assert answer.status_code == 201, answer.text
    return answer.json()["reading"]


def test_a_verified_decision_goes_to_the_pacs_and_the_models_own_report_does_not(
    server: tuple[Running, str], pacs: tuple[ExitStack, Orthanc], radiographs: list[Path], tmp_path: Path
) -> None:
    started, token = server
    film = written(radiograph(radiographs[0]), tmp_path / "film.dcm").read_bytes()
    program = httpx.Client(base_url=started.address, timeout=60, headers={"Authorization": f"Bearer {token}"})
    with logged_in(started.address, "ana") as ana, logged_in(started.address, "ben") as ben, program:
        me = ana.get("/api/me").json()
        assert (me["verifies"]["name"], me["pacs"]) == (ANA.name, "pacs")
        assert ben.get("/api/me").json()["verifies"] is None
        sent = ana.post("/api/readings", content=film, headers={"Content-Type": "application/dicom"})
        number = sent.json()["id"]
        send = f"/api/readings/{number}/send"

        def report() -> Any:
            return dcmread(BytesIO(ana.get(f"/api/readings/{number}/files/sr.dcm").content))

        assert report().VerificationFlag == "UNVERIFIED" and sent.json()["decision"] is None
        decided = decide(ben, number, "NORMAL")
        assert decided["decision"]["person"] == "ben" and decided["decision"]["verifier"] is None
        assert report().VerificationFlag == "UNVERIFIED"
        assert (ben.post(send).status_code, ana.post(send).json()["code"]) == (403, "not_verified")
        assert pacs[1].instances("SR") == []

        assert decide(ana, number, "VIRAL_PNEUMONIA")["decision"]["verifier"] == ANA.name
        assert (
            ana.get(f"/api/readings/{number}/files/fhir.json").json()["entry"][0]["resource"]["status"]
            == "final"
        )
        assert ana.post(send).json() == {"destination": "pacs", "revision": 2}
        assert ana.post(send).status_code == 200, "sent again it is the same object"
        (stored,) = pacs[1].files("SR")
        held = dcmread(BytesIO(stored))
        assert held.VerificationFlag == "VERIFIED" and held.SOPInstanceUID == report().SOPInstanceUID
        assert held.VerifyingObserverSequence[0].VerifyingOrganization == "Hospital Nuble"
        assert held.PatientID == dcmread(BytesIO(film)).PatientID
        (heat,) = (dcmread(BytesIO(file)) for file in pacs[1].files("SEG"))
        referenced = heat.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
        assert referenced.ReferencedSOPInstanceUID == dcmread(BytesIO(film)).SOPInstanceUID
        marked = ana.get(f"/api/readings/{number}").json()["verdict"] == "pneumonia"
        assert len(pacs[1].instances("KO")) == marked

        # At another prevalence than the reading's it is another report, which says so.
        assert ana.post(send, params={"prevalence": 0.02}).status_code == 200
        answers = [read_back(dcmread(BytesIO(file))).answer for file in pacs[1].files("SR")]
        assert sorted(answer.prevalence_given for answer in answers if answer is not None) == [False, True]

        # What comes later without that right does not take it back; neither does a program without the scope.
        assert decide(ben, number, "NORMAL")["decision"]["revision"] == 2
        assert decide(program, number, "NORMAL")["decision"]["revision"] == 2
        assert program.post(send).status_code == 403
        assert report().VerificationFlag == "VERIFIED"

        pacs[0].close()
        away = ana.post(send)
        assert (away.status_code, away.json()["code"], away.json()["reason"]) == (
            502,
            "pacs_unavailable",
            "no association",
        )
    assert ANA.name not in started.logged and '"report_sent"' in started.logged
    assert list((started.data / "rendered").iterdir()) == []


def test_without_a_pacs_nothing_is_sent(tmp_path: Path, web_bundle: Path, radiographs: list[Path]) -> None:
    data = tmp_path / "data"
    add_people(data, ana="reader")
    accounts = open_accounts(data)
    set_verifier(accounts, "ana", ANA)
    accounts.dispose()
    with running(data, web_bundle) as started, logged_in(started.address, "ana") as ana:
        content = radiographs[0].read_bytes()
        number = ana.post("/api/readings", content=content, headers={"Content-Type": "image/jpeg"}).json()[
            "id"
        ]
        assert ana.post(f"/api/readings/{number}/send").json()["code"] == "no_pacs"
