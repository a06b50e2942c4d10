"""The `neumo` command: adds its commands together and turns errors into one line and an exit status."""

import sys
from typing import Annotated, Literal, get_args

import typer

from neumo import __version__
from neumo.cli.streams import checked_streams
from neumo.cli.translated import run, without_language
from neumo.core.errors import NeumoError
from neumo.core.names import printable
from neumo.core.starting import without_garbage_collection
from neumo.texts.language import DEFAULT, Language, environment_language, use_language
from neumo.texts.translation import said

Word = Literal[
    "read",
    "sample",
    "doctor",
    "train",
    "evaluate",
    "sweep",
    "compare",
    "commission",
    "papers",
    "listen",
    "canary",
    "fetch",
    "read-archive",
    "report",
    "monitor",
    "deidentify",
    "reproduce",
    "serve",
    "data",
    "bundle",
    "archive",
    "audit",
    "user",
    "token",
]
"""First words of command lines, in the order of the help: commands, then groups of commands."""


def _app_of(word: Word) -> typer.Typer:  # noqa: PLR0912 - one branch a command
    """Import the file of one command, or of one group of commands."""
    match word:
        case "read":
            from neumo.cli.read import app
        case "sample":
            from neumo.cli.sample import app
        case "doctor":
            from neumo.cli.doctor import app
        case "train":
            from neumo.cli.train import app
        case "evaluate":
            from neumo.cli.evaluate import app
        case "sweep":
            from neumo.cli.sweep import app
        case "compare":
            from neumo.cli.compare import app
        case "commission":
            from neumo.cli.commission_review import app
        case "papers":
            from neumo.cli.papers import app
        case "listen":
            from neumo.cli.listen import app
        case "canary":
            from neumo.cli.canary import app
        case "fetch":
            from neumo.cli.fetch import app
        case "read-archive":
            from neumo.cli.read_archive import app
        case "report":
            from neumo.cli.report import app
        case "monitor":
            from neumo.cli.monitor import app
        case "deidentify":
            from neumo.cli.deidentify import app
        case "reproduce":
            from neumo.cli.reproduce import app
        case "serve":
            from neumo.cli.serve import app
        case "data":
            from neumo.cli.data import app
        case "bundle":
            from neumo.cli.bundle import app
        case "archive":
            from neumo.cli.records import archive as app
        case "audit":
            from neumo.cli.records import audit as app
        case "user":
            from neumo.cli.people import user as app
        case "token":
            from neumo.cli.people import token as app
    return app


def command_line(first: str | None = None) -> typer.Typer:
    """Build the command line.

    Parameters
    ----------
    first : str, optional
        First word of a command line. Where it names a command or a group of commands, the files of the others are
        not imported, which would take a tenth of the time of reading one radiograph; otherwise, for help or a
        suggestion, all are.
    """
    app = typer.Typer(
        name="neumo",
        help="Sorts chest radiographs into normal, bacterial and viral pneumonia. Not a medical device: "
        "the decision is the professional's.",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    words: tuple[Word, ...] = get_args(Word)
    for word in [word for word in words if word == first] or words:
        app.add_typer(_app_of(word))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"neumo {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    lang: Annotated[
        Language | None,
        typer.Option(
            "--lang",
            "--language",
            help="Language of all that a command prints and writes; by default that of NEUMO_LANG or the locale. "
            "It may stand anywhere; the last one counts.",
        ),
    ] = None,
) -> None:
    """Options of every command."""


def main() -> None:
    """Run the command line; errors of the neumo family end with status 2 and one message."""
    asked, words = without_language(sys.argv[1:])
    use_language(DEFAULT)  # to complain of NEUMO_LANG itself
    try:
        with checked_streams():
            try:
                language = asked or environment_language()
                use_language(language)
                with without_garbage_collection():
                    app = command_line(words[0] if words else None)
                run(app, words, language)
            except NeumoError as error:
                from rich.console import Console
                from rich.markup import escape

                told = "\n".join(map(printable, said(error.message).split("\n")))
                console = Console(stderr=True, highlight=False)
                console.print(f"[bold red]error:[/] {escape(told)}", soft_wrap=True)
                sys.exit(2)
    finally:
        use_language(None)


if __name__ == "__main__":
    main()
