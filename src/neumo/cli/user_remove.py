"""`neumo user remove`: somebody who may log in no longer."""

from typing import Annotated

import typer

from neumo.cli.show import console
from neumo.cli.web_folder import DataOption, people


def remove(
    name: Annotated[str, typer.Argument(help="Name to remove.")],
    data: DataOption = None,
) -> None:
    """Remove a person with all sessions and tokens; that person's decisions stay in the archive."""
    with people("neumo user remove", data) as accounts:
        from neumo.web.people.accounts import remove_user

        remove_user(accounts, name)
    console.print(f"{name} can log in no longer; decisions stay on record.")
