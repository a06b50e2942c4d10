"""The folder of a dataset of readings: what it was made with, its plan, which shards are done, and their files.

    DATASET/_neumo.json                       what it was made with; a run with anything else is refused
    DATASET/_plan/shard-00000012.parquet      locations of a shard
    DATASET/_plan/complete.json               how many shards there are; written last
    DATASET/readings/batch=00000/shard-00000012.parquet   its readings; there if and only if the shard is done
    DATASET/results/sr/..., sc/..., fhir/...  results beside the readings

Every file appears whole or not at all, so that neither a reader of the dataset nor a resumed run meets half of one.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from neumo.cluster.places import Place, open_place
from neumo.cluster.plan import PLAN_SCHEMA
from neumo.core.errors import ClusterError

READINGS: Final = "readings"
RESULTS: Final = "results"
_MADE_WITH, _PLAN = "_neumo.json", "_plan"
_COMPLETE = f"{_PLAN}/complete.json"
_SHARDS_A_BATCH: Final = 1_000
"""Maximum number of shard files in one partition folder; listing folders of 100,000 files is slow."""


class Dataset:
    """A dataset of readings in a folder or object store.

    Parameters
    ----------
    url : str
        See `neumo.cluster.places.open_place`.

    Raises
    ------
    ConfigError
    """

    def __init__(self, url: str) -> None:
        self.place: Place = open_place(url)

    def made_with(self) -> Mapping[str, Any] | None:
        """Return the settings (source, bundle, options) that it was created with; None for no dataset yet.

        Raises ClusterError, OSError.
        """
        return self._json(_MADE_WITH)

    def begin(self, made_with: Mapping[str, Any]) -> None:
        """Create the dataset, or check that an existing one was created with the same settings.

        Raises
        ------
        ClusterError
            It was made from another source, with another bundle or other options, or the folder holds something else.
        OSError
        """
        before = self.made_with()
        if before is None:
            others = [
                info.base_name for info in self.place.entries() if not info.base_name.startswith(("_", "."))
            ]
            if others:
                raise ClusterError(
                    "{folder}: holds something else ({name}, ...); choose an empty folder",
                    folder=self.place.url,
                    name=others[0],
                )
            self._write_json(_MADE_WITH, made_with)
            return
        differing = [key for key in made_with if before.get(key) != made_with[key]]
        if differing:
            key = differing[0]
            raise ClusterError(
                "{folder}: was made with another {key} ({before}, not {now}); go on with the same one, or choose "
                "another folder: a data set never mixes them",
                folder=self.place.url,
                key=key,
                before=_shown(before.get(key)),
                now=_shown(made_with[key]),
            )

    def plan(self) -> Mapping[str, Any] | None:
        """Return the counts of the plan ("shards", "locations", "skipped"); None where it is not whole."""
        return self._json(_COMPLETE)

    def write_plan(self, shards: Iterable[pa.Table], skipped: Mapping[str, int]) -> Mapping[str, Any]:
        """Write the plan, shard by shard, and say that it is whole. `skipped` is looked at after the last shard."""
        count = locations = 0
        for shard in shards:
            with self.place.writing(_plan_file(count)) as stream:
                pq.write_table(shard, stream, compression="zstd")
            count, locations = count + 1, locations + shard.num_rows
        plan = {"shards": count, "locations": locations, "skipped": dict(skipped)}
        self._write_json(_COMPLETE, plan)
        return plan

    def locations(self, shard: int) -> pa.Table:
        """Return the locations of a shard, of `PLAN_SCHEMA`. Raises OSError."""
        return pq.read_table(pa.BufferReader(self.place.read(_plan_file(shard))), schema=PLAN_SCHEMA)

    def done(self) -> set[int]:
        """Return the numbers of the shards whose readings are there. Raises OSError."""
        return {
            int(info.base_name.removeprefix("shard-").removesuffix(".parquet"))
            for batch in self.place.entries(READINGS)
            for info in self.place.entries(f"{READINGS}/{batch.base_name}")
            if info.base_name.startswith("shard-") and info.base_name.endswith(".parquet")
        }

    def has(self, shard: int) -> bool:
        """Whether the readings of a shard are there. Raises OSError."""
        return self.place.exists(_readings_file(shard))

    def write_readings(self, shard: int, readings: pa.Table) -> None:
        """Write the readings of a shard, whole or not at all. Raises OSError."""
        with self.place.writing(_readings_file(shard)) as stream:
            pq.write_table(readings, stream, compression="zstd")

    def write_result(self, name: str, content: bytes) -> str:
        """Write a result (such as "sr/1.2.3.dcm") and return its path in the dataset. Raises OSError."""
        path = f"{RESULTS}/{name}"
        with self.place.writing(path) as stream:
            stream.write(content)
        return path

    def readings(self) -> Iterator[pa.Table]:
        """Yield the readings, shard by shard."""
        for shard in sorted(self.done()):
            yield pq.read_table(pa.BufferReader(self.place.read(_readings_file(shard))))

    def _json(self, name: str) -> Mapping[str, Any] | None:
        try:
            content = self.place.read(name)
        except FileNotFoundError:
            return None
        with suppress(ValueError):
            value = json.loads(content)
            if isinstance(value, dict):
                return value
        raise ClusterError(
            "{folder}: {name} is not what neumo writes; this is no data set of readings",
            folder=self.place.url,
            name=name,
        )

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        with self.place.writing(name) as stream:
            stream.write((json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def _plan_file(shard: int) -> str:
    return f"{_PLAN}/shard-{shard:08d}.parquet"


def _readings_file(shard: int) -> str:
    return f"{READINGS}/batch={shard // _SHARDS_A_BATCH:05d}/shard-{shard:08d}.parquet"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
