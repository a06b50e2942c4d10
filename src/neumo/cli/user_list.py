"""`neumo user list`: who may log in to the workbench."""

from rich.table import Table

from neumo.cli.show import console
from neumo.cli.web_folder import DataOption, people


def list_users(data: DataOption = None) -> None:
    """List people and their roles."""
    with people("neumo user list", data) as accounts:
        from neumo.web.people.accounts import users

        table = Table("name", "role")
        for user in users(accounts):
            table.add_row(user.name, user.role.value)
    console.print(table)
