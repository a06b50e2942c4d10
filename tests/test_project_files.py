"""Files about the project agree with each other: version, date, versions of Python."""

import ast
import os
import re
import shlex
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.fuzz.run import parser
from tests.support.web_visitor import FORMS, HEIGHTS

import neumo
from neumo.core.settings import load_settings
from neumo.dicomnode.config import NodeConfig
from neumo.records.log_coverage import COVERED
from neumo.texts.language import LANGUAGES
from neumo.web.config import WebConfig

_ROOT = Path(__file__).parents[1]
_TOOLS = {"dev", "docs", "release"}


def _yaml(path: str) -> Any:
    return yaml.safe_load((_ROOT / path).read_text(encoding="utf-8"))


def test_citation_and_changelog_name_this_version_and_one_date() -> None:
    citation = _yaml("CITATION.cff")
    changelog = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d\S+) - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    assert newest is not None
    assert newest.groups() == (neumo.__version__, str(citation["date-released"]))
    assert citation["version"] == neumo.__version__


def test_ci_runs_on_every_version_of_python_that_is_promised() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = [
        name.rsplit(" ", 1)[1] for name in project["classifiers"] if re.search(r"Python :: 3\.\d", name)
    ]
    tried = _yaml(".github/workflows/ci.yml")["jobs"]["run"]["strategy"]["matrix"]["python"]
    assert tried == promised


def test_licences_are_stated_of_every_requirement() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    stated = [*project["dependencies"], *(one for extra in extras.keys() - _TOOLS for one in extras[extra])]
    names = {canonicalize_name(Requirement(one).name) for one in stated} - {"neumo"}
    page = (_ROOT / "docs" / "reference" / "licences.md").read_text(encoding="utf-8")
    assert not names - set(re.findall(r"^\| \[([\w-]+)\]", page, re.MULTILINE)), "run: make licences"
    assert "not stated" not in page


def test_the_compose_file_runs_this_version_with_the_rights_of_the_guide() -> None:
    compose = _yaml("deploy/compose.yaml")
    assert compose["services"]["node"]["image"] == f"localhost/neumo:{neumo.__version__}"
    guide = (_ROOT / "docs" / "how-to" / "postgresql.md").read_text(encoding="utf-8")
    assert (_ROOT / "deploy" / "postgres" / "rights.sql").read_text(encoding="utf-8") in guide


def test_programs_may_write_every_table_that_the_log_covers() -> None:
    rights = (_ROOT / "deploy" / "postgres" / "rights.sql").read_text(encoding="utf-8")
    granted = re.search(r"^GRANT INSERT ON (.+) TO neumo_app, ", rights, re.MULTILINE)
    assert granted is not None
    assert {table.__tablename__ for table in COVERED} <= set(granted[1].split(", "))


def test_settings_of_the_containers_can_be_read() -> None:
    web = load_settings(WebConfig, _ROOT / "deploy" / "serve.yaml")
    node = load_settings(NodeConfig, _ROOT / "deploy" / "node.yaml")
    assert not web.listen.loopback
    assert node.receive.host == "0.0.0.0"


def test_the_image_holds_no_torch() -> None:
    lock = (_ROOT / "requirements" / "server.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(torch|lightning|scikit-learn)==", lock, re.MULTILINE)


def test_where_is_names_paths_that_exist() -> None:
    page = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    paths = re.findall(r"^\| .+ \| `([^`]+)` \|$", page.split("## Where is …?")[1], re.MULTILINE)
    assert len(paths) >= 20
    assert [path for path in paths if not (_ROOT / path).is_file()] == []


def test_every_room_is_described() -> None:
    page = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `(\w+)` \|", page.split("## Decisions")[0], re.MULTILINE))
    assert described == {folder.parent.name for folder in (_ROOT / "src" / "neumo").glob("*/__init__.py")}


def test_the_map_of_the_study_names_paths_that_exist() -> None:
    page = (_ROOT / "docs" / "reference" / "study-map.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+/[\w./-]*)`", page)
    assert len(named) > 20
    assert [
        path for path in named if not any((root / path).exists() for root in (_ROOT / "src/neumo", _ROOT))
    ] == []


def test_every_promise_of_security_and_privacy_names_tests_that_run() -> None:
    page = (_ROOT / "docs/explanation/security-and-privacy.md").read_text(encoding="utf-8")
    section = page.partition("## Promises")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    for row in rows:
        promise, proof = row.strip("| ").rsplit(" | ", 1)
        _require_proof(promise, proof)
    for file in re.findall(r"`(tests/[\w/]+\.py)`", page):
        assert _tests_of(_ROOT / file), file


