"""Random occlusion: fill value, share of hidden blocks, and that teachers see whole images."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from neumo.imaging.prepare import Intensity
from neumo.models.weights import NetworkCard, TrainedNetwork
from neumo.training.config import OptimizerConfig, ScheduleConfig
from neumo.training.distillation import Teachers
from neumo.training.module import Classifier
from neumo.training.occlusion import RandomOcclusion


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand((24, 1, 48, 48), generator=torch.Generator().manual_seed(3))


def test_hidden_blocks_take_the_mean_grey_of_their_image(images: torch.Tensor) -> None:
    torch.manual_seed(1)
    hidden = RandomOcclusion(1.0)(images)
    shares = []
    for old, new in zip(images, hidden, strict=True):
        changed = new != old
        torch.testing.assert_close(new[changed], old.mean().expand(int(changed.sum())))
        shares.append(float(changed.float().mean()))
    assert min(shares) < 0.2 and 0.5 < max(shares) < 0.95


def test_as_many_images_are_changed_as_said(images: torch.Tensor) -> None:
    torch.manual_seed(1)
    changed = (RandomOcclusion(0.5)(images) != images).flatten(1).any(dim=1)
    assert 4 <= int(changed.sum()) <= 20
    assert RandomOcclusion(0.0)(images) is images


class Looks(nn.Module):
    """Keeps the images that it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(1, 3)
        self.saw = torch.empty(0)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.saw = images.detach()
        logits: torch.Tensor = self.last(images.mean(dim=(1, 2, 3)).unsqueeze(1))
        return logits


@dataclass
class _Trainer:
    """The attributes of Lightning's Trainer that a training step reads."""

    world_size: int = 1
    current_epoch: int = 0
    global_rank: int = 0


def test_the_network_sees_hidden_blocks_and_its_teachers_do_not(images: torch.Tensor) -> None:
    network, teacher = Looks(), Looks()
    card = NetworkCard("looks", {}, 48, Intensity.AS_STORED)
    classifier = Classifier(
        network,
        nn.Identity(),
        OptimizerConfig(),
        ScheduleConfig(),
        occlusion=RandomOcclusion(1.0),
        teachers=Teachers([TrainedNetwork(teacher, card, "0")], 0.5),
        seed=1,
    )
    trainer = _Trainer()
    classifier.trainer = trainer  # type: ignore[assignment]
    loss = classifier.training_step((images, torch.zeros(24, dtype=torch.long), torch.zeros(24)), 0)
    assert torch.isfinite(loss)
    assert torch.equal(teacher.saw, images)
    assert not torch.equal(network.saw, images)
