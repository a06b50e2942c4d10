"""Summaries of a dataset of readings, computed by DuckDB over its files without loading them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset

from neumo.bundle.drift_reference import DriftReference
from neumo.cluster.dataset import READINGS, Dataset
from neumo.cluster.schema import READINGS_SCHEMA
from neumo.cluster.sql import connection
from neumo.core.errors import ClusterError, ManifestError
from neumo.core.labels import parse_label
from neumo.core.statistics import Proportion, wilson
from neumo.monitoring.two_samples import stability_counts, stability_index, stability_limits

if TYPE_CHECKING:
    import duckdb

_LOCATION_COLUMNS: Final = ("location", "path", "file")


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric of the readings beside the bundle's reference.

    Attributes
    ----------
    name : str
        "distance" or "pneumonia".
    n : int
    median : float or None
        By DuckDB's t-digest, which needs no sorting: within some thousandths.
    reference_median, psi : float or None
        None where the bundle carries no reference, or nothing was read.
    """

    name: str
    n: int
    median: float | None
    reference_median: float | None
    psi: float | None


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """Counts of the answers to radiographs of one label.

    Attributes
    ----------
    label : str
    n : int
        With a reading or not.
    flagged : Proportion
        Pneumonia at the operating point, of those that were read.
    undetermined, unread : int
        Undetermined verdicts; refused, failed or not in the dataset.
    """

    label: str
    n: int
    flagged: Proportion
    undetermined: int
    unread: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A dataset, summed up.

    Attributes
    ----------
    made_with, plan : mapping
        See `neumo.cluster.dataset.Dataset`; `plan` is empty where it is not whole.
    shards_done, readings : int
    statuses, verdicts, reasons : mapping of str to int
        Readings by status and verdict; refusals and failures by code.
    metrics : tuple of MetricSummary
    labels : tuple of LabelSummary
    """

    made_with: Mapping[str, Any]
    plan: Mapping[str, Any]
    shards_done: int
    readings: int
    statuses: Mapping[str, int]
    verdicts: Mapping[str, int]
    reasons: Mapping[str, int]
    metrics: tuple[MetricSummary, ...]
    labels: tuple[LabelSummary, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def summarise(
    url: str,
    reference: DriftReference | None = None,
    labels: Path | None = None,
    *,
    bundle_digest: str | None = None,
) -> Summary:
    """Sum a dataset up, finished or not.

    Parameters
    ----------
    url : str
        Of the dataset.
    reference : DriftReference, optional
        Of the bundle `bundle_digest`; left out where the dataset was made with another one.
    labels : Path, optional
        CSV with a column of locations (or path, file) and one named label.

    Raises
    ------
    ClusterError
        There is no dataset of readings.
    ManifestError
        The labels cannot be used.
    """
    dataset = Dataset(url)
    made_with = dataset.made_with()
    if made_with is None:
        raise ClusterError(
            "{folder}: there is no data set of readings; neumo read-archive makes one", folder=url
        )
    if bundle_digest is not None and made_with.get("bundle") != bundle_digest:
        reference = None
    done = dataset.done()
    sql = connection()
    sql.register("readings", _readings(dataset, bool(done)))
    return Summary(
        made_with=made_with,
        plan=dataset.plan() or {},
        shards_done=len(done),
        readings=sum(_counts(sql, "status").values()),
        statuses=_counts(sql, "status"),
        verdicts=_counts(sql, "verdict"),
        reasons=_counts(sql, "reason", "(SELECT unnest(reasons) AS reason FROM readings)"),
        metrics=(
            _metric(sql, "distance", "distance", None if reference is None else reference.distance),
            _metric(sql, "pneumonia", "p_PNEUMONIA", None if reference is None else reference.pneumonia),
        ),
        labels=() if labels is None else tuple(_agreement(sql, labels)),
    )


def _readings(dataset: Dataset, any_done: bool) -> Any:
    if not any_done:
        return READINGS_SCHEMA.empty_table()
    place = dataset.place
    return pa.dataset.dataset(
        place.at(READINGS), filesystem=place.filesystem, format="parquet", schema=READINGS_SCHEMA
    )


def _counts(sql: "duckdb.DuckDBPyConnection", column: str, table: str = "readings") -> dict[str, int]:
    rows = sql.execute(
        f"SELECT {column}, count(*) AS n FROM {table} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"
    ).fetchall()
    return {str(name): int(count) for name, count in rows}


def _metric(sql: "duckdb.DuckDBPyConnection", name: str, expression: str, reference: Any) -> MetricSummary:
    table = f"(SELECT {expression} AS value FROM readings) WHERE value IS NOT NULL"
    found = sql.execute(f"SELECT count(*), approx_quantile(value, 0.5) FROM {table}").fetchall()
    ((count, median),) = found
    if reference is None or count == 0:
        return MetricSummary(name, count, median, None, None)
    values = np.asarray(reference, dtype=np.float64)
    limits = stability_limits(values)
    above = " + ".join(f"(value > {float(limit)!r})::INTEGER" for limit in limits)
    bins = dict(sql.execute(f"SELECT {above}, count(*) FROM {table} GROUP BY 1").fetchall())
    counts = np.array([bins.get(number, 0) for number in range(limits.size + 1)], dtype=np.int64)
    expected = stability_counts(values, limits)
    return MetricSummary(name, count, median, float(np.median(values)), stability_index(expected, counts))


def _agreement(sql: "duckdb.DuckDBPyConnection", labels: Path) -> Sequence[LabelSummary]:
    sql.register("labels", _labels(labels))
    rows = sql.execute(
        """
        SELECT label, count(*), count(*) FILTER (status = 'read'),
               count(*) FILTER (status = 'read' AND pneumonia),
               count(*) FILTER (status = 'read' AND verdict = 'undetermined')
        FROM labels LEFT JOIN readings USING (location) GROUP BY label ORDER BY label
        """
    ).fetchall()
    return [
        LabelSummary(label, n, wilson(flagged, read), undetermined, n - read)
        for label, n, read, flagged, undetermined in rows
    ]


def _labels(file: Path) -> pa.Table:
    try:
        table = pa.csv.read_csv(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise ManifestError("{file}: cannot be read as CSV ({why})", file=file, why=error) from error
    column = next((name for name in _LOCATION_COLUMNS if name in table.column_names), None)
    if column is None or "label" not in table.column_names:
        raise ManifestError(
            "{file}: needs the columns label and one of {names}",
            file=file,
            names=", ".join(_LOCATION_COLUMNS),
        )
    names = [parse_label(str(text)) for text in table["label"].to_pylist()]
    unknown = [number for number, label in enumerate(names, start=2) if label is None]
    if unknown:
        raise ManifestError(
            "{file}: unknown labels in rows {rows}", file=file, rows=", ".join(map(str, unknown[:5]))
        )
    return pa.table(
        {
            "location": table[column].cast(pa.string()),
            "label": pa.array([label.value for label in names if label is not None]),
        }
    )
