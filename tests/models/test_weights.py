import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from neumo.core.errors import CheckpointError
from neumo.imaging.prepare import Intensity
from neumo.models.registry import build_network
from neumo.models.weights import NetworkCard, load_network, save_network

OPTIONS = {"filters": [4, 8], "dense": 8, "dropout": 0.1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = build_network("study_cnn", OPTIONS, 32)
    save_network(network, tmp_path, NetworkCard("study_cnn", OPTIONS, 32, Intensity.AS_STORED))
    return tmp_path


def test_what_was_saved_comes_back_in_evaluation_mode(folder: Path) -> None:
    first, second = load_network(folder), load_network(folder)
    images = torch.rand(3, 1, 32, 32)
    assert not first.network.training
    torch.testing.assert_close(first.network(images), second.network(images))
    assert {p.suffix for p in folder.iterdir()} == {".safetensors", ".json"}, "no pickle leaves a run"


def test_one_changed_byte_is_refused(folder: Path) -> None:
    file = folder / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="the file was changed"):
        load_network(folder)


def _restated(folder: Path, **changes: object) -> None:
    import hashlib

    card = json.loads((folder / "model.json").read_text())
    card["sha256"] = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps({**card, **changes}))


def test_a_pickle_with_a_matching_sum_is_refused(folder: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(1)}, folder / "model.safetensors")
    _restated(folder)
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        load_network(folder)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    _restated(folder, options={**OPTIONS, "dense": 9})
    with pytest.raises(CheckpointError, match="weights of another network"):
        load_network(folder)
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("features.0.bias")
    save_file(tensors, folder / "model.safetensors")
    _restated(folder, options=OPTIONS)
    with pytest.raises(CheckpointError, match=r"differ in features\.0\.bias"):
        load_network(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "resnet"}, "'resnet' is not known"),
        ({"classes": ["A", "B"]}, "its classes"),
        ({"options": {"x": 1}}, "options"),
    ],
)
def test_a_card_of_another_model_is_refused(folder: Path, changes: dict[str, object], message: str) -> None:
    _restated(folder, **changes)
    with pytest.raises(CheckpointError, match=message):
        load_network(folder)


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model\.json: no such file"):
        load_network(tmp_path / "nowhere")
    (folder / "model.safetensors").rename(folder / "model.pt")
    with pytest.raises(CheckpointError, match="never pickles"):
        load_network(folder)
    (folder / "model.json").write_text("{")
    with pytest.raises(CheckpointError, match="not a neumo model card"):
        load_network(folder)
