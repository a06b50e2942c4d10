"""Patient data in responses: which role gets it from which route, with patients shown and hidden by the settings."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader
from tests.support.dicom_samples import dicom_file
from tests.support.web_running import Running, add_people, logged_in, running

from neumo.records.database import connect
from neumo.records.retention import purge
from neumo.web.readings.rendering import MEDIA_TYPES, NAMING_PATIENTS

SECRETS = (
    "Quijano", "Dulcinea", "MRN-4711", "2021-03-14", "20210314", "Mar 14, 2021", "ACC-99-1", "Hospital Toboso",
    "2024-05-02", "20240502", "Issuer-7", "3 year", "003Y", '"age": 43', "Sancho",
)  # fmt: skip
"""Patient identifiers that no answer or log may show to somebody who may not see patients."""
HEADER: dict[str, Any] = {
    "PatientName": "Quijano^Dulcinea",
    "PatientID": "MRN-4711",
    "IssuerOfPatientID": "Issuer-7",
    "PatientBirthDate": "20210314",
    "PatientSex": "F",
    "PatientAge": "003Y",
    "StudyDate": "20240502",
    "AccessionNumber": "ACC-99-1",
    "InstitutionName": "Hospital Toboso",
    "SpecificCharacterSet": "ISO_IR 192",
    "ViewPosition": "PA",
    "BodyPartExamined": "CHEST",
}
ROLES = {"ana": "reader", "rita": "researcher", "adam": "admin"}
PRIOR = {**HEADER, "StudyDate": "20230101", "PatientAge": "001Y"}
NAMESAKE = {**HEADER, "PatientName": "Panza^Teresa", "StudyDate": "20240601"}
STRANGER = {**HEADER, "IssuerOfPatientID": "Issuer-8"}
ADULT = {**HEADER, "IssuerOfPatientID": "Issuer-9", "PatientAge": "043Y"}
"""Refused for a reason that states the age; its reading is the fifth."""
TELLS = {
    "GET /api/readings",
    "POST /api/readings",
    "POST /api/readings/search",
    "GET /api/readings/{identifier}",
    "GET /api/readings/{identifier}/priors",
    "POST /api/readings/{identifier}/decisions",
    "GET /api/readings/{identifier}/files/reading.json",
    "GET /api/readings/{identifier}/files/report.html",
    "GET /api/readings/{identifier}/files/report.pdf",
    # The verdict is no pneumonia, so that there is no key object.
    *(f"GET /api/readings/{{identifier}}/files/{name}" for name in NAMING_PATIENTS if name != "ko.dcm"),
    "GET /api/readings/{identifier}/files/fhir.json",
    "GET /api/export",
    "POST /api/export",
    "GET /api/jobs/{identifier}",
    "GET /api/jobs/{identifier}/events",
    *(
        f"GET /api/readings/5{rest}"
        for rest in ("", "/files/reading.json", "/files/report.html", "/files/report.pdf")
    ),
    "GET /api/readings/5/files/fhir.json",
}
"""Routes that tell a reader or administrator of a patient, or of a file's name that does, where patients are shown."""
REFUSED = {f"GET /api/readings/{{identifier}}/files/{name}" for name in NAMING_PATIENTS}
FREE_WORDS = {
    "source",
    "from",
    "to",
    "cursor",
    "operating_point",
    "runs",
    "column",
    "part",
    "code",
    "state",
    "error",
}
"""Texts that a URL may hold; none of them is what a patient is searched by."""


