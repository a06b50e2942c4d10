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
