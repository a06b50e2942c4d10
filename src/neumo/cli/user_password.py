"""`neumo user password`: another password for somebody."""

from typing import Annotated

import typer

from neumo.cli.show import console
from neumo.cli.user_add import asked_password
from neumo.cli.web_folder import DataOption, people


def password(
    name: Annotated[str, typer.Argument(help="Whose password it is.")],
    data: DataOption = None,
) -> None:
    """Change a password, which ends all sessions of that person."""
    with people("neumo user password", data) as accounts:
        from neumo.web.people.accounts import set_password

        set_password(accounts, name, asked_password())
    console.print(f"{name} has another password, and has to log in anew.")
