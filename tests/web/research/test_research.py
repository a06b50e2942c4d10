"""The research view on small runs with real evaluations, against a real server."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.support.small_runs import make_run, predictions
from tests.support.web_running import Running, running

from neumo.core.findings import FINDINGS


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    base = tmp_path_factory.mktemp("web-research")
    for name, seed, skill in (("better", 1, 3.0), ("worse", 2, 0.5)):
        make_run(base / "runs" / name, seed, skill)
    (base / "runs" / "broken").mkdir()
    (base / "runs" / "broken" / "run.json").write_text("{")
    (base / "secret.json").write_text("{}")
    with running(base / "data", web_bundle, runs=base / "runs") as started:
        yield started


@pytest.fixture
def research(studied: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studied.address, timeout=120) as client:
        yield client


def test_runs_are_listed_and_shown(research: httpx.Client) -> None:
    me = research.get("/api/me").json()
    assert me["features"]["research"] is True and me["research_missing"] is None
    listed = {run["name"]: run for run in research.get("/api/runs").json()["runs"]}
    assert set(listed) == {"better", "worse", "broken"}
    assert listed["better"] == {
        "name": "better", "status": "finished", "model": "study_cnn", "parts": ["test"], "epochs": 2, "best_epoch": 1
    }  # fmt: skip
    run = research.get("/api/runs/better").json()
    assert run["history"] == [{"epoch": 0, "loss": 1.5}, {"epoch": 1, "loss": None}]
    assert run["experiment"]["model"]["name"] == "study_cnn"
    assert np.sum(run["evaluations"]["test"]["evaluation"]["confusion"]) == 120
    assert run["figures"]["test"] == ["roc.svg"]
    assert research.get("/api/runs/broken").json()["status"] is None


def test_figures_can_run_nothing(research: httpx.Client) -> None:
    figure = research.get("/api/runs/better/figures/test/roc.svg")
    assert figure.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in figure.headers["content-security-policy"]
    assert "script-src" not in figure.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    ["runs/..", "runs/%2e%2e", "runs/..%2fruns", "runs/none", "runs/better/figures/test/none.svg",
     "runs/better/figures/test/predictions.csv", "runs/better/figures/..%2f..%2f..%2f/secret.json",
     "runs/better/predictions?part=train", "runs/better/predictions?part=..%2Ftest", "runs/broken/thresholds",
     "compare?runs=better,none", "compare?runs=better,../runs/worse"],
)  # fmt: skip
def test_nothing_outside_the_runs_can_be_had(research: httpx.Client, path: str) -> None:
    answer = research.get(f"/api/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_predictions_are_those_of_the_run(research: httpx.Client) -> None:
    columns = research.get("/api/runs/better/predictions").json()
    known = predictions(1, 3.0)
    assert columns["truth"] == [FINDINGS[i] for i in known.truth] and columns["paths"] == list(known.paths)
    assert np.allclose(columns["probabilities"], known.probabilities, atol=1e-6)
    assert columns["attributes"] == ["sex"] and columns["synthetic"] is True


def test_thresholds_give_and_take(research: httpx.Client) -> None:
    value = research.get("/api/runs/better/thresholds").json()
    known = predictions(1, 3.0)
    assert (len(value["thresholds"]), value["thresholds"][50]) == (101, 0.5)
    sick = known.truth != 0
    called = known.pneumonia >= 0.5
    assert value["sensitivity"][50] == pytest.approx((called & sick).sum() / sick.sum())
    assert value["specificity"][50] == pytest.approx((~called & ~sick).sum() / (~sick).sum())
    assert value["sensitivity"][0] == 1 and value["specificity"][0] == 0 and value["npv"][0] is None
    assert value["decisions"][0]["operating_point"]["threshold"] == 0.5


def test_subgroups_are_evaluated_at_the_asked_threshold(research: httpx.Client) -> None:
    asked: dict[str, str | float] = {"column": "sex", "threshold": 0.4, "resamples": "200"}
    report = research.get("/api/runs/better/subgroups", params=asked).json()
    assert [group["name"] for group in report["groups"]] == ["F", "M"]
    assert report["operating_point"]["threshold"] == 0.4
    known = predictions(1, 3.0)
    women = np.array(known.attributes["sex"]) == "F"
    sick = (known.truth != 0) & women
    expected = (known.pneumonia[sick] >= 0.4).mean()
    assert report["groups"][0]["figures"]["sensitivity"]["value"] == pytest.approx(expected)
    refused = research.get("/api/runs/better/subgroups", params={"column": "age"}).json()
    assert refused["errors"][0]["field"] == "column" and "sex" in refused["errors"][0]["message"]


def test_runs_are_compared(research: httpx.Client) -> None:
    asked = {"runs": "worse,better", "resamples": "200"}
    compared = research.get("/api/compare", params=asked, headers={"Accept-Language": "es"}).json()
    assert compared["part"] == "test" and compared["conclusion"] and len(compared["pairs"]) == 1
    for runs in ("better", "better,better", "", ",".join(f"r{i}" for i in range(9))):
        answer = research.get("/api/compare", params={"runs": runs})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "runs")


WITHOUT_TRAINING = """
import sys
from pathlib import Path

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "sklearn", "scipy", "pandas", "matplotlib", "fairlearn"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Block())
import neumo.cli.serve, neumo.web.server
from neumo.web.research import runs as research, metrics as metrics
from neumo.web.http.problems import Problem

better = Path(sys.argv[1]) / "better"
assert research.run_details(better)["history"]
for ask in (
    lambda: metrics.subgroups(better, "test", "sex", 0.5, 200),
    lambda: metrics.comparison([better, better], "test", "en", 200),
):
    try:
        ask()
    except Problem as problem:
        print(problem.code, problem.members["extra"])
"""


def test_without_the_libraries_of_training_the_server_says_what_to_install(studied: Running) -> None:
    command = [sys.executable, "-c", WITHOUT_TRAINING, str(studied.data.parent / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["not_installed", "train"] * 2, done.stderr
