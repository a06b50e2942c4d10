"""`neumo data check`: the audit of a data set, on the terminal, as JSON and as a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from neumo.cli.show import Language, console, progress_bar

if TYPE_CHECKING:
    from neumo.datasets.check import Audit
    from neumo.datasets.check.inventory import Stratum
    from neumo.datasets.check.shortcuts import Control

_STYLES = {"leak": "bold red", "problem": "yellow", "note": "cyan"}


def check(
    source: Path = typer.Argument(
        ..., metavar="DIR|MANIFEST.csv", help="Data set folder, or a CSV manifest."
    ),
    html: Path | None = typer.Option(None, "--html", help="Write one self-contained page with pictures."),
    json: Path | None = typer.Option(None, "--json", help="Write everything found, every path included."),
    shortcuts: bool = typer.Option(
        True, "--shortcuts/--no-shortcuts", help="Measure what is told without the lungs."
    ),
    strict: bool = typer.Option(
        False, "--strict", help="End with status 1 for problems too, not for leaks alone."
    ),
    lang: Language = typer.Option(Language.EN, "--lang", help="Language of the tables and the page."),
) -> None:
    """Audit a data set: broken images, duplicates, leaks across the official split, shortcuts.

    Status 0: no leak. Status 1: a patient or a picture lies on more than one side of the official split
    (with --strict: or any problem). Status 2: the data set cannot be used.
    """
    from neumo.core.files import write_json
    from neumo.datasets.check import audit_dataset, write_audit_html
    from neumo.datasets.layout import open_dataset

    manifest = open_dataset(source)
    with progress_bar("decoding") as progress:
        audit = audit_dataset(manifest, shortcuts=shortcuts, progress=progress)
    _show(audit, lang.value)
    if json is not None:
        write_json(json, audit.to_json())
        console.print(Text(f"JSON: {json}"), soft_wrap=True)
    if html is not None:
        write_audit_html(audit, manifest, html, lang.value)
        console.print(Text(f"HTML: {html}"), soft_wrap=True)
    if audit.leaks or (strict and audit.of_severity("problem")):
        raise typer.Exit(1)


def _show(audit: "Audit", lang: str) -> None:
    from neumo.datasets.check import words

    said = words.texts(lang)
    if audit.synthetic:
        console.print(Text(said["synthetic"], style="yellow"))
    console.print(_composition(audit, said))
    console.print(_issues(audit, said) if audit.issues else Text(said["no-issues"]))
    controls = audit.shortcuts.controls if audit.shortcuts else ()
    if controls:
        console.print(_shortcuts(controls, said))
    for control in controls:
        console.print(Text(f"{said[control.view]}: {words.control_meaning(control, lang)}"))
    console.print(Text(words.shortcut_basis(audit, lang), style="dim"))
    console.print(Text(words.patient_note(audit, lang), style="dim"))
    console.print(Text(words.verdict(audit, lang), style="bold red" if audit.leaks else "bold green"))


def _composition(audit: "Audit", said: dict[str, str]) -> Table:
    table = Table(
        title=f"{audit.dataset}: {audit.images:,} {said['images'].lower()}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column(said["part"])
    table.add_column(said["class"], no_wrap=True)
    for heading in (said["images"], said["patients"], "%", "px", "kB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for number, stratum in enumerate(audit.strata):
        first = number % 3 == 0
        table.add_row(
            (stratum.split or said["part-none"]) if first else "",
            said[stratum.finding.value],
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


def _issues(audit: "Audit", said: dict[str, str]) -> Table:
    from neumo.datasets.check.issues import SEVERITY

    table = Table(title=said["issues"], title_justify="left")
    table.add_column(said["severity"])
    table.add_column(said["kind"])
    table.add_column(said["count"], justify="right")
    table.add_column(said["example"], overflow="fold")
    table.add_column(said["remedy"])
    for kind, severity in SEVERITY.items():
        found = audit.of_kind(kind)
        if found:
            badge = Text(said[severity], style=_STYLES[severity])
            first = Text(" = ".join(found[0].images[:2]) if len(found[0].images) > 1 else found[0].images[0])
            table.add_row(badge, said[kind], f"{len(found):,}", first, said[f"do-{kind}"])
    return table


def _shortcuts(controls: "Sequence[Control]", said: dict[str, str]) -> Table:
    from neumo.datasets.check import words

    table = Table(title=f"{said['shortcuts']} (AUROC)", title_justify="left")
    for key in ("view", "macro", "normal-vs-pneumonia", "bacterial-vs-viral"):
        table.add_column(said[key])
    for control in controls:
        scores = (control.macro, control.normal_vs_pneumonia, control.bacterial_vs_viral)
        table.add_row(said[control.view], *(words.score(value) for value in scores))
    return table
