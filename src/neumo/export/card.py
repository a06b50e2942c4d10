"""The model card: what the model is for, how it was made, what was measured, what it must not be used for."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from neumo.bundle.config import BundleConfig
from neumo.core.errors import ExportError
from neumo.core.findings import FINDINGS
from neumo.evaluation.metrics.classification import OF_DECISION
from neumo.evaluation.values import Estimate, Evaluation
from neumo.export.calibrate import Decisions

_MEASURED, _LIMITS = "## Measured on the official", "## Limits"
_SHOWN = {
    "accuracy": "accuracy, three classes",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "auroc_normal_vs_pneumonia": "AUROC normal vs pneumonia",
    "auroc_bacterial_vs_viral": "AUROC bacterial vs viral",
    "expected_calibration_error": "expected calibration error",
}


def model_card(config: BundleConfig, decisions: Decisions, on_folds: Evaluation) -> str:
    """Write the card as Markdown with Hugging Face's YAML metadata.

    Parameters
    ----------
    config : BundleConfig
    decisions : Decisions
    on_folds : Evaluation
        Of the fold runs' calibrated answers to their held-out images.
    """
    sections = [
        _head(config),
        _use(config),
        _training(config),
        _folds(config, decisions, on_folds),
        _limits(config),
    ]
    return f"---\n{_metadata(config, None)}---\n\n" + "\n\n".join(sections) + "\n"


def with_metrics(
    card: str, config: BundleConfig, metrics: Mapping[str, Any], further: Sequence[str] = ()
) -> str:
    """Add to a card what `neumo evaluate BUNDLE` measured, in place of metrics that it may hold already.

    `further` are sections in Markdown that follow them.
    """
    body = card.split("---\n", 2)[2]
    before, limits = body.split(_LIMITS)
    kept = before.split(_MEASURED)[0].rstrip()
    measured = "\n\n".join([_measured(metrics), *further])
    return f"---\n{_metadata(config, metrics)}---\n{kept}\n\n{measured}\n\n{_LIMITS}{limits}"


def read_metrics(source: Path) -> dict[str, Any]:
    """Read figures.json of an evaluated bundle. Raises ExportError where the file is no such thing."""
    try:
        value: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
        value["evaluation"]["overall"], value["coverage"], value["part"], value["command"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{source}: is not the figures.json of an evaluated bundle ({error!r})") from error
    return value


def read_explanation_checks(source: Path, graph: str) -> dict[str, bool]:
    """Read which checks of heat maps a model passed, from explanations.json.

    Parameters
    ----------
    source : Path
    graph : str
        SHA-256 of the model that must have been checked.

    Raises
    ------
    ExportError
        The file is no such thing, or of another model.
    """
    try:
        value = json.loads(source.read_text(encoding="utf-8"))
        checks = {str(verdict["name"]): verdict["passed"] is True for verdict in value["verdicts"]}
        model = value["bundle"]["model"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(
            f"{source}: is not the explanations.json of an evaluated bundle ({error!r})"
        ) from error
    if model != graph:
        raise ExportError(f"{source}: was measured with another model than that of the bundle")
    return checks


def _metadata(config: BundleConfig, metrics: Mapping[str, Any] | None) -> str:
    value: dict[str, Any] = {
        "license": config.licence.lower(),
        "library_name": "neumo",
        "pipeline_tag": "image-classification",
        "language": ["en", "es"],
        "tags": ["medical", "radiology", "chest-x-ray", "pneumonia", "onnx"],
    }
    if metrics:
        value["model-index"] = [{"name": config.name, "results": [_index_entry(metrics)]}]
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text


def _index_entry(metrics: Mapping[str, Any]) -> dict[str, Any]:
    overall = metrics["evaluation"]["overall"]
    return {
        "task": {"type": "image-classification"},
        "dataset": {
            "name": "Kermany chest radiographs",
            "type": "kermany-chest-xray",
            "split": metrics["part"],
        },
        "metrics": [
            {"type": key, "name": words, "value": round(overall[key]["value"], 4)}
            for key, words in _SHOWN.items()
        ],
    }


def _head(config: BundleConfig) -> str:
    return (
        f"# {config.name} {config.version}\n\n"
        "Sorts frontal chest radiographs of children into NORMAL, BACTERIAL_PNEUMONIA and "
        "VIRAL_PNEUMONIA, with calibrated "
        "probabilities, prediction sets and class maps. **Not a medical device. A second reader for study "
        "and research; "
        "the decision is the professional's.**"
    )


def _use(config: BundleConfig) -> str:
    youngest, oldest = config.gate.age_years
    return (
        "## Intended use\n\n"
        f"Frontal (PA or AP) chest radiographs of children aged {youngest:g} to {oldest:g}. Other ages are "
        "refused unless "
        "asked for, and are read with a warning. Images that do not look like chest radiographs are "
        "refused.\n\n"
        "`neumo read PATH` reads with it; `neumo bundle verify` checks it."
    )


def _training(config: BundleConfig) -> str:
    experiment = config.provenance["experiment"]
    images = config.provenance["training_images"]
    return (
        "## Training\n\n"
        f"{experiment['model']['name']} {experiment['model']['options']}, input {config.image_size} x "
        f"{config.image_size} grey ({config.field_in_words}), "
        f"intensity {config.intensity.value}; {config.provenance['epochs']} epochs, seed "
        f"{experiment['seed']}, on "
        f"{', '.join(f'{images[f.value]} {f.value}' for f in FINDINGS)} images (patients of the official "
        f"test set apart){_distilled(experiment.get('distillation'))}. "
        f"The whole recipe stands in config.json.\n\n{config.attribution}"
    )


def _distilled(distillation: Mapping[str, Any] | None) -> str:
    if distillation is None:
        return ""
    share, teachers = distillation["share"], len(distillation["teachers"])
    return f"; {share:g} of each training target is the mean answer of {teachers} trained network{'s' * (teachers > 1)}"


def _folds(config: BundleConfig, decisions: Decisions, on_folds: Evaluation) -> str:
    points = "\n".join(
        f"| {name} | {point.threshold:.3f} | {point.sensitivity:.3f} | {point.specificity:.3f} | {point.rule} |"
        for name, point in config.operating_points.items()
    )
    return (
        "## Decided on held-out folds\n\n"
        f"{on_folds.images} images of {on_folds.patients} patients, each answered by a network of the same "
        "recipe that did "
        "not see the patient. 95 % intervals by resampling patients.\n\n"
        f"{_table(on_folds.overall)}\n\n"
        f"Temperature {decisions.temperature:.3f}; expected calibration error (classes weighted alike) "
        f"{decisions.error_before:.3f} before, {decisions.error_after:.3f} after.\n\n"
        "| operating point | threshold on P(pneumonia) | sensitivity | specificity | rule "
        "|\n|---|---|---|---|---|\n"
        f"{points}"
    )


def _measured(metrics: Mapping[str, Any]) -> str:
    overall = {
        key: Estimate(value["value"], value["low"], value["high"])
        for key, value in metrics["evaluation"]["overall"].items()
        if value["low"] is not None
    }
    return (
        f"{_MEASURED} {metrics['part']} images\n\n"
        f"`{metrics['command']}`; {metrics['images']} images, {metrics['refused']} refused by the gate. "
        "The metrics are of the images that were read. 95 % intervals by resampling patients.\n\n"
        f"{_table(overall)}\n\n{_points(metrics.get('operating_points', {}))}{_coverage(metrics['coverage'])}"
    )


def _points(measured: Mapping[str, Any]) -> str:
    """Operating points as they were measured; empty for metrics that were made without them."""
    if not measured:
        return ""
    lines = "\n".join(
        f"| {name} | "
        + " | ".join(_interval(decision[metric]) for metric in OF_DECISION)
        + f" | {decision['false_negatives']} | {decision['false_positives']} |"
        for name, decision in measured.items()
    )
    return (
        "Pneumonia called at the operating points; PPV and NPV hold at the prevalence of these images only.\n\n"
        "| operating point | sensitivity | specificity | PPV | NPV | missed | false alarms |\n"
        "|---|---|---|---|---|---|---|\n"
        f"{lines}\n\n"
    )


def _interval(metric: Mapping[str, Any]) -> str:
    if metric["value"] is None or metric["low"] is None:
        return "not measurable"
    return str(Estimate(metric["value"], metric["low"], metric["high"]))


def _coverage(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = "\n".join(
        f"| {row['nominal']:.0%} | {row['finding'] or 'all'} | {row['measured']:.3f} "
        f"({row['low']:.3f}-{row['high']:.3f}) "
        f"| {row['mean_size']:.2f} |"
        for row in rows
    )
    return (
        "Prediction sets: the nominal coverage holds for images exchangeable with the folds' images, which the "
        "test images are not "
        "quite (their labels had a third grader).\n\n"
        f"| nominal | true finding | measured | mean size |\n|---|---|---|---|\n{lines}"
    )


def _limits(config: BundleConfig) -> str:
    return (
        f"{_LIMITS}\n\n"
        "- One hospital, children of one age band, one period; nothing was measured elsewhere or on adults. "
        "Networks that others trained on these images fell from an AUC of .95 to .54 (Xin 2021, 383 NIH "
        "radiographs of children aged 1 to 5, text-mined labels) and from .93 to .65 (Togunwa 2025, 190 children "
        "in Nigeria).\n"
        "- The labels come from radiologists' reading of the image, not from microbiology.\n"
        "- Probabilities assume the classes to be equally frequent; use `--prevalence` for your own.\n"
        "- The data hold shortcuts (borders, markers, image size); the recipe suppresses them, and does "
        "not abolish them.\n"
        f"- Licence: {config.licence}."
    )


def _table(overall: Mapping[str, Estimate]) -> str:
    rows = "\n".join(f"| {words} | {overall[key]} |" for key, words in _SHOWN.items() if key in overall)
    return f"| metric | value (95 % interval) |\n|---|---|\n{rows}"
