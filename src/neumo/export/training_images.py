"""Digests and fingerprints of the images that a bundle's network was trained and validated on."""

from pathlib import Path

from neumo.bundle.folder import Bundle
from neumo.bundle.training_images import save_training_images
from neumo.core.errors import ConfigError, ExportError
from neumo.core.settings import parse_settings
from neumo.datasets.check.file_fingerprints import file_fingerprints
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest
from neumo.datasets.split import Split
from neumo.training.config import SplitConfig
from neumo.training.material import make_split
from neumo.training.run_folder import RunFolder


def write_training_images(target: Path, run: RunFolder, manifest: Manifest) -> None:
    """Write training.npz of a bundle that is being made. Raises OutputError."""
    _write(target, run.split(manifest), manifest)


def list_training_images(target: Path, bundle: Bundle, data: Path) -> int:
    """Write the list of a bundle that was exported without one, and return how many images it holds.

    Parameters
    ----------
    target : Path
    bundle : Bundle
        Its provenance states data, split and seed.
    data : Path
        The data set that its network was trained on.

    Raises
    ------
    ExportError
        The provenance does not say what it was trained on, or the data are others.
    DatasetError, SplitError, OutputError
    """
    stated = bundle.config.provenance
    try:
        digest, experiment = stated["data"]["digest"], stated["experiment"]
        config = parse_settings(SplitConfig, dict(experiment["split"]), str(bundle.path))
        seed = int(experiment["seed"])
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise ExportError(
            "{bundle}: does not state by which split of which data it was trained", bundle=bundle.path
        ) from error
    manifest = open_dataset(data)
    if manifest.digest != digest:
        raise ExportError(
            "{data}: is not the data that {bundle} was trained on (digest {found}, the bundle states {stated})",
            data=data,
            bundle=bundle.path,
            found=manifest.digest[:12],
            stated=str(digest)[:12],
        )
    return _write(target, make_split(manifest, config, seed), manifest)


def _write(target: Path, split: Split, manifest: Manifest) -> int:
    seen = {path for part in ("train", "val") for path in split.parts.get(part, ())}
    entries = [entry for entry in manifest.entries if entry.path in seen]
    prints = file_fingerprints([manifest.file(entry) for entry in entries])
    save_training_images(target, [entry.sha256 for entry in entries], prints)
    return len(entries)
