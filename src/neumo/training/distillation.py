"""Knowledge distillation: the probabilities of finished runs (teachers) are part of a run's training targets.

Hinton et al. 2015; teacher and student see the same random crop (Beyer et al., CVPR 2022).
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from neumo.datasets.manifest import Manifest
from neumo.datasets.split import Split
from neumo.models.weights import TrainedNetwork
from neumo.training.config import Experiment
from neumo.training.earlier_run import earlier_run


class Teachers:
    """Ensemble of trained networks, in evaluation mode.

    Not a module, so that their weights are neither trained nor written into a run's checkpoint.

    Parameters
    ----------
    trained : sequence of TrainedNetwork
    share : float
        Weight of their probabilities in a training target, 0-1; the label has the rest.
    """

    def __init__(self, trained: Sequence[TrainedNetwork], share: float) -> None:
        self.share = share
        self.sha256 = tuple(one.sha256 for one in trained)
        self._networks = [one.network.to(memory_format=torch.channels_last) for one in trained]  # type: ignore[call-overload]

    @torch.no_grad()
    def probabilities(self, images: torch.Tensor, log_priors: torch.Tensor | None) -> torch.Tensor:
        """Mean of the teachers' probabilities, (N, 3).

        Parameters
        ----------
        images : tensor (N, 1, side, side) in 0-1
            As the student sees them.
        log_priors : tensor (N, 3) or (3,) or None
            Added to a teacher's logits as to the student's own in training.
        """
        each = []
        for network in self._networks:
            logits = network.to(images.device)(images).float()
            each.append((logits if log_priors is None else logits + log_priors).softmax(dim=1))
        return torch.stack(each).mean(dim=0)

    def targets(self, probabilities: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Training targets (N, 3): the weighted mean of the teachers' probabilities and complete labels (N,)."""
        hard = nn.functional.one_hot(labels, probabilities.shape[1]).to(probabilities.dtype)
        return self.share * probabilities + (1 - self.share) * hard


def load_teachers(experiment: Experiment, manifest: Manifest, split: Split) -> Teachers | None:
    """Load the teachers of an experiment, or None where it has none.

    Raises
    ------
    ConfigError
        A teacher is not finished, saw images that this run holds out, or sees grey levels otherwise.
    CheckpointError
        A teacher cannot be loaded, or was trained on other data.
    """
    settings = experiment.distillation
    if settings is None:
        return None
    key = "distillation.teachers"
    trained = [earlier_run(Path(path), key, experiment, manifest, split) for path in settings.teachers]
    return Teachers(trained, settings.share)
