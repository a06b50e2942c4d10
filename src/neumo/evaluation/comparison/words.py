"""A comparison said in words that claim no more than its intervals show."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from neumo.core.findings import FINDINGS, PNEUMONIA, Finding
from neumo.evaluation.comparison.values import COMPARED, CellChange, Comparison, Pair, differs
from neumo.evaluation.languages import FINDING_NAMES, check_language
from neumo.evaluation.metrics.classification import class_key
from neumo.evaluation.values import Estimate

SIGNIFICANT = 0.05
"""Adjusted p value from which McNemar's test is said not to confirm a difference."""

_TEMPLATES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "better": "{later} is more accurate than {earlier} by {value} ({low} to {high}).",
            "worse": "{later} is less accurate than {earlier} by {value} ({low} to {high}).",
            "same": (
                "No difference in accuracy shown between {later} and {earlier}: {value} ({low} to {high})."
            ),
            "unknown": "Whether {later} and {earlier} differ in accuracy cannot be measured on these images.",
            "test": "McNemar's exact test: p {p}{corrected}.",
            "corrected": " after Holm's correction over {pairs} pairs",
            "unconfirmed": "That test does not confirm the difference; take it with caution.",
            "higher": "Higher in {later}: {items}.",
            "lower": "Lower in {later}: {items}.",
            "none": "No difference shown in the other figures.",
            "rest": "No difference shown in: {items}.",
            "fewer": "Fewer errors of the kind: {items}.",
            "more": "More errors of the kind: {items}.",
            "no_errors": "No kind of error is shown to have fallen or risen.",
            "figure": "{name} by {value} ({low} to {high})",
            "error": "{truth} taken for {decision} ({earlier} → {later})",
            "note": (
                "In brackets: 95 % intervals from {resamples} resamples of {patients} patients "
                "({images} images), not corrected for the number of figures. A difference is claimed only "
                "where its interval excludes 0; no difference shown does not mean that there is none."
            ),
            "synthetic": "The images are synthetic: this says nothing about patients.",
        },
        "es": {
            "better": "{later} acierta más que {earlier}: la exactitud sube {value} ({low} a {high}).",
            "worse": "{later} acierta menos que {earlier}: la exactitud baja {value} ({low} a {high}).",
            "same": (
                "No se muestra diferencia de exactitud entre {later} y {earlier}: {value} ({low} a {high})."
            ),
            "unknown": "Con estas imágenes no se puede medir si {later} y {earlier} difieren en exactitud.",
            "test": "Prueba exacta de McNemar: p {p}{corrected}.",
            "corrected": " tras la corrección de Holm sobre {pairs} pares",
            "unconfirmed": "Esa prueba no confirma la diferencia; tómese con cautela.",
            "higher": "Sube con {later}: {items}.",
            "lower": "Baja con {later}: {items}.",
            "none": "No se muestra diferencia en las demás cifras.",
            "rest": "No se muestra diferencia en: {items}.",
            "fewer": "Menos errores del tipo: {items}.",
            "more": "Más errores del tipo: {items}.",
            "no_errors": "No se muestra que algún tipo de error haya bajado o subido.",
            "figure": "{name} en {value} ({low} a {high})",
            "error": "{truth} tomada por {decision} ({earlier} → {later})",
            "note": (
                "Entre paréntesis: intervalos del 95 % con {resamples} remuestreos de {patients} pacientes "
                "({images} imágenes), sin corregir por el número de cifras. Solo se afirma una diferencia si "
                "su intervalo excluye el 0; que no se muestre una diferencia no significa que no exista."
            ),
            "synthetic": "Las imágenes son sintéticas: esto no dice nada sobre pacientes.",
        },
    }
)

_FIGURE_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "accuracy": "accuracy",
            "balanced_accuracy": "balanced accuracy",
            "macro_f1": "macro F1",
            "macro_auroc": "macro AUROC",
            "auroc_normal_vs_pneumonia": "AUROC normal vs pneumonia",
            "auroc_bacterial_vs_viral": "AUROC bacterial vs viral",
            **{class_key("recall", f): f"recall of {FINDING_NAMES['en'][f]}" for f in FINDINGS},
        },
        "es": {
            "accuracy": "exactitud",
            "balanced_accuracy": "exactitud balanceada",
            "macro_f1": "F1 macro",
            "macro_auroc": "AUROC macro",
            "auroc_normal_vs_pneumonia": "AUROC normal frente a neumonía",
            "auroc_bacterial_vs_viral": "AUROC bacteriana frente a viral",
            **{class_key("recall", f): f"sensibilidad para {FINDING_NAMES['es'][f]}" for f in FINDINGS},
        },
    }
)


