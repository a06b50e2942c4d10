import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.commands import call_neumo
from typer.testing import CliRunner

import neumo
from neumo.cli.main import command_line
from neumo.cli.show import require_extra
from neumo.core.errors import MissingExtraError


def test_version_and_help() -> None:
    runner, app = CliRunner(), command_line()
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
        require_extra("train", "neumo train")


@pytest.mark.parametrize("first", ["read", "archive", "audit"])
def test_a_command_has_the_same_help_alone_as_among_all(first: str) -> None:
    runner = CliRunner()
    alone, among_all = (
        runner.invoke(app, [first, "--help"]).output for app in (command_line(first), command_line())
    )
    assert alone == among_all
    assert "Usage:" in alone


def test_a_command_imports_no_other() -> None:
    code = """
import sys
sys.argv = ["neumo", "bundle", "info"]
from neumo.cli.main import main
try:
    main()
finally:
    print([name for name in sys.modules if name.startswith("neumo.cli.")], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "neumo.cli.bundle" in done.stderr
    assert "neumo.cli.read" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("data", "check", "absent", "--html"),
        ("compare", "absent", "too", "--json"),
        ("monitor", "--archive", "sqlite:///absent", "--html"),
    ],
)
def test_an_unwritable_report_is_told_before_any_work(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    told = call_neumo(capsys, *command, tmp_path / "file" / "report", status=2)
    assert "is no folder" in " ".join(told.split())


def test_a_mistyped_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean 'read'?" in call_neumo(capsys, "raed", status=2)


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "neumo", "--version"], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == f"neumo {neumo.__version__}", done.stderr
