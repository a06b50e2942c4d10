"""Evidence of a bundle, from measurements of its model: on held-out folds, and by `neumo evaluate BUNDLE`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from neumo.core.ages import age_span
from neumo.core.errors import ExportError
from neumo.core.evidence import HELD_OUT_FOLDS, Evidence
from neumo.core.findings import FINDINGS
from neumo.evaluation.evaluate import evaluate
from neumo.evaluation.sources.evaluate import evaluate_sources
from neumo.evaluation.uncertainty.temperature import tempered
from neumo.evaluation.values import without_nan
from neumo.export.held_out import HeldOut

CALIBRATION_ERROR: Final = "expected_calibration_error"
CHECKED: Final[Mapping[str, str]] = {
    "randomised_weights": "randomised_correlation",
    "thorax": "share_inside",
    "deletion": "deletion_gain",
    "insertion": "insertion_gain",
    "alarms": "alarm",
}
"""Check of heat maps, to the metric that it is decided by."""


def folds_evidence(held_out: HeldOut, temperature: float, command: str) -> tuple[Evidence, ...]:
    """Return the metrics of the fold runs' calibrated answers to their held-out images, each source by itself.

    The calibration error is left out: the temperature was chosen on these images.
    """
    calibrated = tempered(held_out.images.probabilities, temperature)
    today = datetime.now(UTC).date().isoformat()
    found: list[Evidence] = []
    for source in sorted(set(held_out.images.sources)):
        data = f"{held_out.data_sets.get(source, source)}, {HELD_OUT_FOLDS}"
        ages = age_span(
            each for each, one in zip(held_out.ages, held_out.images.sources, strict=False) if one == source
        )
        of_source = np.array(held_out.images.sources) == source
        labels = set(held_out.images.codes[of_source].tolist())
        if labels >= set(range(len(FINDINGS))):
            evaluated = evaluate(held_out.predictions(calibrated, source))
            figures, n, patients = evaluated.overall, evaluated.images, evaluated.patients
        else:
            answered = replace(held_out.images, probabilities=calibrated).take(of_source)
            (one,) = evaluate_sources(answered)
            figures, n, patients = one.figures, one.images, one.patients
        found += [
            Evidence(
                key,
                **without_nan(vars(estimate)),
                n=n,
                data=data,
                command=command,
                measured_on=today,
                patients=patients,
                ages=ages,
            )
            for key, estimate in figures.items()
            if key not in (CALIBRATION_ERROR, "calibration_error_pneumonia") and not np.isnan(estimate.value)
        ]
    return tuple(found)


def sources_evidence(source: Path, bundle: str) -> tuple[Evidence, ...]:
    """Return the metrics within each source that `neumo evaluate BUNDLE --by source` wrote.

    Raises
    ------
    ExportError
        The file is no sources.json, or of another bundle.
    """
    with _file_of_an_evaluation(source) as value:
        if value["bundle"] != bundle:
            raise ExportError("{source}: was measured with another bundle", source=source)
        return tuple(entry for one in value["sources"] for entry in _from_source(one, value))


def _from_source(one: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[Evidence]:
    entry = partial(
        Evidence,
        data=f"{one['data_set']}, {value['part']}",
        command=value["command"],
        measured_on=value["measured_on"],
        patients=one["patients"],
        ages=_ages(one),
    )
    yield entry("refused", **one["share_refused"], n=one["images"])
    read = one["images"] - sum(one["refused"].values())
    for metric, estimate in one["figures"].items():
        yield entry(metric, **estimate, n=read)
    for view, figures in one["by_view"].items():
        for metric, estimate in figures.items():
            yield entry(metric, **estimate, n=read, conditions={"view": view})
    for point, figures in one.get("at_points", {}).items():
        for metric, estimate in figures.items():
            n = one["answered"]["pneumonia" if metric == "sensitivity" else "normal"]
            yield entry(metric, **estimate, n=n, conditions={"operating_point": point})


def measured_evidence(
    figures: Path,
    graph: str,
    bundle: str,
    *,
    corruptions: Path | None = None,
    explanations: Path | None = None,
) -> tuple[Evidence, ...]:
    """Return the metrics that `neumo evaluate BUNDLE` wrote.

    Parameters
    ----------
    figures, corruptions, explanations : Path
        The files of those names that it wrote.
    graph : str
        SHA-256 of the model that must have been evaluated.
    bundle : str
        Digest of the bundle that must have been damaged images' reader.

    Raises
    ------
    ExportError
        A file is no such thing, or of another model or bundle.
    """
    with _file_of_an_evaluation(figures) as value:
        model = value["bundle"]["model"]
        found = list(_from_figures(value))
        origin = {key: getattr(found[0], key) for key in ("data", "command", "measured_on", "ages")}
    if model != graph:
        raise ExportError(
            "{figures}: was measured with another model than that of the bundle", figures=figures
        )
    if corruptions is not None:
        with _file_of_an_evaluation(corruptions) as value:
            reader = value["bundle"]
            found += _from_corruptions(value, partial(Evidence, **origin))
        if reader != bundle:
            raise ExportError("{corruptions}: was measured with another bundle", corruptions=corruptions)
    if explanations is not None:
        with _file_of_an_evaluation(explanations) as value:
            model = value["bundle"]["model"]
            found += _from_explanations(value, partial(Evidence, **origin))
        if model != graph:
            raise ExportError(
                "{explanations}: was measured with another model than that of the bundle",
                explanations=explanations,
            )
    return tuple(found)


def read_explanation_checks(source: Path) -> dict[str, bool]:
    """Read which checks of heat maps a model passed. Raises ExportError where the file is no explanations.json."""
    with _file_of_an_evaluation(source) as value:
        return {str(verdict["name"]): verdict["passed"] is True for verdict in value["verdicts"]}


@contextmanager
def _file_of_an_evaluation(source: Path) -> Iterator[Any]:
    """Yield the JSON of a file; what it lacks, found out within the block, is an ExportError."""
    try:
        yield json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ExportError(
            "{source}: is not the {name} of an evaluated bundle ({error})",
            source=source,
            name=source.name,
            error=repr(error),
        ) from error


def _from_figures(value: Mapping[str, Any]) -> Iterator[Evidence]:
    evaluation = value["evaluation"]
    entry = partial(
        Evidence,
        data=f"{value['data_set']}, {value['part']}",
        command=value["command"],
        measured_on=value.get("measured_on"),
        ages=_ages(value),
    )
    read, patients = evaluation["images"], evaluation["patients"]
    yield entry("refused", value["refused"] / value["images"], None, None, n=value["images"])
    for key, estimate in evaluation["overall"].items():
        yield entry(key, **estimate, n=read, patients=patients)
    for name, decision in value.get("operating_points", {}).items():
        tp, fp, tn, fn = (
            decision[f"{kind}s"]
            for kind in ("true_positive", "false_positive", "true_negative", "false_negative")
        )
        counts = {
            "sensitivity": tp + fn,
            "specificity": tn + fp,
        }  # PPV and NPV hold at the data's prevalence only
        for metric, n in counts.items():
            yield entry(
                metric, **decision[metric], n=n, patients=patients, conditions={"operating_point": name}
            )
    for row in value["coverage"]:
        conditions = {"coverage": row["nominal"], "finding": row["finding"]}
        yield entry(
            "coverage", row["measured"], row["low"], row["high"], n=row["images"], conditions=conditions
        )
        yield entry("mean_set_size", row["mean_size"], None, None, n=row["images"], conditions=conditions)


def _ages(value: Mapping[str, Any]) -> tuple[float, float] | None:
    ages = value.get("ages")
    return None if ages is None else (ages[0], ages[1])


def _from_corruptions(value: Mapping[str, Any], entry: "partial[Evidence]") -> Iterator[Evidence]:
    for cell in value["cells"]:
        conditions = {"damage": cell["kind"], "strength": cell["strength"]}
        read = round(cell["images"] * (1 - cell["refused"]))
        yield entry("accuracy", **cell["accuracy"], n=read, conditions=conditions)
        yield entry("refused", cell["refused"], None, None, n=cell["images"], conditions=conditions)


def _from_explanations(value: Mapping[str, Any], entry: "partial[Evidence]") -> Iterator[Evidence]:
    entry = partial(entry, n=value["images"], patients=value["patients"])
    for verdict in value["verdicts"]:
        name = verdict["name"]
        conditions = {"check": name, "rule": verdict["rule"]}
        yield entry(CHECKED[name], **value["figures"][CHECKED[name]], conditions=conditions)
    for worse in value["worse_than_random"]:
        metric, finding = CHECKED[worse["check"]], worse["finding"]
        yield entry(metric, **value["by_finding"][finding][metric], conditions={"called": finding})
