"""The network of a finished run that another run builds on: as its teacher, or as its first weights."""

from pathlib import Path

from neumo.core.errors import CheckpointError, ConfigError
from neumo.datasets.manifest import Manifest
from neumo.datasets.split import UNTRAINED, Split
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.config import Experiment
from neumo.training.run_folder import RunFolder


def earlier_run(
    path: Path, key: str, experiment: Experiment, manifest: Manifest, split: Split
) -> TrainedNetwork:
    """Load the network of a finished run, after checking that it saw no image which this run holds out.

    Parameters
    ----------
    key : str
        Key of the experiment that names the run; stands in every error.
    experiment, manifest, split
        Of the run that builds on it.

    Raises
    ------
    ConfigError
        It is not finished, saw images that this run holds out, or sees grey levels otherwise.
    CheckpointError
        It cannot be loaded, or was trained on other data.
    """
    run = RunFolder(path)
    record = run.record()
    if record["status"] != "finished":
        raise ConfigError(
            "{key}: {path} is not finished; go on with neumo train --resume", key=key, path=path
        )
    if record["data"]["digest"] != manifest.digest:
        raise CheckpointError(
            "{key}: {path} was trained on other data than {root}", key=key, path=path, root=manifest.root
        )
    held_out = {
        image for part, images in split.parts.items() if part not in ("train", UNTRAINED) for image in images
    }
    seen = len(held_out.intersection(run.split(manifest).parts["train"]))
    if seen:
        raise ConfigError(
            "{key}: {path} was trained on {seen} of the images that this run holds out; take a run of the same "
            "split",
            key=key,
            path=path,
            seen=seen,
        )
    trained = load_network(path)
    if trained.card.intensity != experiment.intensity:
        raise ConfigError(
            "{key}: {path} reads grey levels scaled by {theirs!r}, this run by {own!r}; make intensity the same",
            key=key,
            path=path,
            theirs=trained.card.intensity.value,
            own=experiment.intensity.value,
        )
    return trained
