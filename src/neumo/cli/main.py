"""The `neumo` command: puts the commands together and turns errors into one line and a status."""

import sys
from importlib import import_module

import typer
from rich.console import Console

from neumo import __version__
from neumo.core.errors import NeumoError

_GROUPS = {
    "data": "Data sets: get, check, make phantoms.",
    "bundle": "Bundles: look at, verify, install, export.",
    "archive": "Readings on record: search, decide, export, purge.",
    "audit": "The archive's audit log.",
    "user": "People who may log in to the workbench.",
    "token": "Tokens by which programs use the workbench's API.",
}
_COMMANDS = {
    "read": "read:read",
    "doctor": "doctor:doctor",
    "train": "train:train",
    "evaluate": "evaluate:evaluate",
    "compare": "compare:compare",
    "listen": "listen:listen",
    "fetch": "fetch:fetch",
    "monitor": "monitor:monitor",
    "deidentify": "deidentify:deidentify",
    "reproduce": "reproduce:reproduce",
    "serve": "serve:serve",
    "data check": "data_check:check",
    "data get": "data_get:get",
    "data phantom": "data_phantom:phantom",
    "archive init": "archive_init:init",
    "archive search": "archive_search:search",
    "archive show": "archive_show:show",
    "archive decide": "archive_decide:decide",
    "archive export": "archive_export:export",
    "archive purge": "archive_purge:purge",
    "audit verify": "audit_verify:verify",
    "user add": "user_add:add",
    "user list": "user_list:list_users",
    "user remove": "user_remove:remove",
    "user password": "user_password:password",
    "token add": "token_add:add",
    "token list": "token_list:list_tokens",
    "token remove": "token_remove:remove",
    "bundle info": "bundle:info",
    "bundle verify": "bundle:verify",
    "bundle install": "bundle:install",
    "bundle export": "bundle_export:export",
    "bundle card": "bundle_export:card",
    "bundle export-monai": "bundle_export:export_monai",
}
"""Function of each command, as module of this package and name in it."""


def command_line(first: str | None = None) -> typer.Typer:
    """Put the commands together.

    Parameters
    ----------
    first : str, optional
        First word of a command line. Where it names a command or a group of commands the modules of the others are
        not imported, which would take a tenth of the time of reading one file; where it is left out or names none,
        for help or a suggestion, all are.
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
    groups = {name: typer.Typer(help=text, no_args_is_help=True) for name, text in _GROUPS.items()}
    wanted = [name for name in _COMMANDS if name.split()[0] == first] or list(_COMMANDS)
    for name in wanted:
        module, function = _COMMANDS[name].split(":")
        *group, word = name.split()
        owner = groups[group[0]] if group else app
        owner.command(word)(getattr(import_module(f"neumo.cli.{module}"), function))
    for name, group_app in groups.items():
        if group_app.registered_commands:
            app.add_typer(group_app, name=name)
    return app


def _version(value: bool) -> None:
    if value:
        typer.echo(f"neumo {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options of every command."""


def main() -> None:
    """Run the command line; errors of the neumo family end with status 2 and one message."""
    try:
        command_line(sys.argv[1] if len(sys.argv) > 1 else None)(standalone_mode=True)
    except NeumoError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]error:[/] {_escaped(str(error))}", soft_wrap=True
        )
        sys.exit(2)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


if __name__ == "__main__":
    main()
