"""Record the API's examples, what a real server answers about the samples, in src/neumo/web/routes/examples.json.

.venv/bin/python scripts/api_examples.py
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from neumo.samples import sample_files

TARGET = Path(__file__).parents[1] / "src" / "neumo" / "web" / "routes" / "examples.json"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)?")
_SECRET = re.compile(r"[0-9a-f]{32,64}")
_LONG = 160


def main() -> None:
    """Start a server, ask it, write the file."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "neumo.cli.main",
            "serve",
            "--no-browser",
            "--port",
            "0",
            "--data",
            f"{folder}/data",
        ]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+/", server.stdout.readline())
            assert found is not None
            with httpx.Client(base_url=found[0], timeout=120) as web:
                examples = recorded(web)
        finally:
            server.terminate()
            server.wait(30)
    TARGET.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def recorded(web: httpx.Client) -> dict[str, Any]:
    """Return requests and answers by operation."""
    files = [("files", (file.name, file.read_bytes())) for file in sample_files()]
    examples: dict[str, Any] = {}

    def keep(operation: str, answer: httpx.Response, request: Any = None) -> Any:
        answer.raise_for_status()
        body = answer.json()
        examples[operation] = {"status": answer.status_code, "response": trimmed(body)}
        if request is not None:
            examples[operation]["request"] = request
        return body

    keep("GET /healthz", web.get("/healthz"))
    keep("GET /api/me", web.get("/api/me"))
    reading = keep("POST /api/readings", web.post("/api/readings", files=files[1:2]))
    number = reading["id"]
    job = web.post("/api/readings?async=1", files=files).json()
    while (state := web.get(f"/api/jobs/{job['id']}")).json()["status"] in ("waiting", "running"):
        time.sleep(0.1)
    keep("GET /api/jobs/{identifier}", state)
    place = f"/api/readings/{number}"
    keep(
        "GET /api/readings/{identifier}/posterior", web.get(f"{place}/posterior", params={"prevalence": 0.2})
    )
    decision = {"conclusion": "AGREE", "note": "as read"}
    keep(
        "POST /api/readings/{identifier}/decisions",
        web.post(f"{place}/decisions", json=decision, headers={"If-Match": '"r0"'}),
        decision,
    )
    keep("GET /api/readings/{identifier}/decisions", web.get(f"{place}/decisions"))
    keep("GET /api/readings/{identifier}", web.get(place))
    keep("GET /api/readings", web.get("/api/readings"))
    search = {"q": "train", "limit": 10}
    keep("POST /api/readings/search", web.post("/api/readings/search", json=search), search)
    keep(
        "POST /api/readings/{identifier}/neighbours",
        web.post(f"{place}/neighbours", json={}),
        {"sort": "-time"},
    )
    keep("GET /api/readings/{identifier}/priors", web.get(f"{place}/priors"))
    keep("GET /api/samples", web.get("/api/samples"))
    keep("GET /api/bundle", web.get("/api/bundle"))
    return examples


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
            text = _SECRET.sub(lambda found: f"{found[0][:8]}...", text)
            return text if len(text) <= _LONG else f"{text[:_LONG]}..."
    return value


if __name__ == "__main__":
    main()
