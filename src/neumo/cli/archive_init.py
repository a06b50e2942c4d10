"""`neumo archive init`: the tables of an archive, made or brought to this version."""

import typer

from neumo.cli.archive_options import Database
from neumo.cli.show import require_archive_extra


def init(database: Database) -> None:
    """Make an archive's tables, or bring them to this version; needs a role that may."""
    require_archive_extra("neumo archive init")
    from neumo.records.store import open_archive

    engine = open_archive(database)
    where = engine.url.render_as_string(hide_password=True)
    engine.dispose()
    typer.echo(f"{where}: ready")
