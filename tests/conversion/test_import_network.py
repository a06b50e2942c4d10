import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.support.commands import call_neumo, call_neumo_once

from neumo.bundle.config import BundleConfig
from neumo.bundle.evidence import EVIDENCE
from neumo.bundle.folder import CARD, load_bundle
from neumo.bundle.reference import reference_inputs
from neumo.commissioning.graph import head_of
from neumo.conversion.scaling import Scaling
from neumo.core.answer import Etiology
from neumo.core.findings import Finding
from neumo.datasets.layout import open_dataset
from neumo.imaging import fit_square, open_radiograph
from neumo.inference.reader import Reader
from neumo.inference.session import Session

Import = Callable[..., tuple[Path, str]]


@pytest.fixture(scope="module")
def two_classes(imported: Import) -> tuple[Path, str]:
    """PyTorch's layout and one sigmoid."""
    return imported(outputs=(9,), scaling=Scaling.SYMMETRIC)


@pytest.fixture(scope="module")
def three_classes(imported: Import) -> tuple[Path, str]:
    """Keras' layout, a fixed batch, and a softmax in the order of folders' names."""
    return imported("--unseen", nhwc=True, ending="Softmax", outputs=(1, 0, 2), batch=1)


def test_scaling_and_order_of_classes_are_found_and_said(
    two_classes: tuple[Path, str], three_classes: tuple[Path, str]
) -> None:
    one, three = (load_bundle(folder, check_trust=False).config for folder, _ in (two_classes, three_classes))
    assert one.provenance["input"]["scaling"] == "-1..1" and one.provenance["classes"] == "pneumonia"
    assert three.provenance["input"]["scaling"] == "imagenet"
    assert three.provenance["classes"] == "bacterial,normal,viral"
    assert three.provenance["input"]["layout"] == "nhwc"
    assert "input -1..1, outputs pneumonia" in two_classes[1]


def test_reads_radiographs_as_the_network_alone_does(
    phantoms: Path, two_classes: tuple[Path, str], three_classes: tuple[Path, str]
) -> None:
    entry = open_dataset(phantoms).entries[0]
    square = (fit_square(open_radiograph(phantoms / entry.path).pixels, 48) / 255).astype(np.float32)
    for folder, affine, nhwc in ((two_classes[0], (2.0, -1.0), False), (three_classes[0], None, True)):
        session = Session(load_bundle(folder, check_trust=False), 1)
        image = np.repeat(square[None], 3, axis=0)
        if affine:
            image = image * affine[0] + affine[1]
        else:
            image = (image - np.array([[[0.485]], [[0.456]], [[0.406]]])) / np.array(
                [[[0.229]], [[0.224]], [[0.225]]]
            )
        given = (image.transpose(1, 2, 0) if nhwc else image)[None].astype(np.float32)
        import onnxruntime

        alone = onnxruntime.InferenceSession(folder.parent / "model.onnx", providers=["CPUExecutionProvider"])
        (answer,) = alone.run(None, {"image": given})
        config = load_bundle(folder, check_trust=False).config
        found = session.run(square[None, None]).logits[0].astype(float)
        raw = np.log(answer[0] / (1 - answer[0])) if answer.shape[1] == 1 else np.log(answer[0][[1, 0, 2]])
        # Recalibration adds a constant to each logit, the same for all images; differences of images stay.
        blank = np.zeros_like(square)
        other = blank[None].repeat(3, 0)
        if affine:
            other = other * affine[0] + affine[1]
        else:
            other = (other - np.array([[[0.485]], [[0.456]], [[0.406]]])) / np.array(
                [[[0.229]], [[0.224]], [[0.225]]]
            )
        (second,) = alone.run(
            None, {"image": (other.transpose(1, 2, 0) if nhwc else other)[None].astype(np.float32)}
        )
        raw -= np.log(second[0] / (1 - second[0])) if second.shape[1] == 1 else np.log(second[0][[1, 0, 2]])
        found -= session.run(blank[None, None]).logits[0].astype(float)
        wanted = np.array([-raw[0] / 2, raw[0] / 2, raw[0] / 2]) if len(raw) == 1 else raw
        assert np.allclose(found - found.mean(), wanted - wanted.mean(), atol=2e-3)
        assert config.temperature > 0


def test_a_network_of_two_classes_does_not_assess_the_etiology(
    phantoms: Path, two_classes: tuple[Path, str]
) -> None:
    bundle = load_bundle(two_classes[0], check_trust=False)
    assert bundle.config.etiology_age_years is None and not bundle.config.assesses_etiology(3.0)
    sick = next(entry for entry in open_dataset(phantoms).entries if entry.label is Finding.VIRAL_PNEUMONIA)
    reader = Reader(bundle, threads=1, allow_outside_range=True)
    readings = list(reader.read_many([phantoms / sick.path]))
    answer = readings[0].answer
    assert answer is not None, readings[0].reasons
    assert [*answer.probabilities] == ["NORMAL", "PNEUMONIA"]
    assert "etiology_not_learnt" in [notice.code for notice in readings[0].warnings]
    if "PNEUMONIA" in answer.prediction_set:
        assert answer.etiology is Etiology.NOT_ASSESSED


