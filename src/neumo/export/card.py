"""The model card: what the model is for, how it was made, what was measured, what it must not be used for."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from neumo.bundle.config import BundleConfig
from neumo.core.evidence import MIN_READ, Evidence, select
from neumo.export.card_tables import (
    SHOWN,
    ages_in_words,
    by_data,
    by_hospital,
    heat_map_checks,
    overall_table,
    side_by_side,
)
from neumo.texts.catalogue import percent

_GROWN = 18
"""Years."""


def model_card(config: BundleConfig, evidence: Sequence[Evidence]) -> str:
    """Write the card as Markdown with Hugging Face's YAML metadata; every metric on it stands in `evidence`."""
    on_folds = [entry for entry in evidence if entry.chose]
    measured, *others = by_data([entry for entry in evidence if not entry.chose]).values() or [[]]
    elsewhere = [entry for part in others for entry in part]
    sections = [
        _head(config),
        _use(config),
        _training(config),
        _folds(config, on_folds),
        _measured(measured),
        _damaged(measured),
        heat_map_checks(config, measured),
        by_hospital(elsewhere),
        _limits(config, elsewhere),
    ]
    return f"---\n{_metadata(config, measured)}---\n\n" + "\n\n".join(filter(None, sections)) + "\n"


def _metadata(config: BundleConfig, measured: Sequence[Evidence]) -> str:
    value: dict[str, Any] = {
        "license": config.licence.lower(),
        "library_name": "neumo",
        "pipeline_tag": "image-classification",
        "language": ["en", "es"],
        "tags": ["medical", "radiology", "chest-x-ray", "pneumonia", "onnx"],
    }
    if measured:
        value["model-index"] = [{"name": config.name, "results": [_index_entry(measured)]}]
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text


def _index_entry(measured: Sequence[Evidence]) -> dict[str, Any]:
    return {
        "task": {"type": "image-classification"},
        "dataset": _data_set(measured),
        "metrics": [
            {"type": entry.metric, "name": SHOWN[entry.metric], "value": round(entry.value, 4)}
            for entry in select(measured, *SHOWN)
            if entry.value is not None
        ],
    }


def _data_set(measured: Sequence[Evidence]) -> dict[str, str]:
    name, _, part = measured[0].data.rpartition(", ")
    return {"name": name, "type": "-".join(name.lower().split()), "split": part}


def _part(measured: Sequence[Evidence]) -> str:
    return measured[0].data.rpartition(", ")[2]


def _head(config: BundleConfig) -> str:
    return (
        f"# {config.name} {config.version}\n\n"
        f"Sorts frontal chest radiographs of {_people(config)} into NORMAL, BACTERIAL_PNEUMONIA and "
        "VIRAL_PNEUMONIA, with calibrated probabilities, prediction sets and class maps. **Not a medical device. "
        "A second reader for study and research; the decision is the professional's.**"
    )


def _people(config: BundleConfig) -> str:
    return "children" if config.gate.age_years[1] < _GROWN else "children and adults"


def _use(config: BundleConfig) -> str:
    (youngest, oldest), told_apart = config.gate.age_years, config.etiology_age_years
    etiology = ""
    if told_apart is not None and told_apart != config.gate.age_years:
        first, last = told_apart
        etiology = (
            f" Bacterial and viral pneumonia are told apart at ages {first:g} to {last:g} only; at other ages the "
            "etiology is not assessed."
        )
    return (
        "## Intended use\n\n"
        f"Frontal (PA or AP) chest radiographs of {_people(config)} aged {youngest:g} to {oldest:g}. Other ages are "
        f"refused unless asked for, and are read with a warning.{etiology} "
        "Images that do not look like chest radiographs are refused.\n\n"
        "`neumo read PATH` reads with it; `neumo bundle verify` checks it."
    )


