"""Files about the project agree with each other: version, date, versions of Python."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import neumo
from neumo.core.settings import load_settings
from neumo.dicomnode.config import NodeConfig
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


def test_every_promise_of_security_and_privacy_names_a_test_that_is_there() -> None:
    page = (_ROOT / "docs/explanation/security-and-privacy.md").read_text(encoding="utf-8")
    section = page.partition("## Promises")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "::" in line]
    assert len(rows) > 15
    for row in rows:
        file = ""
        for named in re.findall(r"`([^`]*::\w+)`", row):
            path, _, function = named.partition("::")
            file = path or file
            source = (_ROOT / "tests" / file).read_text(encoding="utf-8")
            assert f"def {function}(" in source, named
