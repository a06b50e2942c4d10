"""`--where`: which of the listed locations are read, as a condition in SQL."""

import pyarrow as pa

from neumo.cluster.plan import PLAN_SCHEMA
from neumo.core.errors import ConfigError
from neumo.core.names import printable


def where(condition: str | None) -> "Condition | None":
    """Return a filter of a table of locations by an SQL condition; None without one.

    Parameters
    ----------
    condition : str or None
        On the columns location (text), size (bytes) and modified (time), such as "size < 50000000 and location like
        '2024/%'".

    Raises
    ------
    ConfigError
        It is no condition on these columns.
    """
    return None if condition is None else Condition(condition)


class Condition:
    """Keeps the locations that a condition holds for. It can read nothing but the columns."""

    def __init__(self, condition: str) -> None:
        from neumo.cluster.sql import connection

        if not condition.strip():
            raise ConfigError("--where: is empty; give a condition on location, size and modified")
        self._condition, self._connection = condition, connection()
        self.keep(PLAN_SCHEMA.empty_table())

    def keep(self, table: pa.Table) -> pa.Table:
        """Return the rows that it holds for, of `PLAN_SCHEMA`. Raises ConfigError."""
        import duckdb

        self._connection.register("locations", table)
        try:
            kept = self._connection.sql(f"SELECT * FROM locations WHERE ({self._condition}\n)")
            return kept.to_arrow_table().cast(PLAN_SCHEMA)
        except duckdb.Error as error:
            raise ConfigError(
                "--where {condition!r}: is no condition on location, size and modified ({why})",
                condition=printable(self._condition),
                why=printable(str(error).splitlines()[0]),
            ) from error
        finally:
            self._connection.unregister("locations")
