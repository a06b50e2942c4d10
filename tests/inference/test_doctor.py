import json
import sys
from pathlib import Path

import pytest
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import MODEL, REFERENCE, Bundle, write_sums
from neumo.core.cores import usable_cores
from neumo.inference.bundle_trial import remember
from neumo.inference.doctor import Check, Outcome, check_codecs, check_threads, examine

CHECKS = ["install", "codecs", "bundle", "reference", "speed", "threads"]


def outcomes(source: Path | None, threads: int = 1) -> dict[str, Check]:
    checks = {check.name: check for check in examine(source, threads)}
    json.dumps([check.values for check in checks.values()], allow_nan=False)
    return checks


def test_a_sound_install_is_found_sound(bundle: Bundle) -> None:
    checks = outcomes(bundle.path)
    assert list(checks) == CHECKS
    assert {check.outcome for check in checks.values()} == {Outcome.FINE}
    assert max(checks["reference"].values["differences"].values()) < 1e-3
    assert checks["speed"].values["images_per_second"] > 0


def test_a_graph_that_answers_otherwise_is_found(tmp_path: Path, phantoms: Path) -> None:
    folder = make_bundle(tmp_path / "tiny", phantoms)
    other = make_bundle(tmp_path / "other", phantoms, seed=1)
    (folder / MODEL).write_bytes((other / MODEL).read_bytes())
    remember(write_sums(folder))  # it answered as it should when it was tried
    check = outcomes(folder)["reference"]
    assert check.outcome is Outcome.FAILED and "cannot be trusted" in check.text


def test_a_reference_image_drawn_otherwise_is_found(tmp_path: Path, phantoms: Path) -> None:
    folder = make_bundle(tmp_path / "tiny", phantoms)
    stored = json.loads((folder / REFERENCE).read_text())
    stored["images"]["thorax"]["sha256"] = "0" * 64
    (folder / REFERENCE).write_text(json.dumps(stored))
    remember(write_sums(folder))  # it answered as it should when it was tried
    check = outcomes(folder)["reference"]
    assert check.outcome is Outcome.FAILED and "thorax is drawn otherwise" in check.text


def test_a_broken_bundle_ends_what_depends_on_it(tmp_path: Path) -> None:
    checks = outcomes(tmp_path / "absent")
    assert list(checks) == ["install", "codecs", "bundle", "threads"]
    assert checks["bundle"].outcome is Outcome.FAILED


def test_a_missing_codec_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jpeg_ls", None)
    check = check_codecs()
    assert check.outcome is Outcome.WARNING
    assert "JPEG-LS" in check.text and "pyjpegls" in check.text and "gdcm" not in check.text


def test_more_threads_than_cores_are_a_warning() -> None:
    assert check_threads(usable_cores() + 1).outcome is Outcome.WARNING
    assert check_threads(None).outcome is Outcome.FINE
