"""`neumo compare`: which of several runs is better, and what the data allow to say."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli.show import Language, console, progress_bar, require_train_extra


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of judged runs, the earliest first.")],
    split: Annotated[str, typer.Option("--split", help="Part that all were judged on.")] = "test",
    html: Annotated[Path | None, typer.Option("--html", help="Also write an HTML report.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write all numbers as JSON.")] = None,
    lang: Annotated[Language, typer.Option("--lang", help="Language of the words.")] = Language.EN,
    resamples: Annotated[
        int, typer.Option("--resamples", min=40, help="Bootstrap resamples of patients.")
    ] = 1000,
) -> None:
    """Compare each run with the ones before it: paired intervals over patients, McNemar, confusions, words."""
    require_train_extra("neumo compare")
    from neumo.cli.comparison_tables import comparison_tables
    from neumo.core.files import write_json
    from neumo.evaluation.comparison.report import write_comparison_report
    from neumo.evaluation.comparison.words import conclusion
    from neumo.study.compare_runs import compare_runs

    with progress_bar("resampling patients") as progress:
        comparison = compare_runs(runs, part=split, resamples=resamples, progress=progress)
    for table in comparison_tables(comparison):
        console.print(table)
    console.print(conclusion(comparison, lang.value))
    if json is not None:
        write_json(json, comparison.to_json())
        console.print(f"numbers: {json}")
    if html is not None:
        write_comparison_report(comparison, html, lang.value)
        console.print(f"report: {html}")
