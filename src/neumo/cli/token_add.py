"""`neumo token add`: a token by which a program uses the API."""

from typing import Annotated

import typer

from neumo.cli.web_folder import DataOption, people


def add(
    label: Annotated[str, typer.Argument(help="What the token is called, such as the program's name.")],
    user: Annotated[str, typer.Option("--user", help="In whose name the program acts.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope", help="readings:read, readings:write, decisions:write or research:read; repeat it."
        ),
    ],
    data: DataOption = None,
) -> None:
    """Make a token and print it, once: only its hash is kept."""
    with people("neumo token add", data) as accounts:
        from neumo.web.people.accounts import Scope, add_token

        unknown = sorted(set(scope) - set(Scope))
        if unknown:
            raise typer.BadParameter(f"{unknown[0]!r} is none; use {', '.join(Scope)}", param_hint="--scope")
        typer.echo(add_token(accounts, label, user, [Scope(one) for one in scope]))