def test_every_promise_of_the_workbench_names_a_journey_in_a_browser_that_runs() -> None:
    page = (_ROOT / "tests/journeys/promises.md").read_text(encoding="utf-8")
    rows = [line.strip().strip("|").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if "in a browser" not in row[1]]
    assert len(rows) > 60
    for promise, journey, depth in rows:
        _require_proof(promise, journey)
        for file, function in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", depth):
            tests = _tests_of(_ROOT / "tests" / file)
            assert tests and (not function or function in tests), f"{file}::{function}"


def test_every_promise_of_the_workbench_is_seen_in_both_languages_and_in_three_sizes() -> None:
    """The fixture `visitor` is of both forms, and its method `shows` looks at three sizes."""
    page = (_ROOT / "tests/journeys/promises.md").read_text(encoding="utf-8")
    assert {language for language, _ in FORMS} == set(LANGUAGES)
    *wider, narrowest = map(str, HEIGHTS)
    sizes = f"{', '.join(wider)} and {narrowest} pixels"
    for told in (sizes, *(f"`{language}` at {width} pixels" for language, width in FORMS)):
        assert told in page
    named = {row.split(" | ")[1] for row in page.splitlines() if row.startswith("| ") and "::" in row}
    one_form = []
    for file, function in sorted(
        {found for cell in named for found in re.findall(r"`([^`]+)::(\w+)`", cell)}
    ):
        tree = ast.parse((_ROOT / "tests" / file).read_text(encoding="utf-8"))
        of_file = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not of_file.keys() & {"form", "visitor"}, f"{file}: has forms of its own"
        test = of_file[function]
        looks = any(isinstance(node, ast.Attribute) and node.attr == "shows" for node in ast.walk(test))
        if not looks or "visitor" not in {argument.arg for argument in test.args.args}:
            one_form.append(f"{file}::{function}")
    assert one_form == []


def _require_proof(promise: str, proof: str) -> list[str]:
    """Return the files of the tests that prove a promise, each of which must exist and run."""
    named, files = re.findall(r"`([^`]*)::(\w+)`", proof), list[str]()
    assert named, f"no test proves: {promise}"
    for path, function in named:
        files.append(path or files[-1])
        tests = _tests_of(_ROOT / "tests" / files[-1])
        assert function in tests, f"{files[-1]}::{function}"
        assert not re.search(r"\b(skip|xfail)\b", tests[function]), f"{files[-1]}::{function} is left out"
    return files


@cache
def _tests_of(file: Path) -> dict[str, str]:
    """Return the decorators of each test function of a file, and of all of them, as source."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    of_all = [
        ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node)
    ]
    return {
        node.name: "\n".join([*of_all, *map(ast.unparse, node.decorator_list)])
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_commands_of_workflows_are_targets_and_options_that_exist() -> None:
    """Each `make` of the workflows as a dry run; what the nightly one tries and keeps is what the program does."""
    environment = {**os.environ, "MAKEFLAGS": "n", "GITHUB_RUN_NUMBER": "7", "GITHUB_REF_NAME": "v0.0.0"}
    environment.pop("MAKELEVEL", None)  # under make it would tell of the folders it enters
    shown = {}
    for file in sorted((_ROOT / ".github/workflows").glob("*.yml")):
        for job in _yaml(str(file.relative_to(_ROOT)))["jobs"].values():
            for command in [step["run"] for step in job["steps"] if step.get("run", "").startswith("make ")]:
                done = subprocess.run(
                    ["bash", "-e", "-c", command],
                    cwd=_ROOT,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                shown[file.stem] = done.stdout.splitlines()
    assert shown.keys() >= {"nightly", "docs", "release"}
    words = shlex.split(shown["nightly"][-1])
    assert words[1:] == ["-m", "tests.fuzz.run", "--first", "140000"]
    options = parser().parse_args(words[3:])
    assert (options.count, options.first) == (20_000, 7 * options.count)
    (kept,) = [
        step for step in _yaml(".github/workflows/nightly.yml")["jobs"]["fuzz"]["steps"] if step.get("if")
    ]
    assert (kept["if"], Path(kept["with"]["path"])) == ("failure()", options.save)


def test_job_files_of_the_documentation_are_sound_shell() -> None:
    blocks = [
        block
        for file in (_ROOT / "docs").rglob("*.md")
        for block in re.findall(
            r"^```\w*\n(#!/bin/bash\n.*?)^```", file.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
    ]
    assert len(blocks) >= 2, "Slurm's for reading and for training"
    for block in blocks:
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)


def test_every_benchmark_is_listed() -> None:
    listed = (_ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    programs = [
        file.name
        for file in sorted((_ROOT / "benchmarks").glob("*.py"))
        if '__name__ == "__main__"' in file.read_text(encoding="utf-8")
    ]
    assert programs
    assert [name for name in programs if f"`{name}`" not in listed] == []
