"""DuckDB, which neither downloads extensions nor reads anything but what it is given."""

import duckdb


def connection(*, folders: bool = False) -> duckdb.DuckDBPyConnection:
    """Return a connection in memory.

    Parameters
    ----------
    folders : bool
        Whether queries may read files of this machine.
    """
    made = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": "1",
        },
    )
    if not folders:
        made.execute("SET enable_external_access=false")
    made.execute("SET lock_configuration=true")
    return made
