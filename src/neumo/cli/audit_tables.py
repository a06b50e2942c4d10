"""Tables of `neumo data check` and `data merge`: composition, issues, shortcuts, context controls."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from neumo.cli.show import console
from neumo.texts.catalogue import Texts, texts
from neumo.texts.language import Language

if TYPE_CHECKING:
    from neumo.datasets.check.check import Audit
    from neumo.datasets.check.context import ContextControl
    from neumo.datasets.check.inventory import Stratum
    from neumo.datasets.check.shortcuts import Control

_STYLES = {"leak": "bold red", "problem": "yellow", "note": "cyan"}


def show_context(controls: "Sequence[ContextControl]", language: Language) -> None:
    """Say what source, view, size and border alone tell, with a warning where that is much."""
    from neumo.datasets.check import sentences

    if controls:
        console.print(Text(texts(language)("dataset_check.context.title"), style="bold"))
    for control in controls:
        console.print(
            Text(sentences.context_sentence(control, language), style="yellow" if control.alarming else "")
        )


def show_audit(audit: "Audit", language: Language) -> None:
    """Show everything found in a data set, the verdict last."""
    from neumo.datasets.check import sentences

    t = texts(language)
    if audit.synthetic:
        console.print(Text(t("dataset_check.synthetic"), style="yellow"))
    console.print(_composition(audit, t))
    console.print(_issues(audit, t) if audit.issues else Text(t("dataset_check.issues.none")))
    controls = audit.shortcuts.controls if audit.shortcuts else ()
    if controls:
        console.print(_shortcuts(controls, t))
    for control in controls:
        view = t(f"dataset_check.shortcuts.views.{control.view}")
        console.print(Text(f"{view}: {sentences.control_meaning(control, language)}"))
    console.print(Text(sentences.shortcut_basis(audit, language), style="dim"))
    show_context(audit.context, language)
    console.print(Text(sentences.patient_note(audit, language), style="dim"))
    console.print(Text(sentences.verdict(audit, language), style="bold red" if audit.leaks else "bold green"))


def _composition(audit: "Audit", t: Texts) -> Table:
    images, patients = (t(f"dataset_check.counts.{name}") for name in ("images", "patients"))
    table = Table(
        title=f"{audit.dataset}: {audit.images:,} {images.lower()}", title_justify="left", box=box.SIMPLE_HEAD
    )
    table.add_column(t("dataset_check.composition.part"))
    table.add_column(t("dataset_check.composition.class"), no_wrap=True)
    for heading in (images, patients, "%", "px", "kB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for number, stratum in enumerate(audit.strata):
        first = number % 3 == 0
        table.add_row(
            (stratum.split or t("dataset_check.composition.no_part")) if first else "",
            t(f"terms.findings.{stratum.finding}"),
            f"{stratum.images:,}",
            f"{stratum.patients:,}",
            f"{stratum.share * 100:.0f}",
            _median_size(stratum),
            f"{stratum.file_bytes.median / 1000:,.0f}" if stratum.file_bytes.quantiles else "–",
            end_section=number % 3 == 2,
        )
    return table


def _median_size(stratum: "Stratum") -> str:
    if not stratum.width.quantiles:
        return "–"
    return f"{stratum.width.median:.0f}×{stratum.height.median:.0f}"


def _issues(audit: "Audit", t: Texts) -> Table:
    from neumo.datasets.check.issues import SEVERITY

    table = Table(title=t("dataset_check.issues.title"), title_justify="left")
    table.add_column(t("dataset_check.issues.severity"))
    table.add_column(t("dataset_check.issues.kind"))
    table.add_column(t("dataset_check.issues.number"), justify="right")
    table.add_column(t("dataset_check.issues.example"), overflow="fold")
    table.add_column(t("dataset_check.issues.remedy"))
    for kind, severity in SEVERITY.items():
        found = audit.of_kind(kind)
        if found:
            badge = Text(t(f"dataset_check.severities.{severity}"), style=_STYLES[severity])
            first = Text(" = ".join(found[0].images[:2]) if len(found[0].images) > 1 else found[0].images[0])
            named, remedy = (t(f"dataset_check.{group}.{kind}") for group in ("kinds", "remedies"))
            table.add_row(badge, named, f"{len(found):,}", first, remedy)
    return table


def _shortcuts(controls: "Sequence[Control]", t: Texts) -> Table:
    from neumo.datasets.check.sentences import score

    table = Table(title=f"{t('dataset_check.shortcuts.title')} (AUROC)", title_justify="left")
    for key in ("view", "macro", "normal_vs_pneumonia", "bacterial_vs_viral"):
        table.add_column(t(f"dataset_check.shortcuts.{key}"))
    for control in controls:
        scores = (control.macro, control.normal_vs_pneumonia, control.bacterial_vs_viral)
        table.add_row(t(f"dataset_check.shortcuts.views.{control.view}"), *map(score, scores))
    return table