_IMAGE_OF: Mapping[str, Mapping[Finding, str]] = MappingProxyType(
    {
        "en": FINDING_NAMES["en"],
        "es": {
            Finding.NORMAL: "imagen normal",
            **{f: f"imagen de {FINDING_NAMES['es'][f]}" for f in PNEUMONIA},
        },
    }
)


def conclusion(comparison: Comparison, lang: str) -> str:
    """Say in "en" or "es" what a comparison shows: one paragraph a pair, then how to read them.

    Raises
    ------
    EvaluationError
        Another language.
    """
    texts = _TEMPLATES[check_language(lang)]
    note = texts["note"].format(
        resamples=comparison.resamples, patients=comparison.patients, images=comparison.images
    )
    closing = [texts["synthetic"], note] if comparison.synthetic else [note]
    paragraphs = [pair_conclusion(pair, lang, pairs=len(comparison.pairs)) for pair in comparison.pairs]
    return "\n\n".join([*paragraphs, " ".join(closing)])


def pair_conclusion(pair: Pair, lang: str, *, pairs: int = 1) -> str:
    """Say in "en" or "es" how a later run differs from an earlier one; `pairs` were tested together.

    Raises
    ------
    EvaluationError
        Another language.
    """
    check_language(lang)
    sentences = [
        *_about_accuracy(pair, lang, pairs),
        *_about_other_figures(pair, lang),
        *_about_errors(pair, lang),
    ]
    return " ".join(sentences)


def _about_accuracy(pair: Pair, lang: str, pairs: int) -> list[str]:
    texts = _TEMPLATES[lang]
    difference = pair.differences["accuracy"]
    claim = texts[_kind(difference)].format(later=pair.later, earlier=pair.earlier, **_numbers(difference))
    corrected = texts["corrected"].format(pairs=pairs) if pairs > 1 else ""
    test = texts["test"].format(p=_p_value(pair.mcnemar.p_adjusted), corrected=corrected)
    unconfirmed = differs(difference) and pair.mcnemar.p_adjusted >= SIGNIFICANT
    return [claim, test, texts["unconfirmed"]] if unconfirmed else [claim, test]


def _kind(difference: Estimate) -> str:
    if np.isnan(difference.low):
        return "unknown"
    if not differs(difference):
        return "same"
    return "better" if difference.value > 0 else "worse"


def _about_other_figures(pair: Pair, lang: str) -> list[str]:
    texts = _TEMPLATES[lang]
    others = {name: pair.differences[name] for name in COMPARED if name != "accuracy"}
    rest = [name for name, difference in others.items() if not differs(difference)]
    if len(rest) == len(others):
        return [texts["none"]]
    sentences = []
    for kind, sign in (("higher", 1), ("lower", -1)):
        items = [
            texts["figure"].format(name=_FIGURE_NAMES[lang][name], **_numbers(difference))
            for name, difference in others.items()
            if name not in rest and difference.value * sign > 0
        ]
        sentences += _sentence(texts[kind], items, later=pair.later)
    return sentences + _sentence(texts["rest"], [_FIGURE_NAMES[lang][name] for name in rest])


def _about_errors(pair: Pair, lang: str) -> list[str]:
    texts = _TEMPLATES[lang]
    errors = [cell for cell in pair.cells if cell.is_error]
    fewer = [_error(cell, lang) for cell in errors if cell.change.high < 0]
    more = [_error(cell, lang) for cell in errors if cell.change.low > 0]
    return _sentence(texts["fewer"], fewer) + _sentence(texts["more"], more) or [texts["no_errors"]]


def _error(cell: CellChange, lang: str) -> str:
    names, image_of = FINDING_NAMES[lang], _IMAGE_OF[lang]
    return _TEMPLATES[lang]["error"].format(
        truth=image_of[cell.truth], decision=names[cell.decision], earlier=cell.earlier, later=cell.later
    )


def _sentence(template: str, items: Sequence[str], **fields: str) -> list[str]:
    return [template.format(items="; ".join(items), **fields)] if items else []


def _numbers(difference: Estimate) -> dict[str, str]:
    """Size of a claimed difference with its bounds; an unclaimed one keeps its sign, and so do its bounds."""
    if not differs(difference):
        value, low, high = difference.value, difference.low, difference.high
        return {"value": f"{value:+.3f}", "low": f"{low:+.3f}", "high": f"{high:+.3f}"}
    near, far = sorted((abs(difference.low), abs(difference.high)))
    return {"value": f"{abs(difference.value):.3f}", "low": f"{near:.3f}", "high": f"{far:.3f}"}


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
