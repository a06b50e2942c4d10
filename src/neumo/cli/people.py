"""`neumo user` and `neumo token`: who may use the workbench, people and programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from neumo.cli.show import console, require_extra, say
from neumo.texts.translation import headings, said

if TYPE_CHECKING:
    from sqlalchemy import Engine

user = typer.Typer(name="user", help="People who may log in to the workbench.", no_args_is_help=True)
token = typer.Typer(
    name="token", help="Tokens by which programs use the workbench's API.", no_args_is_help=True
)

_Data = Annotated[
    Path | None, typer.Option("--data", help="The server's data folder, as neumo serve has it.")
]
_Label = Annotated[str, typer.Argument(help="What the token is called, such as the program's name.")]
_Name = Annotated[str, typer.Argument(help="Name to log in with.")]


@contextmanager
def _accounts(command: str, data: Path | None) -> "Iterator[Engine]":
    """Yield the database of people. Raises MissingExtraError, OutputError, ArchiveUnavailableError."""
    require_extra("web", command)
    from neumo.web.config import default_data_folder
    from neumo.web.people.accounts import open_accounts

    engine = open_accounts(data or default_data_folder())
    try:
        yield engine
    finally:
        engine.dispose()


@user.command("add")
def add_user(
    name: _Name,
    role: Annotated[str, typer.Option("--role", help="reader, researcher or admin.")] = "reader",
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Log in through the provider of the setting oidc only.")
    ] = False,
    data: _Data = None,
) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    with _accounts("neumo user add", data) as engine:
        from neumo.web.people import accounts

        if role not in list(accounts.Role):
            known = ", ".join(accounts.Role)
            fault = said("{role!r} is none; use one of {known}", role=role, known=known)
            raise typer.BadParameter(fault, param_hint="--role")
        accounts.add_user(engine, name, None if no_password else _asked_password(), accounts.Role(role))
    say("{name} can log in as {role}.", name=name, role=role)


@user.command("list")
def list_users(data: _Data = None) -> None:
    """List people and their roles."""
    with _accounts("neumo user list", data) as engine:
        from neumo.web.people import accounts

        table = Table(*headings("name", "role", "verifies reports as"))
        for person in accounts.users(engine):
            signs = person.verifier
            table.add_row(
                person.name, person.role.value, f"{signs.name}, {signs.organization}" if signs else ""
            )
    console.print(table)


@user.command("verifier")
def set_verifier(
    name: _Name,
    full_name: Annotated[
        str | None, typer.Option("--name", help="As DICOM writes it: Family^Given, such as García^Ana.")
    ] = None,
    organization: Annotated[
        str | None, typer.Option("--organization", help="For which that person signs.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the right away.")] = False,
    data: _Data = None,
) -> None:
    """Give a person the right to verify reports: decisions of that person make them VERIFIED and final."""
    if remove == (full_name is not None or organization is not None) or (full_name is None) != (
        organization is None
    ):
        raise typer.BadParameter(said("give --name and --organization, or --remove"))
    with _accounts("neumo user verifier", data) as engine:
        from neumo.web.people import accounts
        from neumo.web.people.verifier import Verifier

        signs = None if remove else Verifier(str(full_name), str(organization))
        accounts.set_verifier(engine, name, signs)
    if signs is None:
        say("{name} verifies no reports.", name=name)
    else:
        say("{name} verifies reports as {full_name}.", name=name, full_name=signs.name)


@user.command("password")
def change_password(name: _Name, data: _Data = None) -> None:
    """Change a password, which ends all sessions of that person."""
    with _accounts("neumo user password", data) as engine:
        from neumo.web.people import accounts

        accounts.set_password(engine, name, _asked_password())
    say("{name} has another password, and has to log in anew.", name=name)


@user.command("remove")
def remove_user(name: _Name, data: _Data = None) -> None:
    """Remove a person with all sessions and tokens; that person's decisions stay in the archive."""
    with _accounts("neumo user remove", data) as engine:
        from neumo.web.people import accounts

        accounts.remove_user(engine, name)
    say("{name} can log in no longer; decisions stay on record.", name=name)


@token.command("add")
def add_token(
    label: _Label,
    user: Annotated[str, typer.Option("--user", help="In whose name the program acts.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="readings:read, readings:write, decisions:write, reports:verify or research:read; repeat it.",
        ),
    ],
    data: _Data = None,
) -> None:
    """Make a token and print it, once: only its hash is kept."""
    with _accounts("neumo token add", data) as engine:
        from neumo.web.people import accounts

        unknown = sorted(set(scope) - set(accounts.Scope))
        if unknown:
            known = ", ".join(accounts.Scope)
            fault = said("{scope!r} is none; use {known}", scope=unknown[0], known=known)
            raise typer.BadParameter(fault, param_hint="--scope")
        typer.echo(accounts.add_token(engine, label, user, [accounts.Scope(one) for one in scope]))


@token.command("list")
def list_tokens(data: _Data = None) -> None:
    """List tokens, whose they are and what they may do."""
    with _accounts("neumo token list", data) as engine:
        from neumo.web.people import accounts

        table = Table(*headings("label", "user", "scopes"))
        for one in accounts.tokens(engine):
            table.add_row(one.label, one.name, " ".join(sorted(one.scopes)))
    console.print(table)


@token.command("remove")
def remove_token(label: _Label, data: _Data = None) -> None:
    """Make a token void."""
    with _accounts("neumo token remove", data) as engine:
        from neumo.web.people import accounts

        accounts.remove_token(engine, label)
    say("The token {label} is void.", label=label)


def _asked_password() -> str:
    """Ask twice where somebody sits at a terminal; else take a line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    while True:
        password = str(typer.prompt(said("Password"), hide_input=True))
        if password == typer.prompt(said("The password again"), hide_input=True):
            return password
        typer.echo(said("These are two different passwords; try again."), err=True)
