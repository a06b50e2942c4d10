import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from tests.support.commands import call_neumo
from tests.support.tiny_bundle import tiny_graph

from neumo.bundle.folder import CARD, CONFIG, FILES, GATE, MODEL, SUMS, load_bundle, write_sums
from neumo.bundle.graph_check import require_self_contained
from neumo.bundle.signing import SHIPPED
from neumo.core.errors import BundleError


def test_the_sums_are_those_of_coreutils(folder: Path) -> None:
    checked = subprocess.run(
        ["sha256sum", "--strict", "-c", SUMS], cwd=folder, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert len(checked.stdout.splitlines()) == len(FILES) + 1, "evidence.json too"
    assert load_bundle(folder).digest == hashlib.sha256((folder / SUMS).read_bytes()).hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_found_and_named(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleError, match=name):
        load_bundle(folder)


def lost(folder: Path) -> None:
    (folder / MODEL).unlink()


def unlisted(folder: Path) -> None:
    lines = (folder / SUMS).read_text().splitlines(keepends=True)
    (folder / SUMS).write_text("".join(line for line in lines if MODEL not in line))


def added(folder: Path) -> None:
    (folder / "notes.txt").write_text("extra")


def linked(folder: Path) -> None:
    target = folder.parent / "elsewhere.onnx"
    shutil.move(folder / MODEL, target)
    (folder / MODEL).symlink_to(target)


def nested(folder: Path) -> None:
    (folder / "more").mkdir()


def without_sums(folder: Path) -> None:
    (folder / SUMS).unlink()


def escaping(folder: Path) -> None:
    with (folder / SUMS).open("a") as stream:
        stream.write(f"{'0' * 64}  ../{MODEL}\n")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lost, MODEL),
        (unlisted, MODEL),
        (added, "notes.txt"),
        (linked, MODEL),
        (nested, "more"),
        (without_sums, SUMS),
        (escaping, "line 7"),
    ],
)
def test_a_folder_that_is_not_as_it_was_made_is_refused(
    folder: Path, damage: Callable[[Path], None], named: str
) -> None:
    damage(folder)
    with pytest.raises(BundleError, match=named):
        load_bundle(folder)


def test_sums_are_checked_before_anything_is_parsed(folder: Path) -> None:
    (folder / CONFIG).write_text("{")
    with pytest.raises(BundleError, match="was changed"):
        load_bundle(folder)
    write_sums(folder)
    with pytest.raises(BundleError, match="cannot be read"):
        load_bundle(folder)


def test_the_shipped_bundle_passes_the_checks_that_it_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = load_bundle()
    assert shipped.digest in SHIPPED
    monkeypatch.setattr("neumo.bundle.folder.SHIPPED", frozenset())
    assert load_bundle().config == shipped.config


def test_an_unfinished_bundle_gets_no_sums(folder: Path) -> None:
    (folder / CARD).unlink()
    with pytest.raises(BundleError, match=CARD):
        write_sums(folder)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        load_bundle(tmp_path / "nowhere")


def in_another_file(model: onnx.ModelProto) -> None:
    onnx.external_data_helper.convert_model_to_external_data(model, location="weights.bin", size_threshold=0)


def in_a_constant(model: onnx.ModelProto) -> None:
    """An external tensor deep inside: the attribute of a node of a graph that is an attribute."""
    hidden = onnx.TensorProto(name="hidden", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    inner = onnx.helper.make_graph(
        [onnx.helper.make_node("Constant", [], ["c"], value=hidden)], "inner", [], []
    )
    model.graph.node.append(onnx.helper.make_node("If", ["condition"], ["c"], then_branch=inner))


@pytest.mark.parametrize("hide", [in_another_file, in_a_constant])
def test_weights_in_another_file_are_refused(folder: Path, hide: Callable[[onnx.ModelProto], None]) -> None:
    model = tiny_graph()
    hide(model)
    if hide is in_another_file:
        onnx.save(model, folder.parent / "whole.onnx")
        data = (folder.parent / "whole.onnx").read_bytes()
    else:
        data = model.SerializeToString()
    (folder / MODEL).write_bytes(data)
    write_sums(folder)
    with pytest.raises(BundleError, match="another file"):
        load_bundle(folder)


@pytest.mark.parametrize("data", [b"\x3a\xff\xff\xff\xff\x7f", b"\x3b", b"\x38\x80", b"not a graph at all"])
def test_what_is_no_graph_is_named_so(data: bytes) -> None:
    with pytest.raises(BundleError, match="no ONNX graph"):
        require_self_contained(data, Path("model.onnx"))


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "the whole image"), (0.875, "the central 87.5\N{NO-BREAK SPACE}% of each side")],
)
def test_the_field_of_view_in_words(folder: Path, share: float, words: str) -> None:
    assert replace(load_bundle(folder).config, field_of_view=share).field_in_words == words


@pytest.mark.parametrize("operator", ["Loop", "Scan"])
def test_a_graph_that_may_run_for_ever_is_refused_and_never_run(folder: Path, operator: str) -> None:
    model = tiny_graph()
    body = onnx.helper.make_graph([], "body", [], [])
    node = onnx.helper.make_node(operator, [], ["x"], body=body)
    hidden = onnx.helper.make_graph([node], "hidden", [], [])
    for nodes in (
        [node],
        [onnx.helper.make_node("If", ["c"], ["y"], then_branch=hidden, else_branch=hidden)],
    ):
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        changed.graph.node.extend(nodes)
        (folder / MODEL).write_bytes(changed.SerializeToString())
        write_sums(folder)
        with pytest.raises(BundleError, match=f"holds a {operator}, which may run for ever"):
            load_bundle(folder)


def test_arrays_that_inflate_to_gigabytes_are_refused_before_they_do(folder: Path) -> None:
    with (
        zipfile.ZipFile(folder / GATE, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("mean.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(80):
            member.write(bytes(2**20))
    write_sums(folder)
    with pytest.raises(BundleError, match="arrays take more than"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "name", ["\x1b]0;owned\x07", "\x9b31m", "a\x00b", "a\x7f", "\u202edengis", "a\u2066b"]
)
@pytest.mark.parametrize("escaped", [True, False])
def test_control_characters_never_get_as_far_as_a_terminal(folder: Path, name: str, escaped: bool) -> None:
    config = json.loads((folder / CONFIG).read_text())
    config["name"] = name
    (folder / CONFIG).write_text(json.dumps(config, ensure_ascii=escaped))
    write_sums(folder)
    with pytest.raises(BundleError, match="control characters") as refused:
        load_bundle(folder)
    assert not set(str(refused.value)) & {"\x1b", "\x9b", "\x00", "\x7f"}


def test_messages_of_commands_hold_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = call_neumo(capsys, "bundle", "verify", str(tmp_path / "no\x1b[31m"), status=2)
    assert "\x1b[31m" not in said and "x1b[31m" in said
