from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.support.commands import call_neumo
from tests.support.foreign_networks import SIDE, foreign_network
from tests.support.local_tables import Rows, write_rows

from neumo.conversion import onnx_file

Change = Callable[[onnx.ModelProto], None]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return foreign_network(phantoms, tmp_path_factory.mktemp("sound") / "model.onnx", outputs=(9,))


def _custom(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "our.lab"
    model.opset_import.append(helper.make_opsetid("our.lab", 1))


def _external(model: onnx.ModelProto) -> None:
    weight = model.graph.initializer[0]
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="weights.bin")


def _two_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("age", TensorProto.FLOAT, [1]))


def _two_outputs(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 12]))


def _shape(*axes: Any) -> Change:
    def change(model: onnx.ModelProto) -> None:
        value = helper.make_tensor_value_info("image", TensorProto.FLOAT, list(axes))
        model.graph.input[0].CopyFrom(value)

    return change


def _integers(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8


def _many_outputs(model: onnx.ModelProto) -> None:
    repeated = helper.make_node("Concat", ["answer"] * 18, ["many"], axis=1)
    model.graph.node.append(repeated)
    model.graph.output[0].name = "many"


def _constant(model: onnx.ModelProto) -> None:
    """It answers the same to everything."""
    for weight in model.graph.initializer:
        if weight.name == "head":
            weight.CopyFrom(numpy_helper.from_array(np.zeros_like(numpy_helper.to_array(weight)), "head"))


def _endless(model: onnx.ModelProto) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["condition"], ["again"])],
        "body",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("condition", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("again", TensorProto.BOOL, [])],
    )
    model.graph.node.append(helper.make_node("Loop", ["", ""], [], body=body))


def _oversized(model: onnx.ModelProto) -> None:
    """It makes a tensor of four terabytes from a few bytes."""
    model.graph.node[-1].output[0] = "own"
    model.graph.initializer.append(numpy_helper.from_array(np.full(2, 2**20, np.int64), "shape"))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["many"]))
    model.graph.node.append(helper.make_node("ReduceMax", ["many"], ["one"], keepdims=0))
    model.graph.node.append(helper.make_node("Add", ["own", "one"], ["answer"]))


def _of_the_batch(model: onnx.ModelProto) -> None:
    """It takes the mean of the batch away, as a normalisation that was left in training mode does."""
    model.graph.node[-1].output[0] = "own"
    model.graph.node.append(helper.make_node("ReduceMean", ["own"], ["shared"], axes=[0], keepdims=1))
    model.graph.node.append(helper.make_node("Sub", ["own", "shared"], ["answer"]))


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (_custom, [], "operators our.lab.Conv, which ONNX Runtime does not have"),
        (_external, [], "keeps weights in another file"),
        (_endless, [], "holds a Loop, which may run for ever"),
        (_oversized, [], "cannot"),
        (_two_inputs, [], "has 2 inputs"),
        (_two_outputs, [], "name the one to take"),
        (_shape("N", 3, "h", "w"), [], "leaves the size open; give --size"),
        (_shape("N", "a", "b", "c"), [], "give --layout nchw or nhwc"),
        (_shape("N", 3, 48, 32), [], "is no square image"),
        (_shape("N", 4, 48, 48), ["--layout", "nchw"], "is no square image"),
        (_integers, [], "not floating-point images"),
        (_many_outputs, [], "has 18 outputs"),
        (_many_outputs, ["--class-index", 18], "none of the network's outputs, which are 0 to 17"),
        (None, ["--classes", "normal,pneumonia"], "names 2 classes, and the network has 1"),
        (None, ["--classes", "covid"], "are not normal, bacterial and viral, nor normal or pneumonia"),
        (None, ["--output", "nothing"], "name the one to take"),
        (None, ["--size", SIDE + 1], "is no square image"),
        (None, ["--ages", "grown"], "is no range of years"),
        (_of_the_batch, [], "depends on others, or on chance"),
        (_constant, [], "tells pneumonia from normal in 60 radiographs"),
    ],
)
def test_refused_in_one_sentence_and_nothing_is_made(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sound: Path,
    table: Path,
    change: Change | None,
    options: list[object],
    said: str,
) -> None:
    model = onnx.load(sound)
    if change is not None:
        change(model)
    file = tmp_path / "model.onnx"
    file.write_bytes(model.SerializeToString())
    command = ["bundle", "import", file, "--labels", table, "--out", tmp_path / "bundle", "--resamples", 40]
    assert said in " ".join(call_neumo(capsys, *command, *options, status=2).split())
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x07\x12\x00" * 50])
def test_what_is_no_onnx_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: Path, content: bytes
) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    printed = call_neumo(
        capsys, "bundle", "import", file, "--labels", table, "--out", tmp_path / "bundle", status=2
    )
    assert "is no ONNX network" in " ".join(printed.split())


def test_a_file_that_is_too_large_is_not_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: Path
) -> None:
    file = tmp_path / "model.onnx"
    with file.open("wb") as stream:
        stream.truncate(2**31)
    assert onnx_file.MAX_BYTES < 2**31
    printed = call_neumo(
        capsys, "bundle", "import", file, "--labels", table, "--out", tmp_path / "bundle", status=2
    )
    assert "2,147,483,648 bytes" in printed


@pytest.mark.parametrize(
    ("rows_of", "said"),
    [
        (
            lambda rows: [row for row in rows if row["label"] == "NORMAL"],
            "0 patients whose images are labelled",
        ),
        (lambda rows: [{**row, "label": ""} for row in rows], "unknown label ''"),
        (
            lambda rows: (
                [row for row in rows if row["label"] != "NORMAL"]
                + [row for row in rows if row["label"] == "NORMAL"][:8]
            ),
            "8 patients whose images are normal could be read; 13",
        ),
        (lambda rows: [{**row, "age": ""} for row in rows], "say for which ages the network is"),
    ],
)
def test_tables_that_set_nothing(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sound: Path,
    labelled: Rows,
    rows_of: Callable[[Rows], Rows],
    said: str,
) -> None:
    table = write_rows(tmp_path / "films.csv", rows_of(labelled))
    command = ["bundle", "import", sound, "--labels", table, "--out", tmp_path / "bundle", "--resamples", 40]
    assert said in " ".join(call_neumo(capsys, *command, status=2).split())
    assert not (tmp_path / "bundle").exists()


def test_the_kinds_order_has_to_be_declared_where_nothing_tells_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, phantoms: Path, labelled: Rows
) -> None:
    model = foreign_network(phantoms, tmp_path / "model.onnx", ending="Softmax", outputs=(0, 1, 2))
    unknown = [
        {**row, "label": row["label"] if row["label"] == "NORMAL" else "PNEUMONIA"} for row in labelled
    ]
    table = write_rows(tmp_path / "films.csv", unknown)
    command = ["bundle", "import", model, "--labels", table, "--out", tmp_path / "bundle", "--resamples", 40]
    printed = call_neumo(capsys, *command, status=2)
    assert "which output is bacterial and which viral does not follow" in " ".join(printed.split())
