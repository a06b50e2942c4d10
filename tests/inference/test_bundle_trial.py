"""Bundles are tried in a process with limits, which a graph that takes all memory ends, and nothing else."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from tests.support.commands import call_neumo
from tests.support.tiny_bundle import tiny_graph

from neumo.bundle.folder import GATE, MODEL, Bundle, load_bundle, write_sums
from neumo.bundle.places import BUILT_IN
from neumo.core.errors import BundleError
from neumo.inference import bundle_trial
from neumo.inference.bundle_trial import require_tried, try_bundle
from neumo.inference.doctor import Outcome, check_bundle
from neumo.inference.reader import Reader


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(bundle.path, tmp_path / "tried"))


def change(folder: Path, model: onnx.ModelProto) -> None:
    (folder / MODEL).write_bytes(model.SerializeToString())
    write_sums(folder)


def test_a_sound_bundle_gives_its_reference_readings(folder: Path) -> None:
    assert "reference readings reproduced" in try_bundle(folder)


def test_other_weights_are_told(folder: Path) -> None:
    change(folder, tiny_graph(seed=5))
    with pytest.raises(BundleError, match="logit"):
        try_bundle(folder)


def huge() -> onnx.ModelProto:
    """A graph whose constant takes 12 GB."""
    model = tiny_graph()
    shape = numpy_helper.from_array(np.array([3_000_000_000], dtype=np.int64), "huge_shape")
    value = numpy_helper.from_array(np.array([1], dtype=np.float32), "value")
    nodes = [
        helper.make_node("ConstantOfShape", ["huge_shape"], ["huge"], value=value),
        helper.make_node("ReduceMean", ["huge"], ["one"], keepdims=1),
        helper.make_node("Gemm", ["embedding", "head", "bias"], ["plain"], transB=1),
        helper.make_node("Mul", ["plain", "one"], ["logits"]),
    ]
    kept = [node for node in model.graph.node if node.output[0] != "logits"]
    del model.graph.node[:]
    model.graph.node.extend([*kept, *nodes])
    model.graph.initializer.append(shape)
    return model


def test_a_tensor_of_gigabytes_ends_the_trial_alone(folder: Path) -> None:
    change(folder, huge())
    with pytest.raises(BundleError, match=r"memory|cannot be run|cannot be loaded"):
        try_bundle(folder, seconds=60, memory_bytes=2**29)


def test_what_takes_too_long_is_ended(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"took longer .* do not use this bundle"):
        try_bundle(folder, seconds=0.001)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEUMO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_hostile_bundle_never_runs_in_the_callers_process(
    folder: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reader, `neumo read` and `neumo doctor` refuse it before they make a session of it."""
    change(folder, huge())
    monkeypatch.setattr(
        try_bundle, "__kwdefaults__", {**(try_bundle.__kwdefaults__ or {}), "memory_bytes": 2**29}
    )

    def session(*_given: object) -> None:
        raise AssertionError("it ran here")

    for name in ("reader", "doctor"):
        monkeypatch.setattr(f"neumo.inference.{name}.Session", session)
    with pytest.raises(BundleError, match="do not use this bundle"):
        Reader(folder)
    bundle, check = check_bundle(folder)
    assert bundle is None and check.outcome is Outcome.FAILED and "do not use this bundle" in check.text
    image = next(BUILT_IN.glob("*.md"))
    assert "do not use this bundle" in call_neumo(capsys, "read", image, "--bundle", folder, status=2)
    assert not own_cache.exists(), "what failed is tried again"


def test_a_sound_bundle_is_tried_once_and_the_shipped_one_never(
    folder: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []
    real = try_bundle

    def counted(source: Path, **options: object) -> str:
        tried.append(source)
        return real(source, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(bundle_trial, "try_bundle", counted)
    for _ in range(2):
        Reader(folder, threads=1)
    assert tried == [folder]
    Reader(BUILT_IN, threads=1)
    assert tried == [folder]
    change(folder, tiny_graph(seed=5))
    with pytest.raises(BundleError, match="logit"):
        Reader(folder)
    assert tried == [folder, folder], "another digest is another bundle"


def test_without_a_cache_it_is_tried_each_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEUMO_CACHE", str(tmp_path / "file"))
    tried: list[object] = []
    monkeypatch.setattr(bundle_trial, "try_bundle", lambda *given, **_named: tried.extend(given))
    for _ in range(2):
        require_tried(load_bundle(folder))
    assert len(tried) == 2


def test_files_that_are_exchanged_during_the_trial_are_not_used(folder: Path) -> None:
    with pytest.raises(BundleError, match="changed while it was tried"):
        try_bundle(folder, digest="0" * 64)


def test_a_bundle_that_would_fill_memory_is_refused_before_it_is_read(folder: Path) -> None:
    with (folder / GATE).open("r+b") as stream:
        stream.truncate(2**34)  # takes no space on the disk
    with pytest.raises(BundleError, match=r"holds 17,[0-9,]* bytes, and a bundle at most"):
        load_bundle(folder)
