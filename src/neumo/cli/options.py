"""Options that several commands share, and what they mean."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS, Finding
from neumo.texts.language import Language

_DATABASE_HELP = "sqlite:///FILE or postgresql://HOST/NAME."
Database = Annotated[str, typer.Option("--database", envvar="NEUMO_ARCHIVE", help=_DATABASE_HELP)]
Archive = Annotated[str, typer.Option("--archive", envvar="NEUMO_ARCHIVE", help=_DATABASE_HELP)]
Since = Annotated[str | None, typer.Option("--since", help="Day or time (ISO 8601, UTC), inclusive.")]
Until = Annotated[str | None, typer.Option("--until", help="Day or time (ISO 8601, UTC), inclusive.")]

Bundle = Annotated[str | None, typer.Option("--bundle", help="A bundle's folder or installed name.")]
OperatingPoint = Annotated[
    str | None, typer.Option("--operating-point", help="One of the bundle's; see neumo bundle info.")
]
Coverage = Annotated[float, typer.Option("--coverage", help="Nominal coverage of the prediction sets.")]
Prevalence = Annotated[
    str | None,
    typer.Option(
        "--prevalence",
        envvar="NEUMO_PREVALENCE",
        help="Of pneumonia where neumo is used, such as 0.1, or NORMAL=0.7,BACTERIAL_PNEUMONIA=0.2,...",
    ),
]
AllowOutsideRange = Annotated[
    bool,
    typer.Option("--allow-outside-range", help="Read patients outside the model's ages, with a warning."),
]
Exact = Annotated[
    bool,
    typer.Option("--exact", help="Decode every pixel, also where the network needs far fewer of them."),
]
OverrideAge = Annotated[
    str | None,
    typer.Option(
        "--override-age",
        metavar="REASON",
        help="Read one file outside the model's ages; the reading states why.",
    ),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="CPU cores to use.")]
JsonLines = Annotated[
    str | None, typer.Option("--json", metavar="FILE|-", help="JSON Lines, to a file or standard output.")
]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="CSV file.")]
Resume = Annotated[bool, typer.Option("--resume", help="Skip what the JSON output already holds.")]
Summary = Annotated[
    Path | None,
    typer.Option(
        "--summary", metavar="FILE", help="JSON: how many files were found, read, skipped, and why."
    ),
]

Dataset = Annotated[Path, typer.Option("--data", help="Data set folder or CSV manifest.", show_default=False)]
MovedDataset = Annotated[
    Path | None, typer.Option("--data", help="Where the run's data set lies now, if it moved.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value, such as schedule.batch_size=16."),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting, in YAML.")
]
Resamples = Annotated[int, typer.Option("--resamples", min=40, help="Bootstrap resamples of patients.")]
Lang = Annotated[
    Language | None,
    typer.Option(
        "--lang", "--language", help="Language of all that is printed and written; see neumo --help."
    ),
]


def prevalence_from(text: str | None) -> float | dict[Finding, float] | None:
    """Return the prevalence that `--prevalence` states. Raises ConfigError."""
    if text is None:
        return None
    try:
        if "=" not in text:
            return float(text)
        pairs = (part.split("=", 1) for part in text.split(","))
        return {Finding(name.strip()): float(share) for name, share in pairs}
    except ValueError as error:
        raise ConfigError(
            "--prevalence {text!r}: must be a share such as 0.1, or one for each of {findings}",
            text=text,
            findings=", ".join(FINDINGS),
        ) from error


def age_range(text: str) -> tuple[float, float] | None:
    """Parse `--ages FROM-TO`, in years; None if the text is empty. Raises ConfigError if it is no range."""
    if not text:
        return None
    first, _, last = text.partition("-")
    try:
        youngest, oldest = float(first), float(last)
    except ValueError:
        youngest, oldest = 1.0, 0.0
    if not 0 <= youngest <= oldest:
        raise ConfigError("--ages: {text!r} is no range of years such as 1-5", text=text)
    return youngest, oldest


def already_read(resume: bool, json_target: str | None) -> set[str]:
    """Return the files that an interrupted command's JSON Lines hold; none without `resume`.

    Raises
    ------
    ConfigError
        There is no file to go by.
    """
    if not resume:
        return set()
    if json_target is None or json_target == "-":
        raise ConfigError("--resume: needs --json FILE, whose readings are skipped")
    from neumo.results.json_lines import files_done

    return set(files_done(Path(json_target)))