def _training(config: BundleConfig) -> str:
    experiment = config.provenance.get("experiment")
    if experiment is None:
        return ""
    images = config.provenance["training_images"]
    return (
        "## Training\n\n"
        f"{_network(experiment['model'])}, input {config.image_size} x "
        f"{config.image_size} grey ({config.field_in_words}), intensity {config.intensity.value}; "
        f"{config.provenance['epochs']} epochs, seed {experiment['seed']}, on "
        f"{', '.join(f'{count} {label}' for label, count in images.items())} images (patients of the official "
        f"test set apart{_without(experiment['split'])}){_begun(experiment['model'].get('start', ()))}"
        f"{_distilled(experiment.get('distillation'))}. "
        f"The whole recipe stands in config.json.\n\n{config.attribution}"
    )


def _network(model: Mapping[str, Any]) -> str:
    """Name a network with its options: "efficientnet_lite (variant lite0, dropout 0.2)"."""
    options = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in model["options"].items())
    return f"{model['name']} ({options})" if options else str(model["name"])


def _without(split: Mapping[str, Any]) -> str:
    """Say which images neither trained nor decided: ", without those of label basis "text of the report"..."."""
    left = [
        f'{each["attribute"].replace("_", " ")} "{each["value"]}"' for each in split.get("train_without", ())
    ]
    return (
        f", without those of {' and '.join(left)}, which decided nothing on the folds either" if left else ""
    )


def _begun(start: Sequence[str]) -> str:
    return f"; begun with the mean weights of {', '.join(start)}" if start else ""


def _distilled(distillation: Mapping[str, Any] | None) -> str:
    if distillation is None:
        return ""
    share, teachers = distillation["share"], len(distillation["teachers"])
    return f"; {share:g} of each training target is the mean answer of {teachers} trained network{'s' * (teachers > 1)}"


def _folds(config: BundleConfig, on_folds: Sequence[Evidence]) -> str:
    if not on_folds:
        return ""
    points = "\n".join(
        f"| {name} | {point.threshold:.3f} | {point.rule} |"
        for name, point in config.operating_points.items()
    )
    parts = by_data(on_folds)
    counted = "; ".join(f"{one[0].n} images of {one[0].patients} patients" for one in parts.values())
    metrics = overall_table(on_folds) if len(parts) == 1 else side_by_side(parts)
    return (
        "## Decided on held-out folds\n\n"
        f"{counted}, each answered by a network of the same "
        f"recipe that did not see the patient.{_missing_folds(config)} 95 % intervals by resampling patients.\n\n"
        f"{metrics}\n\n"
        f"Temperature {config.temperature:.3f}, thresholds and prediction sets were chosen on these "
        "images; what they are worth is measured below, on others.\n\n"
        f"| operating point | threshold on P(pneumonia) | rule |\n|---|---|---|\n{points}"
    )


def _missing_folds(config: BundleConfig) -> str:
    """Say so where some folds of a run's patients decided nothing."""
    splits = config.provenance.get("held_out", {}).get("runs", [])
    given = sorted({split["fold"] for split in splits if split.get("kind") == "fold"})
    whole = max((split["folds"] for split in splits if split.get("kind") == "fold"), default=0)
    if len(given) == whole:
        return ""
    named = ", ".join(map(str, given))
    return f" **Only {len(given)} of {whole} folds ({named}): the patients of the others decided nothing.**"


def _aged(measured: Sequence[Evidence]) -> str:
    span = ages_in_words(measured)
    return f" of patients aged {span}" if span else ""


def _measured(measured: Sequence[Evidence]) -> str:
    if not measured:
        return ""
    (refused,) = select(measured, "refused")
    return (
        f"## Measured on the official {_part(measured)} images\n\n"
        f"`{refused.command}`; {refused.n} images{_aged(measured)}, {_count(refused)} refused by the gate. "
        "The metrics are of the images that were read. 95 % intervals by resampling patients.\n\n"
        f"{overall_table(measured)}\n\n{_points(measured)}{_coverage(measured)}"
    )


