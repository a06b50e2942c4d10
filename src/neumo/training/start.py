"""Start of a run: its split, teachers and images, in a new folder or the one where it was interrupted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neumo.core.errors import CheckpointError, ConfigError
from neumo.core.progress import Progress
from neumo.datasets.manifest import Manifest
from neumo.datasets.split import Split
from neumo.models.weights import TrainedNetwork
from neumo.training.config import Experiment
from neumo.training.distillation import Teachers, load_teachers
from neumo.training.earlier_run import earlier_run
from neumo.training.material import Material, load_material, make_split
from neumo.training.run_folder import RunFolder, create_run


@dataclass(frozen=True)
class Start:
    """Split, teachers, earlier runs and material that a run trains with."""

    split: Split
    teachers: Teachers | None
    earlier: Sequence[TrainedNetwork]
    """Earlier runs whose mean weights it begins with, if any."""
    material: Material


def begin_run(
    folder: RunFolder,
    experiment: Experiment,
    data: Path,
    manifest: Manifest,
    *,
    resume: bool,
    processes: int,
    decoding: Progress | None = None,
) -> Start:
    """Make a run's folder, or take up the one that is there; see `neumo.training.fit.train`.

    Raises
    ------
    ConfigError, DatasetError, SplitError, CheckpointError, OutputError
    """
    begun = resume and folder.record_file.exists()
    split = folder.split(manifest) if begun else make_split(manifest, experiment.split, experiment.seed)
    start = _start(experiment, manifest, split, decoding)
    _require_a_share_for_each(experiment, start.material, processes)
    if not begun:
        create_run(folder.path, experiment, data, manifest, split)
    return start


def join_run(folder: RunFolder, experiment: Experiment, manifest: Manifest) -> Start:
    """Take part in a run that another process has begun. Raises CheckpointError, ConfigError, DatasetError."""
    return _start(experiment, manifest, folder.split(manifest))


def _start(
    experiment: Experiment, manifest: Manifest, split: Split, decoding: Progress | None = None
) -> Start:
    teachers = load_teachers(experiment, manifest, split)
    earlier = [
        earlier_run(Path(path), "model.start", experiment, manifest, split) for path in experiment.model.start
    ]
    return Start(split, teachers, earlier, load_material(experiment, manifest, split, decoding=decoding))


def _require_a_share_for_each(experiment: Experiment, material: Material, processes: int) -> None:
    size, images = experiment.schedule.batch_size, len(material.batches.validation)
    if size < processes:
        raise ConfigError(
            "schedule.batch_size: {size} is below {processes} processes, which share each batch; make it larger",
            size=size,
            processes=processes,
        )
    if images < processes:
        raise ConfigError(
            "validation: {count} images are fewer than {processes} processes; use fewer",
            count=images,
            processes=processes,
        )


def require_same_run(folder: RunFolder, experiment: Experiment, manifest: Manifest) -> None:
    """Refuse to go on with a run of another experiment (ConfigError) or of other data (CheckpointError)."""
    if folder.experiment() != experiment:
        raise ConfigError(
            "{path}: holds a run of another experiment (see its experiment.yaml); choose another "
            "folder with --out",
            path=folder.path,
        )
    digest = folder.record()["data"]["digest"]
    if digest != manifest.digest:
        raise CheckpointError(
            "{path}: was begun on other data than {root}; give the same data set",
            path=folder.path,
            root=manifest.root,
        )
