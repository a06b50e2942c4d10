"""`neumo user add`: somebody who may log in to the workbench."""

import sys
from typing import Annotated

import typer

from neumo.cli.show import console
from neumo.cli.web_folder import DataOption, people


def add(
    name: Annotated[str, typer.Argument(help="Name to log in with.")],
    role: Annotated[str, typer.Option("--role", help="reader, researcher or admin.")] = "reader",
    elsewhere: Annotated[
        bool, typer.Option("--no-password", help="Log in through the provider of the setting oidc only.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    with people("neumo user add", data) as accounts:
        from neumo.web.people.accounts import Role, add_user

        if role not in list(Role):
            raise typer.BadParameter(f"{role!r} is none; use one of {', '.join(Role)}", param_hint="--role")
        add_user(accounts, name, None if elsewhere else asked_password(), Role(role))
    console.print(f"{name} can log in as {role}.")


def asked_password() -> str:
    """Ask twice where somebody sits at a terminal; else take a line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
