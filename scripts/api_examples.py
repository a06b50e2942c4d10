"""Record the API's examples, what a real server answers about the samples, in src/neumo/web/routes/examples.json.

.venv/bin/python scripts/api_examples.py
"""

import json
import re
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import httpx

_ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(_ROOT))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from pydicom.uid import Comprehensive3DSRStorage  # noqa: E402
from tests.support.local_tables import rows_of_phantoms, write_rows  # noqa: E402
from tests.support.node_peers import archive  # noqa: E402
from tests.support.node_samples import radiograph, written  # noqa: E402
from tests.support.small_runs import make_images, make_run  # noqa: E402
from tests.support.tiny_bundle import make_bundle  # noqa: E402
from tests.support.web_running import PASSWORD, add_people, running  # noqa: E402

from neumo.bundle.places import BUILT_IN  # noqa: E402
from neumo.datasets.phantoms.dataset import make_phantoms  # noqa: E402
from neumo.samples import sample_files  # noqa: E402
from neumo.web.people.accounts import open_accounts, set_verifier  # noqa: E402
from neumo.web.people.verifier import Verifier  # noqa: E402

TARGET: Final = _ROOT / "src" / "neumo" / "web" / "routes" / "examples.json"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)?")
_SECRET: Final = re.compile(r"[0-9a-f]{32,64}")
_FOLDER: Final = re.compile(rf"{re.escape(tempfile.gettempdir())}/\w+")
_LONG: Final = 160
_LINES: Final = 3


class Recording:
    """Examples of requests and answers, by operation."""

    def __init__(self) -> None:
        self.examples: dict[str, Any] = {}

    def keep(self, operation: str, answer: httpx.Response, request: Any = None) -> Any:
        """Keep an answer in JSON, and return its body."""
        body = answer.raise_for_status().json()
        self._add(operation, answer, trimmed(body))
        if request is not None:
            self.examples[operation]["request"] = request
        return body

    def keep_text(self, operation: str, answer: httpx.Response) -> None:
        """Keep the first lines of an answer."""
        lines = answer.raise_for_status().text.splitlines()[:_LINES]
        self._add(operation, answer, "\n".join(trimmed(line) for line in lines))

    def keep_kind(self, operation: str, answer: httpx.Response) -> None:
        """Keep the media type of an answer that is no text."""
        self._add(operation, answer.raise_for_status(), None)

    def _add(self, operation: str, answer: httpx.Response, example: Any) -> None:
        answers = self.examples.setdefault(operation, {"answers": {}})["answers"]
        media = answer.headers["content-type"].partition(";")[0]
        answers.setdefault(str(answer.status_code), {})[media] = example


def main() -> None:
    """Start a server with people, runs and a PACS, ask it, write the file."""
    with tempfile.TemporaryDirectory() as folder, archive(classes=[Comprehensive3DSRStorage]) as pacs:
        base = Path(folder)
        make_images(base / "set")
        for name, seed, skill in (("better", 1, 3.0), ("worse", 2, 0.5)):
            make_run(base / "runs" / name, seed, skill, base / "set")
        add_people(base / "data", ana="admin")
        accounts = open_accounts(base / "data")
        set_verifier(accounts, "ana", Verifier("García López^Ana", "Hospital Ñuble"))
        accounts.dispose()
        to = f"{{kind: c-store, name: pacs, ae_title: PACS, host: 127.0.0.1, port: {pacs.port}}}"
        with (
            running(base / "data", BUILT_IN, runs=base / "runs", send__to=to) as server,
            httpx.Client(base_url=server.address, timeout=120) as web,
        ):
            examples = recorded(web, base)
        examples |= commissioned(base / "site")
    TARGET.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def commissioned(folder: Path) -> dict[str, Any]:
    """Return what another server answers to somebody who commissions its bundle on phantoms."""
    found, images, root = Recording(), folder / "films", "/api/commissioning"
    make_phantoms(images, per_class=20, seed=3, size=64)
    rows = [{**row, "path": str(Path(row["path"]).relative_to(images))} for row in rows_of_phantoms(images)]
    table = write_rows(folder / "local.csv", rows).read_bytes()
    bundle = make_bundle(folder / "tiny", images)
    with (
        running(folder / "data", bundle, commission__images=images) as server,
        httpx.Client(base_url=server.address, timeout=300) as web,
    ):
        expected = {"prevalence": 0.15, "sensitivity": 0.9}
        found.keep(f"POST {root}/plan", web.post(f"{root}/plan", json=expected), expected)
        found.keep_text(f"GET {root}/template", web.get(f"{root}/template"))
        found.keep(f"POST {root}/table/decisions", web.post(f"{root}/table/decisions"))
        found.keep(f"POST {root}/table", web.post(f"{root}/table", files={"table": ("local.csv", table)}))
        found.keep_text(f"GET {root}/table", web.get(f"{root}/table"))
        wanted = {"site": "Hospital Ñuble", "target_sensitivity": 0.9}
        found.keep(f"POST {root}/runs", web.post(f"{root}/runs", json=wanted), wanted)
        found.keep(f"DELETE {root}/runs", web.delete(f"{root}/runs"))
        web.post(f"{root}/runs", json={**wanted, "resamples": 40}).raise_for_status()
        found.keep_text(f"GET {root}/events", web.get(f"{root}/events"))
        run = found.keep(f"GET {root}", web.get(root))["runs"][0]["id"]
        one, place = f"{root}/runs/{{run}}", f"{root}/runs/{run}"
        accepting = {"by": "A. García", "role": "medical physicist", "despite": "an example"}
        answer = web.post(f"{place}/acceptance", json=accepting)
        text = found.keep(f"POST {one}/acceptance", answer, accepting)["runs"][0]["to_sign"]
        key = Ed25519PrivateKey.generate()
        raw = (key.public_key().public_bytes_raw(), key.sign(text.encode()))
        signing = dict(zip(("key", "signature"), (b64encode(each).decode() for each in raw), strict=True))
        found.keep(f"POST {one}/signature", web.post(f"{place}/signature", json=signing), signing)
        for name in ("acceptance.json", "acceptance.en.pdf", "acceptance.en.html", "bundle.zip"):
            found.keep_kind(f"GET {one}/files/{{name}}", web.get(f"{place}/files/{name}"))
    return found.examples


