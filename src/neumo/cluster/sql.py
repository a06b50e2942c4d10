"""In-memory DuckDB connections without extension downloads or file access."""

import duckdb


def connection() -> duckdb.DuckDBPyConnection:
    """Return an in-memory connection that can query registered tables only."""
    made = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": "1",
        },
    )
    made.execute("SET enable_external_access=false")
    made.execute("SET lock_configuration=true")
    return made
