"""`neumo compare`: which of several runs is better, and what the data allow to say."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import console, progress_bar, require_extra, say
from neumo.texts.language import chosen_language

app = typer.Typer()


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of evaluated runs, the earliest first.")],
    split: Annotated[str, typer.Option("--split", help="Part that all were evaluated on.")] = "test",
    html: Annotated[Path | None, typer.Option("--html", help="Also write an HTML report.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write all numbers as JSON.")] = None,
    lang: options.Lang = None,
    resamples: options.Resamples = 1000,
) -> None:
    """Compare each run with the ones before it: paired intervals over patients, McNemar, confusions, words."""
    require_extra("train", "neumo compare")
    from neumo.cli.tables import comparison_tables
    from neumo.core.files import require_writable, write_json
    from neumo.evaluation.comparison.report import write_comparison_report
    from neumo.evaluation.comparison.sentences import conclusion
    from neumo.study.compare_runs import compare_runs

    require_writable(json, html)
    with progress_bar("resampling patients") as progress:
        comparison = compare_runs(runs, part=split, resamples=resamples, progress=progress)
    # Files come first: whoever reads standard output may leave early.
    if json is not None:
        write_json(json, comparison.to_json())
    if html is not None:
        write_comparison_report(comparison, html, chosen_language(lang))
    for table in comparison_tables(comparison):
        console.print(table)
    console.print(conclusion(comparison, chosen_language(lang)))
    if json is not None:
        say("numbers: {file}", file=json)
    if html is not None:
        say("report: {file}", file=html)
