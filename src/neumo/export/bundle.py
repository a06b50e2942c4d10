"""Export of a trained run and its folds as a bundle."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

import neumo
from neumo.bundle.config import BundleConfig, GateLimits
from neumo.bundle.drift_reference import DRIFT_REFERENCE, save_drift_reference
from neumo.bundle.evidence import EVIDENCE, write_evidence
from neumo.bundle.folder import CARD, CONFIG, GATE, MODEL, Bundle, load_bundle, write_sums
from neumo.bundle.reference import Floats, write_reference
from neumo.bundle.signing import SIGNATURES
from neumo.bundle.training_images import TRAINING_IMAGES
from neumo.core.errors import ExportError
from neumo.core.files import creating_folder, require_writable, write_json, write_text
from neumo.core.findings import Finding
from neumo.core.labels import allowed_findings
from neumo.core.typed_values import to_plain
from neumo.datasets.collections import attribution_of
from neumo.datasets.manifest import Entry, Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.evaluation.sources.values import counted_labels
from neumo.evaluation.uncertainty.temperature import tempered
from neumo.export.ages import MIN_IMAGES, Ages, age_ranges, narrowed
from neumo.export.calibrate import Decisions, decide
from neumo.export.card import model_card
from neumo.export.evidence import folds_evidence, measured_evidence, read_explanation_checks, sources_evidence
from neumo.export.graph import INPUT, OUTPUTS, export_graph
from neumo.export.held_out import HeldOut, fitted_gate_of, held_out_answers, require_matching_folds
from neumo.export.parity import Parity, check_parity
from neumo.export.training_images import write_training_images
from neumo.imaging.prepare import scale_intensity
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.config import Experiment
from neumo.training.run_folder import RunFolder

MAX_BUNDLE_BYTES = 25_000_000
"""So much may travel in the package."""
_PARITY_IMAGES = 96
_WEIGHTS = "ImageNet weights of EfficientNet-Lite: the TensorFlow authors, Apache-2.0."


@dataclass(frozen=True)
class Exported:
    """Result of an export: the bundle and its parity with the network.

    Attributes
    ----------
    bundle : Bundle
    parity : Parity
    decisions : Decisions
    size : int
        Bytes of the whole folder.
    """

    bundle: Bundle
    parity: Parity
    decisions: Decisions
    size: int


def export_bundle(
    run: Path,
    folds: Sequence[Path],
    target: Path,
    *,
    name: str,
    version: str,
    ages: Ages | None = None,
    data: Path | None = None,
) -> Exported:
    """Make a bundle of a finished run; nothing is left behind where that fails.

    Parameters
    ----------
    run : Path
        The run to ship.
    folds : sequence of Path
        Runs of the same recipe on patient-grouped folds: temperature, operating points, prediction sets and gate
        are decided on their held-out images. Without any, on the run's own validation images.
    target : Path
        New folder.
    name, version : str
        Of the bundle.
    ages : (float, float), optional
        Youngest and oldest age in years to read by default; by default those of the training images.
    data : Path, optional
        The data set, where it moved.

    Raises
    ------
    ExportError
        The graphs disagree, the folds do not fit, no age has enough training images, `ages` goes beyond theirs, or
        the folder exists.
    OutputError
        The folder cannot be written; told before anything is exported.
    CheckpointError, SplitError, DatasetError, EvaluationError
        A run or the data cannot be used.
    """
    _require_new(target)
    folder = RunFolder(run)
    if folder.record()["status"] != "finished":
        raise ExportError("{run}: is not finished; go on with neumo train --resume", run=run)
    manifest = folder.dataset(data)
    require_matching_folds(folds or [run], folder, manifest)
    learnt = _learnt(folder, manifest)
    read, etiology_ages = age_ranges(learnt, 1 if manifest.synthetic else MIN_IMAGES)
    ages_read = narrowed(read, ages)
    trained = load_network(run)
    balance = folder.experiment().balance
    held_out = held_out_answers(folds or [run], manifest)
    model = export_graph(trained.network, trained.card.image_size)
    parity = check_parity(trained.network, model, _some_inputs(trained, folder, manifest))
    decisions = decide(held_out, balance)
    gate = fitted_gate_of(folder, manifest)
    limits = decisions.gate_distance, decisions.gate_log_odds
    config = _config(
        trained,
        folder,
        held_out,
        decisions,
        parity,
        learnt=learnt,
        ages=(ages_read, etiology_ages),
        name=name,
        version=version,
    )
    with creating_folder(target) as made:
        graph = model.SerializeToString()
        (made / MODEL).write_bytes(graph)
        write_json(made / CONFIG, config.to_json())
        gate.limited(*limits).save(made / GATE)
        write_reference(made / "reference.json", config, _logits_of(graph))
        distances = gate.larger(held_out.distances[0], held_out.log_odds[0], limits)
        accepted = tempered(held_out.images.probabilities, decisions.temperature)[
            distances <= decisions.gate_distance
        ]
        save_drift_reference(made / DRIFT_REFERENCE, distances, 1 - accepted[:, Finding.NORMAL.index])
        write_training_images(made / TRAINING_IMAGES, folder, manifest)
        command = " ".join(["neumo bundle export RUN", *["--fold FOLD"] * len(folds), "--out BUNDLE"])
        evidence = folds_evidence(held_out, decisions.temperature, command)
        write_evidence(made / EVIDENCE, evidence)
        write_text(made / CARD, model_card(config, evidence))
        write_sums(made)
        size = sum(file.stat().st_size for file in made.iterdir())
    return Exported(load_bundle(target, check_trust=False), parity, decisions, size)


def bundle_with_metrics(
    source: Path,
    figures: Path,
    target: Path,
    *,
    corruptions: Path | None = None,
    explanations: Path | None = None,
    sources: Path | None = None,
) -> Bundle:
    """Copy a bundle, with what `neumo evaluate BUNDLE` measured in its evidence and on its card.

    What it stated of other data than the held-out folds before is replaced.

    Parameters
    ----------
    source : Path
        The bundle.
    figures, corruptions, explanations : Path
        The files of those names that the evaluation wrote. With `explanations` the config also says which checks of
        heat maps the bundle passed; a reader warns of maps that failed one.
    sources : Path, optional
        sources.json of `neumo evaluate BUNDLE --by source`.
    target : Path
        New folder.

    Raises
    ------
    ExportError
        A file is of another bundle, or the target exists.
    BundleError
        The source is no sound bundle.
    """
    _require_new(target)
    bundle = load_bundle(source, check_trust=False)
    graph = hashlib.sha256(bundle.model).hexdigest()
    measured = measured_evidence(
        figures, graph, bundle.digest, corruptions=corruptions, explanations=explanations
    )
    elsewhere = () if sources is None else sources_evidence(sources, bundle.digest)
    evidence = (*(entry for entry in bundle.evidence if entry.chose), *measured, *elsewhere)
    config = bundle.config
    if explanations is not None:
        config = replace(config, explanation_checks=read_explanation_checks(explanations))
    with creating_folder(target) as made:
        shutil.copytree(bundle.path, made, dirs_exist_ok=True, ignore=shutil.ignore_patterns(SIGNATURES))
        write_json(made / CONFIG, config.to_json())
        write_evidence(made / EVIDENCE, evidence)
        write_text(made / CARD, model_card(config, evidence))
        write_sums(made)
    return load_bundle(target, check_trust=False)


def _require_new(target: Path) -> None:
    if target.exists():
        raise ExportError("{target}: exists already; choose another folder", target=target)
    require_writable(target)


def _some_inputs(trained: TrainedNetwork, folder: RunFolder, manifest: Manifest) -> Floats:
    positions = folder.split(manifest).indices("train", manifest)
    chosen = sorted(
        np.random.default_rng(0).choice(positions, min(_PARITY_IMAGES, len(positions)), replace=False)
    )
    card = trained.card
    pixels = decoded_pixels(
        manifest, card.image_size, field_of_view=card.field_of_view, intensity=card.intensity
    ).array[chosen]
    return scale_intensity(pixels, card.intensity)[:, np.newaxis]


def _logits_of(graph: bytes) -> Any:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return lambda images: np.asarray(session.run([OUTPUTS[0]], {INPUT: images})[0])


def _config(
    trained: TrainedNetwork,
    folder: RunFolder,
    held_out: HeldOut,
    decisions: Decisions,
    parity: Parity,
    *,
    learnt: Sequence[Entry],
    ages: tuple[Ages, Ages],
    name: str,
    version: str,
) -> BundleConfig:
    record = folder.record()
    pretrained = folder.from_imagenet()
    ages_read, etiology_ages = ages
    return BundleConfig(
        name=name,
        version=version,
        image_size=trained.card.image_size,
        intensity=trained.card.intensity,
        field_of_view=trained.card.field_of_view,
        class_maps=str(trained.network.class_map_kind),
        temperature=decisions.temperature,
        priors=decisions.priors,
        operating_points=decisions.operating_points,
        default_operating_point="balanced",
        conformal=decisions.conformal,
        gate=GateLimits(decisions.gate_distance, trained.card.image_size // 2, ages_read),
        provenance={
            "weights": trained.sha256,
            "experiment": to_plain(_portable(folder.experiment())),
            "teachers": record.get("teachers", []),
            "start": record.get("start", []),
            "data": {"digest": record["data"]["digest"], "synthetic": record["data"]["synthetic"]},
            "training_images": record["training_images"],
            "sources": dict(sorted(Counter(entry.source for entry in learnt).items())),
            "epochs": record["epochs"],
            "environment": {
                key: record["environment"][key]
                for key in ("neumo", "commit", "python", "packages", "processor")
            },
            "held_out": {
                "runs": [to_plain(RunFolder(path).experiment().split) for path in held_out.runs],
                "images": counted_labels(held_out.images.codes),
                "calibration_error_before": decisions.error_before,
                "calibration_error_after": decisions.error_after,
            },
            "parity": vars(parity),
            "exported_with": neumo.__version__,
        },
        licence="Apache-2.0",
        attribution=" ".join([f"Trained on: {attribution_of(learnt)}.", *([_WEIGHTS] if pretrained else [])]),
        etiology_age_years=etiology_ages,
    )


def _learnt(folder: RunFolder, manifest: Manifest) -> list[Entry]:
    """Return the training images whose label allows a finding."""
    positions = folder.split(manifest).indices("train", manifest)
    return [entry for entry in (manifest.entries[i] for i in positions) if allowed_findings(entry.label)]


def _portable(experiment: Experiment) -> Experiment:
    """Return an experiment that names the runs which it builds on without the folders of this machine."""

    def names(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(Path(path).name for path in paths)

    model, distillation = experiment.model, experiment.distillation
    return replace(
        experiment,
        model=replace(model, start=names(model.start)),
        distillation=distillation and replace(distillation, teachers=names(distillation.teachers)),
    )
