"""The model card of a network from elsewhere: what was found and measured, and what nobody has stated."""

from collections.abc import Sequence
from typing import Final

import yaml

from neumo.bundle.config import BundleConfig
from neumo.conversion.draft import NOT_STATED
from neumo.conversion.fitting import Fitting
from neumo.core.evidence import Evidence
from neumo.texts.metric_words import metric_words

_OPEN: Final = "**not stated**"


def conversion_card(config: BundleConfig, fitting: Fitting, evidence: Sequence[Evidence]) -> str:
    """Write the card as Markdown with Hugging Face's YAML metadata; every metric on it stands in `evidence`."""
    metadata: str = yaml.safe_dump(
        {
            "license": "other",
            "library_name": "neumo",
            "pipeline_tag": "image-classification",
            "tags": ["medical", "radiology", "chest-x-ray", "pneumonia", "onnx"],
        },
        sort_keys=False,
    )
    sections = [
        _head(config),
        _network(config),
        _input(config, fitting),
        _measured(config, evidence),
        _limits(config),
    ]
    return f"---\n{metadata}---\n\n" + "\n\n".join(sections) + "\n"


def _head(config: BundleConfig) -> str:
    told = "normal, bacterial and viral pneumonia"
    if config.etiology_age_years is None:
        told = "normal and pneumonia; it does not tell bacterial from viral pneumonia"
    return (
        f"# {config.name} {config.version}\n\n"
        f"A network from elsewhere that sorts chest radiographs into {told}. neumo set its calibration, operating "
        "points, prediction sets and gate on labelled radiographs, and changed none of its weights. **Not a medical "
        "device. A second reader for study and research; the decision is the professional's.**"
    )


def _network(config: BundleConfig) -> str:
    network = config.provenance["network"]
    return (
        "## The network\n\n"
        "| | |\n|---|---|\n"
        f"| file | {network['file']}, SHA-256 {network['sha256']} |\n"
        f"| trained on | {network['trained_on'] or _OPEN} |\n"
        f"| by whom, how, for what purpose | {_OPEN} |\n"
        f"| licence | {config.licence if config.licence != NOT_STATED else _OPEN} |"
    )


def _input(config: BundleConfig, fitting: Fitting) -> str:
    given = config.provenance["input"]
    rows = "\n".join(
        f"| {one.scaling.value}{' (taken)' if one.scaling is fitting.scaling else ''} | {one.classes} | {one.auroc} "
        f"| {one.behind} | {one.loss:.3f} |"
        for one in fitting.tried
    )
    open_question = ""
    if fitting.ambiguous:
        names = ", ".join(scaling.value for scaling in fitting.ambiguous)
        open_question = (
            f"\n\n**The scaling is open:** {names} could not be told from the one taken, which has the least "
            "log loss."
        )
    how = "declared" if given["declared"] else "found"
    return (
        f"## Input and output\n\n"
        f"{config.image_size} x {config.image_size}, {given['channels']} channel(s), {given['layout']}; the whole "
        f"radiograph, its aspect ratio not kept; grey levels {fitting.scaling.value}, {how}. "
        f"Outputs: {fitting.classes} ({fitting.values.value}). Tried on {fitting.images} labelled radiographs: AUROC "
        "of normal against pneumonia, and how far it lies behind the best, with 95 % intervals over patients; log loss "
        "as the network states it.\n\n"
        f"| scaling | outputs | AUROC | behind the best | log loss |\n|---|---|---|---|---|\n{rows}{open_question}"
    )


def _measured(config: BundleConfig, evidence: Sequence[Evidence]) -> str:
    rows = "\n".join(
        f"| {metric_words(entry, 'en')} | {entry} | {entry.n} | {entry.patients} |" for entry in evidence
    )
    points = "\n".join(
        f"| {name} | {point.threshold:.3f} | {point.rule} |"
        for name, point in config.operating_points.items()
    )
    images = config.provenance["images"]
    seen = (
        "Whoever imported it states that the network was not trained on them."
        if images["unseen"]
        else "**Whether the network was trained on them nobody has stated; if it was, these metrics flatter, and no "
        "answer states them.**"
    )
    return (
        f"## Measured on {images['labelled']} labelled radiographs\n\n"
        "Each was answered by a calibration, operating points and sets in which its patient had no part (nested "
        f"cross-validation). {seen}\n\n"
        f"| metric | value (95 % interval) | radiographs | patients |\n|---|---|---|---|\n{rows}\n\n"
        f"| operating point | threshold on P(pneumonia) | rule |\n|---|---|---|\n{points}"
    )


def _limits(config: BundleConfig) -> str:
    youngest, oldest = config.gate.age_years
    maps = (
        "Class maps are exact: their mean plus the bias is the logit."
        if config.class_maps
        else "The graph offers no class maps; heat maps come from occlusion, some 200 runs of the network each."
    )
    return (
        "## Limits\n\n"
        f"- For ages {youngest:g} to {oldest:g}. The gate was fitted to the labelled radiographs alone: it knows what "
        "those look like, not what the network was trained on.\n"
        f"- {maps} No check of the heat maps was made.\n"
        "- How it does on other hospitals, devices and ages is not known. Commission it before use "
        "(`neumo commission`), with radiographs that had no part in this."
    )