def recorded(web: httpx.Client, folder: Path) -> dict[str, Any]:
    """Return requests and answers by operation."""
    found = Recording()
    found.keep("GET /healthz", web.get("/healthz"))
    credentials = {"name": "ana", "password": PASSWORD}
    shown = {"name": "ana", "password": "a password of ana's"}
    me = found.keep("POST /api/session", web.post("/api/session", json=credentials), shown)
    web.headers["X-CSRF-Token"] = me["csrf_token"]
    found.keep("GET /api/me", web.get("/api/me"))
    language = {"language": "en"}
    found.keep("PATCH /api/me", web.patch("/api/me", json=language), language)
    number = _uploads(found, web, folder)
    _answers(found, web, f"/api/readings/{number}")
    _decisions(found, web, f"/api/readings/{number}")
    _lists(found, web)
    _research(found, web)
    removed = web.get("/api/readings", params={"sort": "time"}).json()["readings"][0]["id"]
    reason = {"reason": "duplicate"}
    found.keep(
        "POST /api/readings/{identifier}/removal",
        web.post(f"/api/readings/{removed}/removal", json=reason),
        reason,
    )
    return found.examples


def _uploads(found: Recording, web: httpx.Client, folder: Path) -> int:
    """Upload the samples, and one of them as DICOM; return the number of that reading."""
    files = [("files", (file.name, file.read_bytes())) for file in sample_files()]
    operation = "POST /api/readings"
    found.keep(operation, web.post("/api/readings", files=files[1:2]))
    found.keep(operation, web.post("/api/readings", files=files[1:2]))
    job = found.keep(operation, web.post("/api/readings?async=1", files=files))
    place = f"/api/jobs/{job['id']}"
    found.keep_text("GET /api/jobs/{identifier}/events", web.get(f"{place}/events"))
    while (state := web.get(place)).json()["status"] in ("waiting", "running"):
        time.sleep(0.1)
    found.keep("GET /api/jobs/{identifier}", state)
    slow = web.post("/api/readings?async=1", files=[("files", (f"{n}.png", b"x" * n)) for n in range(1, 60)])
    found.keep("DELETE /api/jobs/{identifier}", web.delete(f"/api/jobs/{slow.json()['id']}"))
    numbers = []
    for age in ("003Y", "008M"):
        film = radiograph(sample_files()[1], PatientAge=age, InstitutionName="Hospital", study="1.2.3")
        content = written(film, folder / "film.dcm").read_bytes()
        answer = web.post("/api/readings", content=content, headers={"Content-Type": "application/dicom"})
        numbers.append(answer.raise_for_status().json()["id"])
    reason = {"reason": "nearly one year old; asked for by the ward"}
    found.keep(
        "POST /api/readings/{identifier}/age-override",
        web.post(f"/api/readings/{numbers[1]}/age-override", json=reason),
        reason,
    )
    found.keep("GET /api/samples", web.get("/api/samples"))
    found.keep_kind("GET /api/samples/{name}", web.get(f"/api/samples/{sample_files()[0].name}"))
    return int(numbers[0])


