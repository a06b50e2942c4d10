import subprocess
import sys

import pytest
from typer.testing import CliRunner

import neumo
from neumo.cli.main import app
from neumo.cli.show import require_train_extra
from neumo.core.errors import MissingExtraError


def test_version_and_help() -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["--version"]).output.strip() == f"neumo {neumo.__version__}"
    help_text = runner.invoke(app, ["--help"]).output
    for command in ("train", "evaluate", "compare", "reproduce", "data"):
        assert command in help_text
    assert "Not a medical device" in " ".join(help_text.split())


def test_the_command_line_starts_without_the_learning_parts() -> None:
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "lightning", "kornia", "torchmetrics", "sklearn", "matplotlib", "scipy"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
sys.argv = ["neumo", "--version"]
from neumo.cli.main import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_extra_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install \"neumo\[train\]\""):
        require_train_extra("neumo train")
