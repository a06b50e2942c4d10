import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from neumo.core.labels import ALLOWED, LABELS, PartialLabel
from neumo.training.partial_loss import partial_cross_entropy

PNEUMONIA, OTHER = (LABELS.index(label) for label in PartialLabel)


def loss(
    logits: torch.Tensor, labels: list[int], smoothing: float = 0.0, neither: float = 0.0
) -> torch.Tensor:
    return partial_cross_entropy(logits, torch.from_numpy(ALLOWED)[labels], smoothing, neither=neither)[0]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_of_complete_labels_it_is_cross_entropy(smoothing: float) -> None:
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    labels = [0, 1, 2, 2, 1, 0]
    expected = cross_entropy(logits, torch.tensor(labels), label_smoothing=smoothing)
    torch.testing.assert_close(loss(logits, labels, smoothing), expected)


def test_of_a_partial_label_it_is_the_logarithm_of_the_summed_probability() -> None:
    logits = torch.log(torch.tensor([[0.2, 0.5, 0.3]]))
    assert loss(logits, [PNEUMONIA]).item() == pytest.approx(-np.log(0.8))


def test_pneumonia_of_unknown_cause_pulls_both_kinds_alike_in_share() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.4, 0.1]])).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(logits, [PNEUMONIA]), logits)
    # Bacterial to viral stays as it was: both logits rise in proportion to their share, normal falls.
    np.testing.assert_allclose(gradient.numpy(), [[0.5, 0.4 - 0.8, 0.1 - 0.2]], atol=1e-6)


def test_other_disease_counts_nothing_and_breaks_nothing() -> None:
    logits = torch.randn(3, 3, generator=torch.Generator().manual_seed(2)).requires_grad_()
    value = loss(logits, [0, OTHER, PNEUMONIA])
    torch.testing.assert_close(value, loss(logits[[0, 2]], [0, PNEUMONIA]))
    (gradient,) = torch.autograd.grad(value, logits)
    assert not gradient[1].any()
    assert torch.isfinite(gradient).all()
    nothing = loss(logits, [OTHER] * 3)
    assert nothing.item() == 0
    (gradient,) = torch.autograd.grad(nothing, logits)
    assert not gradient.any()


def test_other_disease_with_a_weight_is_pulled_to_even_odds_and_leaves_the_kinds_alone() -> None:
    logits = torch.log(torch.tensor([[0.2, 0.6, 0.2]])).requires_grad_()
    value = loss(logits, [OTHER], neither=0.5)
    assert value.item() == pytest.approx(-np.log(0.2) / 2 - np.log(0.8) / 2)
    (gradient,) = torch.autograd.grad(value, logits)
    np.testing.assert_allclose(gradient.numpy(), [[0.2 - 0.5, 0.75 * 0.3, 0.25 * 0.3]], atol=1e-6)
    even = torch.log(torch.tensor([[0.5, 0.4, 0.1]])).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(even, [OTHER], neither=0.5), even)
    np.testing.assert_allclose(gradient.numpy(), 0, atol=1e-6)


def test_the_weight_of_other_disease_is_beside_that_of_the_labels() -> None:
    logits = torch.randn(3, 3, generator=torch.Generator().manual_seed(3))
    each = [loss(logits[[i]], [label], neither=1.0) for i, label in enumerate((0, OTHER, PNEUMONIA))]
    expected = (each[0] + 0.25 * each[1] + each[2]) / 2.25
    torch.testing.assert_close(loss(logits, [0, OTHER, PNEUMONIA], neither=0.25), expected)
