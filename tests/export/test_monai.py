import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tests.support.commands import call_neumo
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import load_bundle
from neumo.core.errors import BundleError, ExportError
from neumo.core.findings import FINDINGS
from neumo.export.monai import export_monai
from neumo.inference.reader import Reader

REQUIRED: dict[str, type] = {
    "schema": str,
    "version": str,
    "monai_version": str,
    "pytorch_version": str,
    "numpy_version": str,
    "required_packages_version": dict,
    "task": str,
    "description": str,
    "authors": str,
    "copyright": str,
    "network_data_format": dict,
}
OPTIONAL: dict[str, type] = {
    "changelog": dict,
    "data_source": str,
    "data_type": str,
    "image_classes": str,
    "label_classes": str,
    "pred_classes": str,
    "intended_use": str,
}
"""Keys and types of MONAI's metadata schema of 2024-07-25."""
TENSOR: dict[str, type] = {
    "type": str,
    "format": str,
    "num_channels": int,
    "spatial_shape": list,
    "dtype": str,
    "value_range": list,
    "is_patch_data": bool,
    "channel_def": dict,
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("source") / "tiny", phantoms)


@pytest.fixture(scope="module")
def exported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("monai") / "tiny"
    export_monai(source, target)
    return target


def of_json(file: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(file.read_text())
    return value


def test_the_layout_is_that_of_a_monai_bundle(exported: Path, source: Path) -> None:
    assert {str(file.relative_to(exported)) for file in exported.rglob("*") if file.is_file()} == {
        "LICENSE",
        "configs/metadata.json",
        "configs/inference.json",
        "models/model.onnx",
        "docs/README.md",
        "docs/data_license.txt",
    }
    assert (exported / "models/model.onnx").read_bytes() == load_bundle(source).model
    assert "Apache License" in (exported / "LICENSE").read_text()
    assert (exported / "docs/README.md").read_text() == (source / "README.md").read_text()
    assert not [entry for entry in exported.parent.iterdir() if entry != exported], (
        "nothing is left beside it"
    )


def test_the_metadata_keep_to_the_schema(exported: Path) -> None:
    metadata = of_json(exported / "configs/metadata.json")
    assert "optional_packages_version" not in metadata, "MONAI would take it for the required ones"
    for key, kind in {**REQUIRED, **OPTIONAL}.items():
        assert isinstance(metadata[key], kind), key
    formats = metadata["network_data_format"]
    for tensors in formats.values():
        for tensor in tensors.values():
            for key, kind in TENSOR.items():
                assert isinstance(tensor[key], kind), key


def test_the_tensors_are_those_of_the_graph(exported: Path) -> None:
    formats = of_json(exported / "configs/metadata.json")["network_data_format"]
    session = onnxruntime.InferenceSession(exported / "models/model.onnx", providers=["CPUExecutionProvider"])
    (image,) = session.get_inputs()
    stated = formats["inputs"][image.name]
    images = np.zeros((1, stated["num_channels"], *stated["spatial_shape"]), dtype=stated["dtype"])
    outputs = [output.name for output in session.get_outputs()]
    assert set(outputs) == set(formats["outputs"])
    for name, value in zip(outputs, session.run(outputs, {image.name: images}), strict=True):
        tensor = formats["outputs"][name]
        assert list(value.shape[1:]) == [tensor["num_channels"], *tensor["spatial_shape"]]
        assert str(value.dtype) == tensor["dtype"]


def test_inference_gives_what_neumo_gives(exported: Path, source: Path, phantoms: Path) -> None:
    film = sorted((phantoms / "test").rglob("*.jpeg"))[0]
    config = resolved(of_json(exported / "configs/inference.json"), exported)
    reading = Reader(load_bundle(source), threads=1).read(film)
    assert reading.answer is not None
    probabilities = config["postprocessing"](config["inferer"](config["preprocessing"](film)))
    np.testing.assert_allclose(probabilities, [reading.answer.probabilities[f] for f in FINDINGS], atol=1e-6)


def resolved(config: dict[str, Any], root: Path) -> dict[str, Any]:
    """The functions of the config by the rules of MONAI's config language: "$" is Python, "@" another entry."""
    names: dict[str, Any] = {}
    for line in config["imports"]:
        assert "," not in line, "MONAI ignores an import of several names"
        exec(line.removeprefix("$"), names)
    names["network_def"] = onnxruntime.InferenceSession(root / "models/model.onnx")
    for key, value in config.items():
        expression = isinstance(value, str) and value.startswith("$")
        if expression:
            ast.parse(value.removeprefix("$").replace("@", ""), mode="eval")
        if key not in {"imports", "network_def", "run", "pred", "files", "dataset_dir", "output_dir"}:
            names[key] = eval(value.removeprefix("$").replace("@", ""), names) if expression else value
    return names


def test_what_is_there_is_never_replaced(source: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with pytest.raises(ExportError, match="exists already"):
        export_monai(source, tmp_path / "kept")
    with pytest.raises(BundleError):
        export_monai(tmp_path / "nowhere", tmp_path / "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


def test_another_licence_is_refused_before_anything_is_written(phantoms: Path, tmp_path: Path) -> None:
    other = make_bundle(tmp_path / "other", phantoms, licence="Proprietary")
    with pytest.raises(ExportError, match="Proprietary"):
        export_monai(other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("bundle", "export-monai", source, tmp_path / "tiny")
    assert "refuses no image" in call_neumo(capsys, *words)
    assert "exists already" in call_neumo(capsys, *words, status=2)
