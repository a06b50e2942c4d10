"""`neumo evaluate`: metrics with intervals of a trained run or a bundle, on one part of its data."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import console, progress_bar, require_extra, say, warn
from neumo.core.errors import ConfigError
from neumo.core.message import Message
from neumo.texts.language import chosen_language

app = typer.Typer()


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="Folder of a trained run, or of a bundle.")],
    split: Annotated[
        str,
        typer.Option(
            "--split", help="Part to evaluate on: test, val, holdout or train; all, of a bundle by source."
        ),
    ] = "test",
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Where the run's data set lies now, if it moved; needed for a bundle."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Of a bundle: folder for the results.")] = None,
    lang: options.Lang = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", metavar="COLUMN", help="Every metric by subgroup; by source, each hospital by itself."
        ),
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
        bool, typer.Option("--corruptions", help="Of a bundle: also on images corrupted in twelve ways.")
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
    allow_outside_range: options.AllowOutsideRange = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="COLUMN=VALUE",
            help="By source: leave out images whose column of the manifest holds this, as label_basis=text.",
        ),
    ] = None,
    resamples: options.Resamples = 1000,
) -> None:
    """Evaluate a run: metrics with 95 % intervals, operating point, subgroups, and one HTML report."""
    require_extra("train", "neumo evaluate")
    from neumo.bundle.folder import is_bundle

    if by == ["source"]:
        _evaluate_by_source(
            run,
            data,
            split,
            out,
            without=without or [],
            resamples=resamples,
            allow_outside_range=allow_outside_range,
        )
        return
    if allow_outside_range:
        raise ConfigError("--allow-outside-range: goes with a bundle and --by source")
    if without:
        raise ConfigError("--without: goes with --by source")
    if is_bundle(run):
        if by:
            raise ConfigError("--by: a bundle is evaluated by source only, and by nothing beside it")
        _evaluate_bundle(run, data, split, out, corruptions=corruptions, explanations=explanations)
        return
    for option, given in (("--corruptions", corruptions), ("--explanations", explanations is not None)):
        if given:
            raise ConfigError(
                "{option}: evaluates a bundle as it is shipped; make one with neumo bundle export",
                option=option,
            )
    if target_sensitivity is not None and cost_ratio is not None:
        raise ConfigError("--target-sensitivity and --cost-ratio: choose one of the two")
    from neumo.cli.tables import evaluation_tables
    from neumo.study.evaluate_run import evaluate_run

    with progress_bar("predicting") as predicting, progress_bar("resampling patients") as resampling:
        evaluated = evaluate_run(
            run,
            part=split,
            data=data,
            lang=chosen_language(lang),
            by=by or [],
            target_sensitivity=target_sensitivity,
            cost_ratio=cost_ratio,
            resamples=resamples,
            predicting=predicting,
            resampling=resampling,
        )
    for table in evaluation_tables(evaluated.evaluation):
        console.print(table)
    console.print(evaluated.classification_report, markup=False)
    for report in evaluated.subgroups:
        for group in report.groups:
            console.print(f"{report.column} = {group.words(chosen_language(lang))}", markup=False)
    if split == "test" and evaluated.times_evaluated > 1:
        warn(
            "this run was evaluated on the test part {times} times: choosing by such results makes them too good",
            times=evaluated.times_evaluated,
        )
    say("report: {file}", file=evaluated.report)


def _evaluate_bundle(
    bundle: Path,
    data: Path | None,
    part: str,
    out: Path | None,
    *,
    corruptions: bool,
    explanations: int | None,
) -> None:
    if data is None:
        raise ConfigError(
            "{bundle}: is a bundle; say with --data which data set to evaluate it on", bundle=bundle
        )
    from neumo.cli.tables import corruption_table, explanation_tables, reader_tables
    from neumo.inference.reader import Reader
    from neumo.study.evaluate_corruptions import evaluate_corruptions
    from neumo.study.evaluate_explanations import SUMMARY_FILE, evaluate_explanations
    from neumo.study.evaluate_reader import FIGURES_FILE, evaluate_reader

    target = out or Path("evaluation") / bundle.resolve().name / part
    reader = Reader(bundle)
    with progress_bar("reading") as reading, progress_bar("resampling patients") as resampling:
        evaluated = evaluate_reader(
            reader,
            data,
            target,
            part=part,
            command=_command(),
            reading=reading,
            resampling=resampling,
        )
    for table in reader_tables(evaluated):
        console.print(table)
    refused = ", ".join(f"{count} {code}" for code, count in evaluated.refused.items()) or Message("none")
    say("{images} images, not read: {refused}", images=evaluated.images, refused=refused)
    say("metrics: {file}", file=target / FIGURES_FILE)
    if corruptions:
        with progress_bar("reading corrupted images") as reading:
            cells = evaluate_corruptions(reader, data, target, part=part, reading=reading)
        console.print(corruption_table(cells))
    if explanations is not None:
        with progress_bar("checking heat maps") as checking:
            checks = evaluate_explanations(
                reader, data, target, part=part, images=explanations, checking=checking
            )
        for table in explanation_tables(checks):
            console.print(table)
        say("heat maps: {file}", file=target / SUMMARY_FILE)


def _evaluate_by_source(
    run: Path,
    data: Path | None,
    part: str,
    out: Path | None,
    *,
    without: list[str],
    resamples: int,
    allow_outside_range: bool,
) -> None:
    from neumo.bundle.folder import is_bundle
    from neumo.cli.tables import source_tables
    from neumo.datasets.attributes import attribute_value
    from neumo.inference.reader import Reader
    from neumo.study.evaluate_sources import SOURCES_FILE, evaluate_reader_by_source, evaluate_runs_by_source

    left_out = [attribute_value(given) for given in without]
    target = out or Path("evaluation") / run.resolve().name / f"{part}-by-source"
    if not is_bundle(run):
        with progress_bar("predicting") as predicting:
            evaluated = evaluate_runs_by_source(
                [run],
                target,
                part=part,
                data=data,
                without=left_out,
                command=_command(),
                resamples=resamples,
                predicting=predicting,
            )
    elif data is None:
        raise ConfigError(
            "{bundle}: is a bundle; say with --data which data set to evaluate it on", bundle=run
        )
    else:
        with progress_bar("reading") as reading:
            read = evaluate_reader_by_source(
                Reader(run, allow_outside_range=allow_outside_range),
                data,
                target,
                part=part,
                without=left_out,
                command=_command(),
                resamples=resamples,
                reading=reading,
            )
        evaluated = read.sources
        for source, images in sorted(read.trained.items()):
            say(
                "{source}: {images} images trained the bundle and are left out",
                source=source or Message("(none stated)"),
                images=images,
            )
    for table in source_tables(evaluated):
        console.print(table)
    say("metrics: {file}", file=target / SOURCES_FILE)


def _command() -> str:
    """Return the command line with folders by their names only, for metrics that are published."""
    words = (Path(word).name if "/" in word else word for word in sys.argv[1:])
    return shlex.join(["neumo", *words])