def _answers(found: Recording, web: httpx.Client, place: str) -> None:
    one = "GET /api/readings/{identifier}"
    found.keep(f"{one}/posterior", web.get(f"{place}/posterior", params={"prevalence": 0.2}))
    for name in ("image.png", "image.pgm", "heatmap.png"):
        found.keep_kind(f"{one}/{name}", web.get(f"{place}/{name}", params={"max_side": 16}))
    files = f"{one}/files/{{name}}"
    found.keep(files, web.get(f"{place}/files/reading.json"))
    for name in ("report.html", "report.pdf", "sr.dcm", "fhir.json"):
        found.keep_kind(files, web.get(f"{place}/files/{name}"))
    found.keep(f"{one}/priors", web.get(f"{place}/priors"))


def _decisions(found: Recording, web: httpx.Client, place: str) -> None:
    one = "/api/readings/{identifier}"
    draft = {"text": "hilar"}
    web.put(f"/api/drafts/decision/{place.rpartition('/')[2]}", json=draft).raise_for_status()
    found.examples["PUT /api/drafts/{kind}/{reading}"] = {"answers": {}, "request": draft}
    found.keep("GET /api/drafts", web.get("/api/drafts"))
    decision = {"conclusion": "AGREE", "note": "as read"}
    found.keep(
        f"POST {one}/decisions",
        web.post(f"{place}/decisions", json=decision, headers={"If-Match": '"r0"'}),
        decision,
    )
    found.keep(f"GET {one}/decisions", web.get(f"{place}/decisions"))
    found.keep(f"GET {one}", web.get(place))
    found.keep(f"POST {one}/send", web.post(f"{place}/send"))


def _lists(found: Recording, web: httpx.Client) -> None:
    found.keep("GET /api/readings", web.get("/api/readings", params={"status": "read"}))
    search = {"q": "film", "sex": "F", "age_from": 1, "age_to": 5, "limit": 10}
    answer = web.post("/api/readings/search", json={**search, "sex": None})
    found.keep("POST /api/readings/search", answer, search)
    listed = web.get("/api/readings").json()["readings"]
    order = {"sort": "-time"}
    found.keep(
        "POST /api/readings/{identifier}/neighbours",
        web.post(f"/api/readings/{listed[1]['id']}/neighbours", json=order),
        order,
    )
    with web.stream("GET", "/api/readings/changes", params={"after": 0}) as stream:
        lines = [next(each) for each in [stream.iter_lines()] for _ in range(5)]
        example = "\n".join(trimmed(line) for line in lines)
        found.examples["GET /api/readings/changes"] = {"answers": {"200": {"text/event-stream": example}}}
    for kind in ("csv", "jsonl"):
        asked = {"status": "read", "format": kind}
        found.keep_text("GET /api/export", web.get("/api/export", params=asked))
        found.keep_text("POST /api/export", web.post("/api/export", json=asked))
        found.examples["POST /api/export"]["request"] = {**search, "format": "csv"}
        found.examples["POST /api/export"]["request"].pop("limit")
    parquet = "application/vnd.apache.parquet"
    for operation in ("GET /api/export", "POST /api/export"):
        found.examples[operation]["answers"]["200"][parquet] = None


def _research(found: Recording, web: httpx.Client) -> None:
    found.keep("GET /api/bundle", web.get("/api/bundle"))
    found.keep("GET /api/runs", web.get("/api/runs"))
    one = "GET /api/runs/{name}"
    run = "/api/runs/better"
    found.keep(one, web.get(run))
    found.keep_kind(f"{one}/figures/{{part}}/{{file}}", web.get(f"{run}/figures/test/roc.svg"))
    found.keep(f"{one}/predictions", web.get(f"{run}/predictions"))
    found.keep_kind(f"{one}/images/{{part}}/{{index}}.png", web.get(f"{run}/images/test/0.png"))
    found.keep(f"{one}/thresholds", web.get(f"{run}/thresholds"))
    asked = {"column": "sex", "resamples": "200"}
    found.keep(f"{one}/subgroups", web.get(f"{run}/subgroups", params=asked))
    asked = {"runs": "worse,better", "resamples": "200"}
    found.keep("GET /api/compare", web.get("/api/compare", params=asked))


def trimmed(value: Any) -> Any:
    """Shorten lists and long texts, and make times and secrets those of every recording."""
    match value:
        case dict():
            return {key: trimmed(entry) for key, entry in value.items()}
        case list():
            return [trimmed(entry) for entry in value[:2]]
        case float():
            return round(value, 4)
        case str():
            text = _MOMENT.sub("2026-11-23T09:30:00Z", value)
            text = _FOLDER.sub("/data", _SECRET.sub(lambda found: f"{found[0][:8]}...", text))
            return text if len(text) <= _LONG else f"{text[:_LONG]}..."
    return value


if __name__ == "__main__":
    main()
