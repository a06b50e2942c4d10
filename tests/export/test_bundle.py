import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.commands import call_neumo
from tests.support.two_hospitals import hospitals_of

from neumo.bundle.drift_reference import load_drift_reference
from neumo.bundle.folder import load_bundle
from neumo.bundle.training_images import TRAINING_IMAGES, load_training_images
from neumo.core.errors import BundleError, ExportError, OutputError
from neumo.core.findings import FINDINGS
from neumo.core.reading import Status
from neumo.datasets.layout import open_dataset
from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.datasets.split import Split
from neumo.evaluation.uncertainty.temperature import tempered
from neumo.export.bundle import bundle_with_metrics, export_bundle
from neumo.export.training_images import list_training_images
from neumo.inference.reader import Reader
from neumo.models.weights import load_network
from neumo.study.evaluate_reader import evaluate_reader
from neumo.training.config import load_experiment
from neumo.training.fit import train
from neumo.training.predict import predict_part
from neumo.training.run_folder import RunFolder

EXPERIMENT = """
name: small
seed: 5
image_size: 64
intensity: percentiles
split: {kind: fold, folds: 3, fold: 0}
balance: logit_adjustment
model: {name: study_cnn, options: {filters: [4, 8], dense: 16, dropout: 0.4}}
optimizer: {name: adamw, learning_rate: 0.003}
schedule:
  {batch_size: 8, max_epochs: 2, early_stopping: null, plateau: null, one_cycle: true, averaging: 0.5, keep: last}
"""


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> list[Path]:
    folder = tmp_path_factory.mktemp("folds")
    (folder / "small.yaml").write_text(EXPERIMENT)
    for fold in (0, 1):
        experiment = load_experiment(folder / "small.yaml", [f"split.fold={fold}"])
        train(experiment, phantoms, folder / f"fold{fold}")
    return [folder / "fold0", folder / "fold1"]