@pytest.fixture(scope="module")
def films(radiographs: list[Path]) -> list[bytes]:
    """Radiographs of one patient, of another under the same ID, of one under that ID elsewhere, and of an adult."""
    made = []
    for file, header in zip(radiographs, (HEADER, PRIOR, NAMESAKE, STRANGER, ADULT), strict=False):
        with Image.open(file) as image:
            made.append(dicom_file(np.asarray(image.convert("L")), **header))
    return made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with people."""
    folder = tmp_path_factory.mktemp("patients") / "data"
    add_people(folder, **ROLES, bea="reader")
    return folder


@contextmanager
def _filled(data: Path, bundle: Path, films: list[bytes], patients: str) -> Iterator[Running]:
    """A server with readings, the first under a name that tells of the patient; its log tells nothing."""
    with running(data, bundle, patients=patients) as server:
        with logged_in(server.address, "ana") as ana:
            for number, film in enumerate(films):
                sent = _send(ana, film) if number == 0 else _send(ana, film, f"{number}.dcm")
                assert sent.status_code in (200, 201), sent.text
        yield server
    found = [secret for secret in SECRETS if secret in server.logged]
    assert not found, f"the log tells {found}"


@pytest.fixture(scope="module")
def shown(data: Path, web_bundle: Path, films: list[bytes]) -> Iterator[Running]:
    """A server that shows patients."""
    with _filled(data, web_bundle, films, "shown") as server:
        yield server


def _send(web: httpx.Client, content: bytes, name: str = "Quijano%5EDulcinea_Sancho.dcm") -> httpx.Response:
    headers = {"Content-Type": "application/dicom", "X-File-Name": name}
    return web.post("/api/readings", content=content, headers=headers)


def _requests_of_an_adult(web: httpx.Client, adult: bytes) -> Iterator[tuple[str, httpx.Response]]:
    """Upload the adult's radiograph in the background, and ask for what came of it."""
    headers = {"Content-Type": "application/dicom", "X-File-Name": "adult.dcm"}
    job = web.post("/api/readings?async=1", content=adult, headers=headers).headers["location"]
    yield "GET /api/jobs/{identifier}/events", web.get(f"{job}/events")  # to its end
    yield "GET /api/jobs/{identifier}", web.get(job)
    for rest in (
        "",
        "/files/reading.json",
        "/files/receipt.json",
        "/files/report.html",
        "/files/report.pdf",
        "/files/fhir.json",
    ):
        yield f"GET /api/readings/5{rest}", web.get(f"/api/readings/5{rest}")


def _requests(web: httpx.Client, film: bytes) -> Iterator[tuple[str, httpx.Response]]:
    """Make a request of every route; yields the route and its answer."""
    described = web.get("/api/openapi.json")
    yield "GET /api/openapi.json", described
    bodies: dict[str, Any] = {
        "POST /api/readings/search": {"q": "1"},
        "POST /api/export": {"format": "jsonl"},
        "PATCH /api/me": {"language": "en"},
    }
    for path, methods in described.json()["paths"].items():
        for method in map(str.upper, methods):
            route = f"{method} {path}"
            where = path.replace("{identifier}", "1")
            if route in ("POST /api/session", "DELETE /api/session"):
                continue
            if route == "POST /api/readings":
                yield route, _send(web, film)
            elif route == "POST /api/readings/{identifier}/decisions":
                yield route, _decide(web)
            elif path.endswith("/files/{name}"):
                for name in MEDIA_TYPES:
                    yield (
                        route.replace("{name}", name),
                        web.get(where.replace("{name}", name), params={"lang": "en"}),
                    )
            elif path.endswith("/changes"):  # which streams for ever, and holds numbers alone
                continue
            else:
                yield route, web.request(method, where, json=bodies.get(route))


def _decide(web: httpx.Client) -> httpx.Response:
    seen = web.get("/api/readings/1/decisions").headers["etag"]
    body = {"conclusion": "NORMAL"}
    return web.post("/api/readings/1/decisions", json=body, headers={"If-Match": seen})


def _told(answer: httpx.Response) -> str:
    """Return the text of an answer and of its headers; a PDF's text, and bytes as they are."""
    content = answer.content
    if content.startswith(b"%PDF"):
        content = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).encode()
    said = content.decode("utf-8", errors="replace") + content.decode("latin-1")
    if "json" in answer.headers.get("content-type", ""):
        said += (
            json.dumps(answer.json(), ensure_ascii=False)
            if "ndjson" not in answer.headers["content-type"]
            else ""
        )
    return f"{said}\n{answer.headers}"


def test_where_patients_are_hidden_no_route_tells_of_them(
    data: Path, web_bundle: Path, films: list[bytes]
) -> None:
    with _filled(data, web_bundle, films, "hidden") as server:
        _ask_every_route(server, films, shown=False)


def test_where_patients_are_shown_every_route_tells_those_who_may_see_them(
    shown: Running, films: list[bytes]
) -> None:
    _ask_every_route(shown, films, shown=True)
    _read_priors_blinded(shown)