def _points(measured: Sequence[Evidence]) -> str:
    """Operating points as they were measured."""
    entries = select(measured, operating_point=...)
    by_point: dict[str, dict[str, Evidence]] = {}
    for entry in entries:
        by_point.setdefault(entry.conditions["operating_point"], {})[entry.metric] = entry
    if not by_point:
        return ""
    lines = "\n".join(
        f"| {name} | {found['sensitivity']} | {found['specificity']} "
        f"| {_count(found['sensitivity'], missing=True)} | {_count(found['specificity'], missing=True)} |"
        for name, found in by_point.items()
    )
    return (
        "Pneumonia flagged at the operating points. Predictive values follow from these and a stated prevalence.\n\n"
        "| operating point | sensitivity | specificity | missed | false alarms |\n"
        f"|---|---|---|---|---|\n{lines}\n\n"
    )


def _count(share: Evidence, *, missing: bool = False) -> int:
    """Return the images that a share counts, or that it is short of all."""
    value = share.value or 0.0
    return round(share.n * (1 - value if missing else value))


def _coverage(measured: Sequence[Evidence]) -> str:
    lines = "\n".join(
        f"| {percent(held.conditions['coverage'], 0)} | {held.conditions['finding'] or 'all'} | {held} "
        f"| {size.value:.2f} |"
        for held, size in zip(
            select(measured, "coverage", coverage=..., finding=...),
            select(measured, "mean_set_size", coverage=..., finding=...),
            strict=True,
        )
    )
    return (
        "Prediction sets: the nominal coverage holds for images exchangeable with the folds' images, which the test "
        "images are not quite (their labels had a third grader).\n\n"
        f"| nominal | true finding | measured | mean size |\n|---|---|---|---|\n{lines}"
    )


def _damaged(measured: Sequence[Evidence]) -> str:
    cells: dict[str, list[str]] = {}
    pairs = zip(
        select(measured, "accuracy", damage=..., strength=...),
        select(measured, "refused", damage=..., strength=...),
        strict=True,
    )
    for right, refused in pairs:
        share = "-" if right.value is None or right.n < MIN_READ else f"{right.value:.2f}"
        cells.setdefault(right.conditions["damage"], []).append(f"{share} ({refused.value:.2f})")
        images = refused.n
    if not cells:
        return ""
    (undamaged,) = cells.pop("clean")
    strengths = max(map(len, cells.values()))
    lines = "\n".join(f"| {kind.replace('_', ' ')} | {' | '.join(row)} |" for kind, row in cells.items())
    return (
        "### Damaged images\n\n"
        f"`neumo evaluate BUNDLE --corruptions`, {images} {_part(measured)} images: accuracy of those that were read "
        f"(- for fewer than {MIN_READ}), and in brackets the share that the gate refused; undamaged {undamaged}.\n\n"
        f"| damage, strength | {' | '.join(str(i + 1) for i in range(strengths))} |\n"
        f"|---{'|---' * strengths}|\n{lines}"
    )


def _where(config: BundleConfig, elsewhere: Sequence[Evidence]) -> str:
    trained = config.provenance.get("sources", {})
    if len(trained) > 1:
        of_each = ", ".join(f"{name or 'unnamed'} {count}" for name, count in trained.items())
        where = f"Trained on {len(trained)} hospitals (images: {of_each})"
        if elsewhere:
            return f"{where}; what it does in others stands above, each by itself."
        return f"{where}; nothing was measured in others."
    return "One hospital, children of one age band, one period; nothing was measured elsewhere or on adults."


def _limits(config: BundleConfig, elsewhere: Sequence[Evidence]) -> str:
    return (
        "## Limits\n\n"
        f"- {_where(config, elsewhere)} "
        "Networks that others trained on these images fell from an AUC of .95 to .54 (Xin 2021, 383 NIH "
        "radiographs of children aged 1 to 5, text-mined labels) and from .93 to .65 (Togunwa 2025, 190 children "
        "in Nigeria).\n"
        "- The labels come from radiologists' reading of the image, not from microbiology.\n"
        "- Probabilities assume the classes to be equally frequent; use `--prevalence` for your own.\n"
        "- The data hold shortcuts (borders, markers, image size); the recipe suppresses them, and does not abolish "
        "them.\n"
        f"- Licence: {config.licence}."
    )
