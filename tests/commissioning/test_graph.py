from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import Bundle, load_bundle
from neumo.commissioning.graph import FeatureSession, NewHead, head_of, with_head
from neumo.core.errors import CommissioningError
from neumo.inference.session import Session


def _built_in(_: Path) -> Bundle:
    return load_bundle()


@pytest.mark.parametrize("bundle_of", [load_bundle, _built_in], ids=["tiny", "built in"])
def test_class_maps_stay_exact_under_a_new_last_layer(
    bundle_of: Callable[[Path], Bundle], site_bundle_base: Path
) -> None:
    bundle = bundle_of(site_bundle_base)
    head, rng = head_of(bundle), np.random.default_rng(0)
    assert head.explains and head.blocks
    images = rng.random((2, 1, bundle.config.image_size, bundle.config.image_size), dtype=np.float32)
    before = FeatureSession(bundle).run(images)
    width = head.widths[0]
    assert np.allclose(before.features[:, :width] @ head.weights.T + head.bias, before.logits, atol=1e-4)
    new = NewHead(
        head.weights + rng.normal(0, 0.02, head.weights.shape).astype(np.float32),
        rng.normal(0, 0.02, (3, head.widths[1])).astype(np.float32),
        head.bias + 1,
    )
    assert new.of_blocks is not None
    changed = replace(bundle, model=with_head(bundle, new))
    after = Session(changed, 1).run(images)
    wanted = (
        before.features[:, :width] @ new.weights.T + before.features[:, width:] @ new.of_blocks.T + new.bias
    )
    assert np.abs(after.logits - wanted).max() < 1e-4 < np.abs(wanted - before.logits).max()
    assert after.class_maps is not None
    assert np.abs(after.class_maps.mean(axis=(2, 3)) + new.bias - after.logits).max() < 1e-4
    assert np.array_equal(after.embeddings, before.embeddings)


def test_maps_that_do_not_follow_the_last_layer_allow_recalibration_alone(
    site_bundle_base: Path, phantoms: Path, tmp_path: Path
) -> None:
    mute = load_bundle(make_bundle(tmp_path / "mute", phantoms, class_maps="grad-cam"))
    head = head_of(mute)
    assert not head.explains and not head.blocks
    shifted = Session(replace(mute, model=with_head(mute, NewHead(head.weights, None, head.bias + 2))), 1)
    images = np.full((1, 1, 64, 64), 0.5, dtype=np.float32)
    assert np.allclose(shifted.run(images).logits, Session(mute, 1).run(images).logits + 2, atol=1e-5)
    with pytest.raises(CommissioningError, match="only recalibration"):
        with_head(mute, NewHead(head.weights * 2, None, head.bias))


def test_a_graph_without_a_last_linear_layer_cannot_be_set(site_bundle_base: Path) -> None:
    bundle = load_bundle(site_bundle_base)
    model = onnx.load_model_from_string(bundle.model)
    for node in model.graph.node:
        if node.op_type == "Gemm":
            node.op_type = "MatMul"
            del node.input[2]
    with pytest.raises(CommissioningError, match="one linear layer"):
        head_of(replace(bundle, model=model.SerializeToString()))