def test_class_maps_are_exact_where_the_graph_pools_them(
    two_classes: tuple[Path, str], three_classes: tuple[Path, str]
) -> None:
    for folder, _ in (two_classes, three_classes):
        bundle = load_bundle(folder, check_trust=False)
        assert bundle.config.class_maps == "exact"
        outputs = Session(bundle, 1).run(reference_inputs(bundle.config))
        assert outputs.class_maps is not None
        head = head_of(bundle)
        assert head.explains and head.blocks
        summed = outputs.class_maps.mean(axis=(2, 3)) + head.bias
        assert np.allclose(summed, outputs.logits, atol=1e-4)


def test_another_network_is_explained_by_occlusion(imported: Import, phantoms: Path) -> None:
    folder, printed = imported(
        "--classes", "other,pneumonia,other,other", ending="", outputs=(0, 9, 1, 2), hidden=True
    )
    assert "by occlusion" in printed
    bundle = load_bundle(folder, check_trust=False)
    assert bundle.config.class_maps is None
    file = phantoms / open_dataset(phantoms).entries[0].path
    reading = Reader(bundle, threads=1, keep_pixels=True).read(file)
    assert reading.status == "read" and reading.class_map is not None


def test_evidence_is_beside_answers_only_where_the_images_are_new_to_the_network(
    phantoms: Path, two_classes: tuple[Path, str], three_classes: tuple[Path, str]
) -> None:
    file = phantoms / open_dataset(phantoms).entries[0].path
    for (folder, printed), shown in ((two_classes, False), (three_classes, True)):
        bundle = load_bundle(folder, check_trust=False)
        answer = Reader(bundle, threads=1).read(file).answer
        assert answer is not None and bool(answer.evidence) == shown
        assert ("--unseen" in printed) != shown
        metrics = {entry["metric"] for entry in json.loads((folder / EVIDENCE).read_text())["evidence"]}
        assert {"sensitivity", "specificity", "auroc_normal_vs_pneumonia", "coverage"} <= metrics


def test_the_card_leaves_open_what_nobody_stated(two_classes: tuple[Path, str]) -> None:
    card = (two_classes[0] / CARD).read_text()
    assert "| trained on | **not stated** |" in card and "does not tell bacterial from viral" in card
    assert "nobody has stated" in card


def test_commissioned_with_other_radiographs_and_never_with_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: Path, two_classes: tuple[Path, str]
) -> None:
    command = ["commission", table, "--out", tmp_path / "site", "--bundle", two_classes[0], "--threads", 1]
    assert "trained the bundle" in call_neumo(capsys, *command, status=2)


def test_what_is_declared_is_taken(imported: Import) -> None:
    folder, printed = imported(
        "--scaling", "-1..1", "--classes", "viral,bacterial,normal", "--ages", "0-15", "--trained-on", "phantoms",
        "--licence", "MIT", "--name", "Ours", "--version", "7",
        nhwc=True, channels=1, ending="Softmax", outputs=(2, 1, 0), scaling=Scaling.SYMMETRIC,
    )  # fmt: skip
    config: BundleConfig = load_bundle(folder, check_trust=False).config
    assert (config.name, config.version, config.licence) == ("ours", "7", "MIT")
    assert list(config.gate.age_years) == [0, 15]
    assert config.provenance["input"]["channels"] == 1
    assert config.provenance["network"]["trained_on"] == "phantoms"
    assert "imagenet" not in printed


def test_a_network_in_half_precision(
    tmp_path: Path, phantoms: Path, table: Path, two_classes: tuple[Path, str]
) -> None:
    from onnx import TensorProto, numpy_helper

    model = onnx.load(two_classes[0].parent / "model.onnx")
    for weight in model.graph.initializer:
        weight.CopyFrom(
            numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), weight.name)
        )
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
    onnx.save(model, tmp_path / "half.onnx")
    call_neumo_once(
        "bundle", "import", tmp_path / "half.onnx", "--labels", table, "--out", tmp_path / "half", "--resamples", 40,
        "--threads", 1, "--scaling", "-1..1",
    )  # fmt: skip
    bundle = load_bundle(tmp_path / "half", check_trust=False)
    file = phantoms / open_dataset(phantoms).entries[0].path
    halves, whole = (
        Reader(load_bundle(folder, check_trust=False), threads=1).read(file).answer
        for folder in (tmp_path / "half", two_classes[0])
    )
    assert bundle.config.class_maps == "exact"
    assert halves is not None
    assert whole is not None
    assert halves.to_json()["probabilities"] == pytest.approx(whole.to_json()["probabilities"], abs=0.1)
