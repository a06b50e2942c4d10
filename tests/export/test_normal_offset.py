"""Bias correction of the normal logit, fitted on held-out images and added to the exported network."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.export.test_calibrate import NORMAL, held_out

from neumo.core.errors import ExportError
from neumo.datasets.balance import Balance
from neumo.evaluation.uncertainty.temperature import tempered
from neumo.export.calibrate import decide
from neumo.export.normal_offset import normal_offset, shift_network, with_offset

ADJUSTED = Balance.LOGIT_ADJUSTMENT


def test_a_shift_of_the_logit_is_found_and_taken_back() -> None:
    straight = held_out(hard=0.0)
    shifted = with_offset(straight, -1.7)
    found = normal_offset(shifted, ADJUSTED)
    assert found == pytest.approx(normal_offset(straight, ADJUSTED) + 1.7, abs=1e-3)
    back = with_offset(shifted, found)
    assert normal_offset(back, ADJUSTED) == pytest.approx(0, abs=1e-3)
    assert decide(back, ADJUSTED).error_after < decide(shifted, ADJUSTED).error_after


def test_images_that_are_told_apart_without_an_error_leave_it_within_limits() -> None:
    held = held_out(hard=0.0)
    certain = np.where(np.eye(3, dtype=bool)[np.minimum(held.images.codes, 2)], 1 - 2e-9, 1e-9)
    found = normal_offset(replace(held, images=replace(held.images, probabilities=certain)), ADJUSTED)
    assert -10 <= found <= 10


def test_it_moves_normal_against_pneumonia_alone() -> None:
    straight = held_out(hard=0.0)
    before, after = (each.images.probabilities for each in (straight, with_offset(straight, 0.8)))
    np.testing.assert_allclose(after.sum(axis=1), 1)
    np.testing.assert_allclose(after[:, 1] / after[:, 2], before[:, 1] / before[:, 2])
    assert (after[:, NORMAL] >= before[:, NORMAL]).all()


def test_the_network_with_the_offset_answers_as_the_held_out_images_say() -> None:
    images = torch.rand(5, 7)
    network = torch.nn.Sequential(torch.nn.Linear(7, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    logits = network(images).detach().double()
    shift_network(network, 0.8)
    shifted = torch.nn.functional.softmax(logits + torch.tensor([0.8, 0, 0]), dim=1)
    np.testing.assert_allclose(
        tempered(network(images).detach().double().softmax(1).numpy(), 1.0), shifted, atol=1e-6
    )


def test_a_network_without_a_last_bias_is_refused() -> None:
    with pytest.raises(ExportError, match="Sequential: does not end in a linear layer with a bias"):
        shift_network(torch.nn.Sequential(torch.nn.Linear(4, 3, bias=False)), 0.1)
