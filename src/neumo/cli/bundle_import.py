"""`neumo bundle import`: a classifier from elsewhere (ONNX) and labelled radiographs, made a bundle."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from neumo.cli import options
from neumo.cli.show import console, progress_bar, require_extra, say, warn
from neumo.texts.language import chosen_language
from neumo.texts.metric_words import metric_words
from neumo.texts.translation import headings

if TYPE_CHECKING:
    from rich.table import Table

    from neumo.conversion.fitting import Fitting
    from neumo.conversion.import_network import Converted

_SCALINGS = Literal["0..1", "-1..1", "imagenet", "0..255", "+-1024", "caffe"]


def import_bundle(
    model: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="A classifier as ONNX, in one file.")],
    labels: Annotated[
        Path, typer.Option("--labels", metavar="LOCAL.csv", help="Table of images: path, label, patient, ...")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="BUNDLE", help="New folder; the model's name by default.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Of the bundle; the model's name by default.")] = "",
    version: Annotated[str, typer.Option("--version", help="Of the bundle.")] = "1",
    classes: Annotated[
        str,
        typer.Option(
            "--classes",
            help="What each output stands for, in order: normal, bacterial, viral, pneumonia, or any other word.",
        ),
    ] = "",
    class_index: Annotated[
        int | None, typer.Option("--class-index", help="Output that stands for pneumonia, from 0 on.")
    ] = None,
    scaling: Annotated[
        _SCALINGS | None, typer.Option("--scaling", help="Of the input; found by trying when left out.")
    ] = None,
    layout: Annotated[
        Literal["nchw", "nhwc"] | None, typer.Option("--layout", help="Of the input, where it is open.")
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", min=16, help="Side of the input in pixels, where it is open.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", help="Name of the output to take, of several.")
    ] = None,
    ages: Annotated[
        str, typer.Option("--ages", metavar="FROM-TO", help="Ages in years that the network is for.")
    ] = "",
    unseen: Annotated[
        bool, typer.Option("--unseen", help="State that the network was not trained on these images.")
    ] = False,
    trained_on: Annotated[
        str, typer.Option("--trained-on", help="What it was trained on, for the card.")
    ] = "",
    licence: Annotated[str, typer.Option("--licence", help="Of the network, for the card.")] = "",
    target_sensitivity: Annotated[
        float, typer.Option("--target-sensitivity", help="That the default operating point is chosen for.")
    ] = 0.9,
    threads: options.Threads = None,
    resamples: options.Resamples = 1000,
) -> None:
    """Make a bundle of a classifier of normal and pneumonia (or bacterial and viral) and of labelled radiographs.

    The input's scaling is found by trying the usual ones; calibration, operating points, prediction sets and gate are
    set on the radiographs, and measured by nested cross-validation.
    """
    require_extra("site", "neumo bundle import")
    from neumo.commissioning.settings import Wishes
    from neumo.conversion.draft import Asked
    from neumo.conversion.import_network import Progresses, import_network
    from neumo.conversion.scaling import Layout, Scaling
    from neumo.conversion.source_network import Declared
    from neumo.inference.bundle_trial import remember, try_bundle

    target = out or Path(model.stem)
    asked = Asked(
        name=name or model.stem,
        version=version,
        scaling=None if scaling is None else Scaling(scaling),
        classes=tuple(part.strip() for part in classes.split(",")) if classes else (),
        class_index=class_index,
        ages=options.age_range(ages),
        unseen=unseen,
        trained_on=trained_on,
        licence=licence,
    )
    with (
        progress_bar("opening") as opening,
        progress_bar("trying") as trying,
        progress_bar("reading") as reading,
        progress_bar("setting") as setting,
    ):
        made = import_network(
            model,
            labels,
            target,
            asked,
            declared=Declared(None if layout is None else Layout(layout), size, output),
            wishes=Wishes(target_sensitivity),
            command=f"neumo bundle import {model.name} --labels {labels.name}",
            threads=threads,
            resamples=resamples,
            progresses=Progresses(opening, trying, reading, setting),
        )
    try_bundle(made.bundle.path, digest=made.bundle.digest)
    remember(made.bundle.digest)
    _report(made, unseen=unseen)


def _report(made: "Converted", *, unseen: bool) -> None:
    fitting, bundle = made.fitting, made.bundle
    console.print(_tried(fitting))
    say(
        "input {scaling}, outputs {classes} ({values}); tried on {images} radiographs",
        scaling=fitting.scaling.value,
        classes=fitting.classes,
        values=fitting.values.value,
        images=fitting.images,
    )
    if fitting.ambiguous:
        warn(
            "these radiographs do not tell {scalings} from it; give --scaling if you know it",
            scalings=", ".join(scaling.value for scaling in fitting.ambiguous),
        )
    console.print(_measured(made))
    if not unseen:
        warn(
            "nobody states that the network was not trained on these radiographs (--unseen): no answer states these "
            "metrics"
        )
    if bundle.config.etiology_age_years is None:
        say("it does not tell bacterial from viral pneumonia: the etiology is not assessed")
    if bundle.config.class_maps is None:
        say("its graph offers no class maps: heat maps are made by occlusion")
    say("{out}: digest {digest}", out=bundle.path, digest=bundle.digest[:12])
    say("next: neumo commission LOCAL.csv --out SITE --bundle {out}, with other radiographs", out=bundle.path)


def _tried(fitting: "Fitting") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings("scaling", "outputs", "AUROC (95 % interval)", "behind the best", "log loss"))
    for one in fitting.tried:
        cells = (one.scaling.value, str(one.classes), str(one.auroc), str(one.behind), f"{one.loss:.3f}")
        table.add_row(*map(Text, cells), style="bold" if one.scaling is fitting.scaling else "")
    return table


def _measured(made: "Converted") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings("metric", "value (95 % interval)", "images"))
    for entry in made.evidence:
        if entry.conditions.get("operating_point", "site") == "site":
            shown = metric_words(entry, chosen_language())
            table.add_row(*map(Text, (shown, str(entry), str(entry.n))))
    return table
