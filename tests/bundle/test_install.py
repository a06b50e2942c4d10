from pathlib import Path

import pytest
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import MODEL, SUMS, load_bundle, write_sums
from neumo.bundle.install import install_bundle
from neumo.bundle.places import bundle_path, installed_bundles
from neumo.core.errors import BundleError, OutputError


def test_an_installed_bundle_is_found_by_its_name_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = folder.parent / "built-in"
    monkeypatch.setattr("neumo.bundle.places.BUILT_IN", built_in)
    built_in.mkdir()
    installed = install_bundle(folder)
    assert installed_bundles() == ("tiny-1",)
    assert load_bundle("tiny-1").digest == installed.digest == load_bundle(folder).digest
    assert bundle_path(None) == built_in
    monkeypatch.setenv("NEUMO_BUNDLE", "tiny-1")
    assert bundle_path(None) == installed.path
    assert bundle_path(folder) == folder, "what is given comes before the environment"
    monkeypatch.setenv("NEUMO_BUNDLE", "absent")
    with pytest.raises(BundleError, match=r"NEUMO_BUNDLE.*tiny-1"):
        bundle_path(None)


def test_installing_again_changes_nothing_and_another_of_that_name_is_refused(
    folder: Path, phantoms: Path, own_bundles: Path
) -> None:
    first = install_bundle(folder)
    before = (first.path / SUMS).stat().st_mtime_ns
    assert install_bundle(folder).digest == first.digest
    other = make_bundle(folder.parent / "other", phantoms, seed=1)
    with pytest.raises(BundleError, match="another bundle is installed"):
        install_bundle(other)
    assert (first.path / SUMS).stat().st_mtime_ns == before
    assert load_bundle("tiny-1").digest == first.digest
    assert [entry.name for entry in own_bundles.iterdir()] == ["tiny-1"]


def test_a_damaged_bundle_is_not_installed(folder: Path, own_bundles: Path) -> None:
    (folder / MODEL).write_bytes(b"changed")
    with pytest.raises(BundleError, match=MODEL):
        install_bundle(folder)
    assert not own_bundles.exists()


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, phantoms: Path) -> None:
    evil = make_bundle(tmp_path / "evil", phantoms, name="../../evil")
    with pytest.raises(BundleError, match="no name for a bundle"):
        install_bundle(evil)


def test_a_data_folder_that_cannot_be_made_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NEUMO_BUNDLES", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="tiny-1"):
        install_bundle(folder)


def test_a_config_with_other_sums_but_another_schema_is_refused(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"schema": 1', '"schema": 99'))
    write_sums(folder)
    with pytest.raises(BundleError, match="schema 99"):
        load_bundle(folder)
