"""`neumo evaluate`: a trained run or a bundle, judged on one part of its data."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli.show import Language, console, progress_bar, require_train_extra
from neumo.core.errors import ConfigError


def evaluate(
    run: Annotated[Path, typer.Argument(help="Folder of a trained run, or of a bundle.")],
    split: Annotated[
        str, typer.Option("--split", help="Part to judge on: test, val, holdout or train.")
    ] = "test",
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Where the run's data set lies now, if it moved; needed for a bundle."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Of a bundle: folder for the figures.")] = None,
    lang: Annotated[Language, typer.Option("--lang", help="Language of the report.")] = Language.EN,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Every metric by subgroup.")
    ] = None,
    target_sensitivity: Annotated[
        float | None,
        typer.Option("--target-sensitivity", help="Choose the threshold for this sensitivity on validation."),
    ] = None,
    cost_ratio: Annotated[
        float | None,
        typer.Option("--cost-ratio", help="... or for this cost of a missed pneumonia over a false alarm."),
    ] = None,
    corruptions: Annotated[
        bool, typer.Option("--corruptions", help="Of a bundle: also on images damaged in twelve ways.")
    ] = False,
    explanations: Annotated[
        int | None,
        typer.Option(
            "--explanations",
            min=1,
            metavar="N",
            help="Of a bundle: also check the heat maps of N images, as 100.",
        ),
    ] = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=40, help="Bootstrap resamples of patients.")
    ] = 1000,
) -> None:
    """Judge a run: metrics with 95 % intervals, operating point, subgroups, and one HTML report."""
    require_train_extra("neumo evaluate")
    from neumo.bundle.folder import is_bundle

    if is_bundle(run):
        from neumo.cli.evaluate_bundle import evaluate_bundle

        evaluate_bundle(run, data, split, out, corruptions=corruptions, explanations=explanations)
        return
    for option, given in (("--corruptions", corruptions), ("--explanations", explanations is not None)):
        if given:
            raise ConfigError(
                f"{option}: judges a bundle as it is shipped; make one with neumo bundle export"
            )
    from neumo.cli.judgement_tables import judgement_tables
    from neumo.study.evaluate_run import evaluate_run

    if target_sensitivity is not None and cost_ratio is not None:
        raise ConfigError("--target-sensitivity and --cost-ratio: choose one of the two")
    with progress_bar("predicting") as predicting, progress_bar("resampling patients") as resampling:
        evaluated = evaluate_run(
            run,
            part=split,
            data=data,
            lang=lang.value,
            by=by or [],
            target_sensitivity=target_sensitivity,
            cost_ratio=cost_ratio,
            resamples=resamples,
            predicting=predicting,
            resampling=resampling,
        )
    for table in judgement_tables(evaluated.judgement):
        console.print(table)
    console.print(evaluated.classification_report, markup=False)
    for report in evaluated.subgroups:
        for group in report.groups:
            console.print(f"{report.column} = {group.words(lang.value)}", markup=False)
    if split == "test" and evaluated.times_judged > 1:
        console.print(
            f"[yellow]this run was judged on the test part {evaluated.times_judged} times: "
            "choosing by such results makes them too good[/]"
        )
    console.print(f"report: {evaluated.report}", soft_wrap=True)