@pytest.fixture(scope="module")
def bundle(folds: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("exported") / "bundle"
    exported = export_bundle(folds[0], folds, target, name="small", version="1")
    assert exported.parity.logits < 0.05 and exported.bundle.path == target
    assert exported.decisions.error_after <= exported.decisions.error_before + 0.02
    return target


def test_a_bundle_reads_as_its_run_predicts(bundle: Path, folds: list[Path], phantoms: Path) -> None:
    run = RunFolder(folds[0])
    manifest = run.dataset()
    predictions = predict_part(run, manifest, run.split(manifest), "val")
    reader = Reader(bundle)
    calibrated = tempered(predictions.probabilities, reader.bundle.config.temperature)
    read = 0
    for path, expected in zip(predictions.paths, calibrated, strict=True):
        reading = reader.read(manifest.root / path)
        assert reading.status is not Status.FAILED
        if reading.answer is not None:
            read += 1
            shown = [reading.answer.probabilities[finding] for finding in FINDINGS]
            np.testing.assert_allclose(shown, expected, atol=0.02)
    assert read >= 0.5 * len(predictions)


def test_the_card_and_config_state_what_was_decided(bundle: Path) -> None:
    config = json.loads((bundle / "config.json").read_text())
    card = (bundle / "README.md").read_text()
    assert config["provenance"]["experiment"]["name"] == "small"
    assert sum(config["provenance"]["held_out"]["images"].values()) > 0
    assert f"{config['operating_points']['balanced']['threshold']:.3f}" in card
    assert card.startswith("---\nlicense: apache-2.0\n") and "Not a medical device" in card
    assert config["priors"] == pytest.approx({finding.value: 1 / 3 for finding in FINDINGS})
    assert str(bundle.parent) not in (bundle / "config.json").read_text(), "paths of the machine stay out"


def test_a_bundle_may_read_fewer_ages_than_it_was_trained_on(
    folds: list[Path], bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    youngest, oldest = load_bundle(bundle).config.gate.age_years
    assert youngest < oldest
    export = ["bundle", "export", folds[0], "--fold", folds[1], "--out"]
    call_neumo(capsys, *export, tmp_path / "fewer", "--ages", f"{oldest}-{oldest}")
    fewer = load_bundle(tmp_path / "fewer").config
    assert fewer.gate.age_years == (oldest, oldest)
    assert fewer.etiology_age_years == load_bundle(bundle).config.etiology_age_years
    said = call_neumo(capsys, *export, tmp_path / "more", "--ages", f"{youngest}-{oldest + 1}", status=2)
    assert "give evidence for ages" in said and not (tmp_path / "more").exists()


def test_the_bundle_knows_its_training_images_again(bundle: Path, phantoms: Path) -> None:
    listed = load_training_images(load_bundle(bundle))
    assert listed is not None
    entries = open_dataset(phantoms).entries
    digests = [entry.sha256 for entry in entries]
    found = listed.holds(digests, np.zeros((len(digests), 1024), dtype=np.int8), 0.9)
    assert found.tolist() == [entry.split == "train" for entry in entries]


def test_a_bundle_that_was_exported_without_the_list_gets_the_same(
    bundle: Path, phantoms: Path, tmp_path: Path
) -> None:
    count = list_training_images(tmp_path / "training.npz", load_bundle(bundle), phantoms)
    assert (tmp_path / "training.npz").read_bytes() == (bundle / TRAINING_IMAGES).read_bytes()
    assert count == sum(entry.split == "train" for entry in open_dataset(phantoms).entries)
    make_phantoms(tmp_path / "others", per_class=4, seed=3, size=64)
    with pytest.raises(ExportError, match="is not the data"):
        list_training_images(tmp_path / "none.npz", load_bundle(bundle), tmp_path / "others")
    imported = replace(load_bundle(bundle), config=replace(load_bundle(bundle).config, provenance={}))
    with pytest.raises(ExportError, match="does not state by which split"):
        list_training_images(tmp_path / "none.npz", imported, phantoms)
    assert not (tmp_path / "none.npz").exists()


def test_the_bundle_carries_what_drift_is_measured_from(
    bundle: Path, folds: list[Path], phantoms: Path
) -> None:
    reference, loaded = load_drift_reference(bundle), load_bundle(bundle)
    assert reference is not None
    runs = [RunFolder(path) for path in folds]
    manifest = runs[0].dataset()
    predicted = [predict_part(run, manifest, run.split(manifest), "val") for run in runs]
    raw = np.concatenate([one.probabilities for one in predicted])
    assert len(reference.distance) == len(raw)
    read = np.count_nonzero(reference.distance <= loaded.config.gate.distance)
    assert len(reference.pneumonia) == read
    expected = np.sort(1 - tempered(raw, loaded.config.temperature)[:, 0]).astype(np.float32)
    assert np.isin(reference.pneumonia, expected).all()


def test_a_run_that_builds_on_others_exports_with_their_names_and_not_their_folders(
    folds: list[Path], phantoms: Path, tmp_path: Path
) -> None:
    settings = [f"distillation.teachers=[{folds[0]}]", f"model.start=[{folds[0]}]"]
    taught = train(load_experiment(folds[0].parent / "small.yaml", settings), phantoms, tmp_path / "taught")
    exported = export_bundle(taught.folder.path, [], tmp_path / "bundle", name="taught", version="1").bundle
    text = (exported.path / "config.json").read_text()
    provenance = json.loads(text)["provenance"]
    assert provenance["experiment"]["distillation"]["teachers"] == ["fold0"]
    assert provenance["experiment"]["model"]["start"] == ["fold0"]
    assert provenance["teachers"] == provenance["start"] == [load_network(folds[0]).sha256]
    assert str(folds[0].parent) not in text
    card = (exported.path / "README.md").read_text()
    assert "begun with the mean weights of fold0" in card
    assert "the mean answer of 1 trained network." in card


def _require_unseen(measured: Path, split: Split, said: str) -> None:
    """Check that no training image of the bundle was evaluated, and that the excluded ones are counted."""
    answered = {row["path"] for row in csv.DictReader((measured / "answers.csv").read_text().splitlines())}
    seen = {*split.parts["train"], *split.parts["val"]}
    assert answered and not answered & seen
    trained = json.loads((measured / "sources.json").read_text())["trained"]
    assert sum(trained.values()) == sum(map(len, split.parts.values())) - len(answered) >= len(seen)
    for source, images in trained.items():
        assert f"{source}: {images} images trained the bundle and are left out" in said


def test_a_bundle_of_two_hospitals_states_each_by_itself(
    phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = hospitals_of(phantoms, tmp_path / "data")
    (tmp_path / "small.yaml").write_text(EXPERIMENT)
    runs = [tmp_path / "fold0", tmp_path / "fold1"]
    for fold, run in enumerate(runs):
        settings = [
            f"split.fold={fold}",
            "schedule.max_epochs=1",
            "split.train_without=[{attribute: view, value: PA}]",
        ]
        train(load_experiment(tmp_path / "small.yaml", settings), manifest, run)
    made = export_bundle(runs[0], runs, tmp_path / "bundle", name="both", version="1").bundle
    assert {entry.data for entry in made.evidence} == {
        "adults, held-out folds",
        "children, held-out folds",
    }
    assert all(entry.chose for entry in made.evidence)
    assert {"accuracy", "macro_f1"} <= {e.metric for e in made.evidence if e.data.startswith("children")}
    adults = {e.metric for e in made.evidence if e.data.startswith("adults")}
    assert "sensitivity" in adults and "accuracy" not in adults
    counted = made.config.provenance["held_out"]["images"]
    assert counted.keys() >= {"NORMAL", "PNEUMONIA", "OTHER_ABNORMAL"}
    card = (made.path / "README.md").read_text()
    assert "| metric | adults, held-out folds | children, held-out folds |" in card
    assert 'patients of the official test set apart, without those of view "PA", which decided' in card
    held_out = [run.split(open_dataset(manifest)).parts["val"] for run in map(RunFolder, runs)]
    views = {entry.path: entry.view for entry in open_dataset(manifest).entries}
    kept = sum(views[path] == "AP" for part in held_out for path in part)
    assert sum(counted.values()) == kept < sum(map(len, held_out))
    measured = [
        "evaluate",
        made.path,
        "--data",
        manifest,
        "--by",
        "source",
        "--resamples",
        40,
        "--split",
        "all",
    ]
    said = call_neumo(capsys, *measured, "--out", tmp_path / "measured")
    _require_unseen(tmp_path / "measured", RunFolder(runs[0]).split(open_dataset(manifest)), said)
    evaluate_reader(Reader(made), phantoms, tmp_path / "figures")
    stated = bundle_with_metrics(
        made.path,
        tmp_path / "figures" / "figures.json",
        tmp_path / "stated",
        sources=tmp_path / "measured" / "sources.json",
    )
    card = (stated.path / "README.md").read_text()
    assert "## Each hospital by itself" in card and "| metric | adults, all | children, all |" in card
    assert "refused or failed" in card and "**" in card


def test_one_changed_byte_is_refused(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    data = bytearray((copy / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "model.onnx").write_bytes(data)
    with pytest.raises(BundleError, match=r"model\.onnx"):
        load_bundle(copy)


def test_what_does_not_fit_is_refused(folds: list[Path], bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="more than once"):
        export_bundle(folds[0], [folds[0], folds[0]], tmp_path / "b", name="x", version="1")
    with pytest.raises(ExportError, match="exists already"):
        export_bundle(folds[0], folds, bundle, name="x", version="1")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        export_bundle(folds[0], folds, tmp_path / "file" / "bundle", name="x", version="1")