def _ask_every_route(server: Running, films: list[bytes], *, shown: bool) -> None:
    for name, role in ROLES.items():
        sees = shown and role != "researcher"
        with logged_in(server.address, name) as web:
            assert web.get("/api/me").json()["sees_patients"] is sees
            told = set()
            for route, answer in (*_requests(web, films[0]), *_requests_of_an_adult(web, films[4])):
                assert answer.status_code < 500 or answer.status_code in (501, 503), (route, answer.text)
                if any(secret in _told(answer) for secret in SECRETS):
                    told.add(route)
                if route in REFUSED and not sees:
                    assert (answer.status_code, answer.json()["code"]) == (403, "patients_hidden")
            assert told == (TELLS if sees else set()), name
            _search(web, sees=sees)
            readings = web.get("/api/readings/1/priors").json()["readings"]
            expected = [(3, True), (2, False)] if sees else []
            assert [(row["id"], row["contradicts"]) for row in readings] == expected


def _read_priors_blinded(server: Running) -> None:
    with logged_in(server.address, "bea") as bea:
        assert bea.patch("/api/me", json={"blinded": True}).json()["blinded"]

        def prior() -> Any:
            return bea.get("/api/readings/1/priors").json()["readings"][1]

        hidden = prior()
        assert (
            hidden["withheld"] and hidden["finding"] is hidden["prediction_set"] is hidden["decision"] is None
        )
        own = bea.post(
            "/api/readings/2/decisions", json={"conclusion": "NORMAL"}, headers={"If-Match": '"r0"'}
        )
        assert own.status_code == 201 and prior()["finding"] and prior()["decision"] == "NORMAL"


def _search(web: httpx.Client, *, sees: bool) -> None:
    """Search for the patient, who is found by those alone who may see patients."""
    for words in ({"q": "sancho"}, {"q": "QUIJANO"}):
        page = web.post("/api/readings/search", json=words).json()
        assert (page["count"], len(page["readings"])) == ((1, 1) if sees else (0, 0)), words
    assert web.post("/api/readings/search", json={"q": "5"}).json()["count"] == 1
    for path in ("/api/readings/search", "/api/export"):
        for asked in ({"patient": "quijano mrn4711"}, {"sex": "F"}, {"age_from": 3}, {"age_to": 3}):
            found = web.post(path, json=asked)
            if sees:
                assert found.status_code == 200 and "Quijano" in found.text, asked
            else:
                assert (found.status_code, found.json()["code"]) == (403, "patients_hidden")
    if sees:
        *_, row = web.post("/api/readings/search", json={"patient": "quijano 14.03.2021"}).json()["readings"]
        assert row["patient"]["name"] == "Quijano, Dulcinea" and row["patient"]["age"] == 3.0
        for asked in ({"patient": "nobody"}, {"age_from": 50}, {"sex": "O"}):
            assert web.post("/api/readings/search", json=asked).json()["count"] == 0, asked
        wrong = web.post("/api/readings/search", json={"age_from": 6, "age_to": 5})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "age_from")


def test_no_url_holds_what_patients_are_searched_by(shown: Running) -> None:
    with logged_in(shown.address, "ana") as web:
        _search_by_url(web)


def _search_by_url(web: httpx.Client) -> None:
    described = web.get("/api/openapi.json").json()["paths"]
    words = {
        parameter["name"]
        for methods in described.values()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and '"string"' in json.dumps(parameter["schema"])
        if not any(word in json.dumps(parameter["schema"]) for word in ("enum", "$ref", "const"))
    }
    assert words <= FREE_WORDS, words - FREE_WORDS
    for path in ("/api/readings", "/api/export"):
        for name, value in (
            ("q", "Quijano"),
            ("patient", "Quijano"),
            ("sex", "F"),
            ("age_from", "3"),
            ("age_to", "3"),
        ):
            refused = web.get(path, params={name: value})
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, name)
            assert "Quijano" not in refused.text


def test_a_purge_takes_the_patient_from_every_answer(shown: Running) -> None:
    engine = connect(f"sqlite:///{shown.data / 'archive.db'}")
    assert purge(engine, days=0, actor="officer") == 5
    engine.dispose()
    with logged_in(shown.address, "ana") as ana:
        paths = ("/api/readings", "/api/readings/1", "/api/export", "/api/readings/1/priors")
        answers = [ana.get(path) for path in paths]
        assert not any(secret in _told(answer) for answer in answers for secret in SECRETS)
        assert ana.post("/api/readings/search", json={"patient": "quijano"}).json()["count"] == 0
