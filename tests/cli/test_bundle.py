import json
from pathlib import Path

import pytest
from tests.support.commands import call_neumo
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import CONFIG, MODEL, load_bundle


@pytest.fixture
def folder(tmp_path: Path, phantoms: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEUMO_BUNDLES", str(tmp_path / "installed"))
    monkeypatch.delenv("NEUMO_BUNDLE", raising=False)
    return make_bundle(tmp_path / "tiny", phantoms, licence="Apache-2.0 [see LICENSE]")


def test_a_bundle_is_verified_installed_and_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    digest = load_bundle(folder).digest
    assert digest in call_neumo(capsys, "bundle", "verify", folder)
    assert "--bundle tiny-1" in call_neumo(capsys, "bundle", "install", folder)
    shown = call_neumo(capsys, "bundle", "info", "tiny-1")
    assert "high_sensitivity" in shown and "[see LICENSE]" in shown and "installed bundles: tiny-1" in shown


def test_a_changed_byte_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    data = bytearray((folder / MODEL).read_bytes())
    data[100] ^= 1
    (folder / MODEL).write_bytes(data)
    for command in ("verify", "info", "install"):
        said = call_neumo(capsys, "bundle", command, folder, status=2)
        assert MODEL in said and "Traceback" not in said


def test_the_doctor_answers_in_words_and_in_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    said = call_neumo(capsys, "doctor", "--bundle", folder, "--threads", 1)
    assert "reference readings reproduced" in said
    checks = json.loads(call_neumo(capsys, "doctor", "--bundle", folder, "--threads", 1, "--json"))
    assert {check["outcome"] for check in checks} == {"fine"}
    (folder / CONFIG).write_text("{}")
    said = call_neumo(capsys, "doctor", "--bundle", folder, status=1)
    assert "failed" in said and CONFIG in said and "install the bundle again" in said
