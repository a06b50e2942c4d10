"""Run folder: experiment, split, data, environment, status and results of a training run."""

import json
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
import yaml

import neumo
from neumo.core.cores import usable_cores
from neumo.core.errors import CheckpointError, ConfigError
from neumo.core.files import write_json, write_text
from neumo.core.typed_values import to_plain
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest
from neumo.datasets.split import Split, load_split
from neumo.training.config import Experiment, load_experiment

_PACKAGES = ("torch", "lightning", "kornia", "torchmetrics", "numpy", "pillow", "scikit-learn", "safetensors")


@dataclass(frozen=True)
class RunFolder:
    """Paths inside a run's folder.

    `experiment.yaml` (resolved), `run.json` (data, split, versions, hardware, outcome), `split.json`,
    `metrics.csv` (one row an epoch), `model.safetensors` with `model.json` (best epoch), `tensorboard/`,
    `resume/` (private state for going on), `evaluation/` (one folder for each evaluated part).
    """

    path: Path

    @property
    def record_file(self) -> Path:
        """run.json: status, data, versions and outcome."""
        return self.path / "run.json"

    @property
    def resume_file(self) -> Path:
        """State of the last finished epoch; loaded with weights only."""
        return self.path / "resume" / "last.ckpt"

    @property
    def history_file(self) -> Path:
        """Metrics by epoch, CSV."""
        return self.path / "metrics.csv"

    def evaluation(self, part: str) -> Path:
        """Folder of the evaluation on one part of the split."""
        return self.path / "evaluation" / part

    def experiment(self) -> Experiment:
        """Return the resolved experiment. Raises CheckpointError where this is no run's folder."""
        try:
            return load_experiment(self.path / "experiment.yaml")
        except ConfigError as error:
            raise CheckpointError(
                "{path}: is not the folder of a run ({error})", path=self.path, error=error
            ) from error

    def record(self) -> dict[str, Any]:
        """Return the content of run.json. Raises CheckpointError where it cannot be read."""
        try:
            value: dict[str, Any] = json.loads(self.record_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckpointError(
                "{path}: is not the folder of a run (no readable run.json)", path=self.path
            ) from error
        return value

    def from_imagenet(self) -> bool:
        """Whether its first weights come from ImageNet, or those of the runs that it began with did."""
        # Runs before version 0.3 began with no other run.
        return bool(self.record().get("imagenet", self.experiment().model.pretrained))

    def update(self, **values: Any) -> None:
        """Change entries of run.json, atomically."""
        write_json(self.record_file, {**self.record(), **values})

    def split(self, manifest: Manifest) -> Split:
        """Return the run's split, checked against the data and against the digest that the run refers to."""
        split = load_split(self.path / "split.json", manifest)
        if split.digest != self.record()["split"]:
            raise CheckpointError(
                "{path}: split.json is not the split that the run was trained on", path=self.path
            )
        return split

    def dataset(self, data: Path | None = None) -> Manifest:
        """Open the run's data set, where it was or at `data`.

        Raises
        ------
        DatasetError
            There is no data set.
        CheckpointError
            It is not the one that the run was trained on.
        """
        stated = self.record()["data"]
        manifest = open_dataset(data or Path(stated["path"]))
        if manifest.digest != stated["digest"]:
            raise CheckpointError(
                "{root}: is not the data that {path} was trained on (digest {digest}, the run has "
                "{stated}); give the right folder with --data",
                root=manifest.root,
                path=self.path,
                digest=manifest.digest[:12],
                stated=stated["digest"][:12],
            )
        return manifest


def create_run(path: Path, experiment: Experiment, data: Path, manifest: Manifest, split: Split) -> RunFolder:
    """Make a run's folder and write what the run is made from.

    Raises
    ------
    ConfigError
        There is a run already.
    """
    folder = RunFolder(path)
    if folder.record_file.exists():
        raise ConfigError(
            "{path}: holds a run already; go on with --resume, or choose another folder with --out", path=path
        )
    write_text(path / "experiment.yaml", yaml.safe_dump(to_plain(experiment), sort_keys=False))
    split.save(path / "split.json")
    write_json(
        folder.record_file,
        {
            "schema": 1,
            "status": "running",
            "name": experiment.name,
            "started": now(),
            "data": {
                "path": str(data.resolve()),
                "digest": manifest.digest,
                "images": len(manifest),
                "synthetic": manifest.synthetic,
            },
            "split": split.digest,
            "environment": environment(),
        },
    )
    return folder


def now() -> str:
    """Return the present time, UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment() -> dict[str, Any]:
    """Versions, commit and hardware that a run is made with."""
    return {
        "neumo": neumo.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": usable_cores(),
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _commit() -> str:
    def git(*arguments: str) -> str:
        here = Path(neumo.__file__).parent
        done = subprocess.run(
            ["git", *arguments], cwd=here, capture_output=True, text=True, timeout=10, check=True
        )
        return done.stdout.strip()

    try:
        changed = " with changes" if git("status", "--porcelain", "--untracked-files=no", ".") else ""
        return git("rev-parse", "HEAD") + changed
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
