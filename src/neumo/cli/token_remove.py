"""`neumo token remove`: a token that is void from now on."""

from typing import Annotated

import typer

from neumo.cli.show import console
from neumo.cli.web_folder import DataOption, people


def remove(
    label: Annotated[str, typer.Argument(help="What the token is called.")],
    data: DataOption = None,
) -> None:
    """Make a token void."""
    with people("neumo token remove", data) as accounts:
        from neumo.web.people.accounts import remove_token

        remove_token(accounts, label)
    console.print(f"The token {label} is void.")
