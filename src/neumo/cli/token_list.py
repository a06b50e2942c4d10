"""`neumo token list`: the tokens of programs."""

from rich.table import Table

from neumo.cli.show import console
from neumo.cli.web_folder import DataOption, people


def list_tokens(data: DataOption = None) -> None:
    """List tokens, whose they are and what they may do."""
    with people("neumo token list", data) as accounts:
        from neumo.web.people.accounts import tokens

        table = Table("label", "user", "scopes")
        for token in tokens(accounts):
            table.add_row(token.label, token.name, " ".join(sorted(token.scopes)))
    console.print(table)
