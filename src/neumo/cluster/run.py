"""Runs the reading of an archive on Ray: plan once, then shards to actors, until all are done."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import neumo
from neumo.cluster.dataset import Dataset
from neumo.cluster.filters import Condition, where
from neumo.cluster.lease import lease
from neumo.cluster.locations import Source
from neumo.cluster.plan import shards_of
from neumo.cluster.ray_connection import connected
from neumo.cluster.schema import SCHEMA_VERSION
from neumo.cluster.shard_reader import Job, ShardReader
from neumo.cluster.sources import open_source
from neumo.core.errors import ClusterError, NeumoError
from neumo.core.message import Message

SHARD_SIZE: Final = 500
"""Locations in a shard: what an interruption costs each core at most, some ten seconds of reading."""
_MAX_BLOCKS: Final = 10_000

Report = Callable[["Totals"], None]
"""Called with the totals so far, after each shard."""


@dataclass
class Totals:
    """Progress of a run over an archive: shards done, readings by status.

    Attributes
    ----------
    locations, shards, shards_done : int
        In the plan; shards done so far, by this run and those before.
    read : int
        Locations that this run has been through.
    statuses, skipped : Counter
        Of this run: readings by status; files that are no images, by reason.
    bytes : int
        Fetched by this run.
    results_failed : int
    """

    locations: int
    shards: int
    shards_done: int
    read: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    results_failed: int = 0


def read_archive(
    job: Job,
    *,
    condition: str | None = None,
    shard_size: int = SHARD_SIZE,
    address: str | None = None,
    planned: Callable[[Mapping[str, Any]], None] = lambda plan: None,
    report: Report = lambda totals: None,
) -> Totals:
    """Read an archive into a dataset of readings, or go on where an earlier run was interrupted.

    Parameters
    ----------
    job : Job
    condition : str, optional
        See `neumo.cluster.filters.where`.
    shard_size : int
        Locations in a shard; that of the first run holds.
    address : str, optional
        Of a Ray cluster, as "auto" or "ray-head:6379"; without one, Ray is started on this machine.
    planned, report : function
        Told of the plan, and of each finished shard.

    Returns
    -------
    Totals

    Raises
    ------
    ClusterError
        A fault of a machine, the source or the dataset's folder; what is done stays, and the same command goes on.
    ConfigError, BundleError
    """
    dataset, source, kept = Dataset(job.dataset), open_source(job.source), where(condition)
    made_with = _made_with(job, condition)
    try:
        dataset.begin(made_with)
        with lease(dataset.place):
            plan = dataset.plan() or _plan(dataset, source, kept, shard_size)
            planned(plan)
            done = dataset.done()
            missing = [shard for shard in range(plan["shards"]) if shard not in done]
            totals = Totals(plan["locations"], plan["shards"], len(done), skipped=Counter(plan["skipped"]))
            if missing:
                for counts in _read_on_ray(job, missing, address):
                    _add(totals, counts)
                    report(totals)
    except NeumoError:
        raise
    except OSError as error:
        raise ClusterError(
            "{folder}: {why}; run the same command again to go on", folder=dataset.place.url, why=error
        ) from error
    return totals


def _made_with(job: Job, condition: str | None) -> dict[str, Any]:
    """Return the settings that must be alike in every run of a dataset."""
    from neumo.inference.reader import Reader

    reader = Reader(**job.reader, threads=1, keep_pixels="sc" in job.results)
    return {
        "schema": SCHEMA_VERSION,
        "neumo": neumo.__version__,
        "source": job.source,
        "where": condition,
        "bundle": reader.bundle.digest,
        "options": reader.options,
        "results": list(job.results),
        "language": job.language,
    }


def _plan(dataset: Dataset, source: Source, kept: Condition | None, shard_size: int) -> Mapping[str, Any]:
    locations = source.locations()
    shards = shards_of(locations, shard_size, kept.keep) if kept else shards_of(locations, shard_size)
    return dataset.write_plan(shards, source.skipped)


def _add(totals: Totals, counts: Mapping[str, Any]) -> None:
    totals.shards_done += 1
    totals.statuses.update(counts["statuses"])
    totals.skipped.update(counts["skipped"])
    totals.read += sum(counts["statuses"].values()) + sum(counts["skipped"].values())
    totals.bytes += counts["bytes"]
    totals.results_failed += counts["results_failed"]


class ShardActor:
    """Callable of each Ray actor: reads the shards of some numbers and returns the counts of each."""

    def __init__(self, job: Job, shards: Sequence[int]) -> None:
        self._reader, self._shards = ShardReader(job), shards

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Read shards. A fault comes back as a value, so that its words are not lost in Ray's."""
        answers = list[str]()
        for number in batch["id"]:
            try:
                answers.append(json.dumps(self._reader.read(self._shards[int(number)]).to_json()))
            except NeumoError as error:
                answers.append(json.dumps({"fault": error.message.to_json()}))
        return {"answer": answers}


def _read_on_ray(job: Job, missing: Sequence[int], address: str | None) -> Iterator[dict[str, Any]]:
    """Yield what became of each missing shard, as they are done. Raises ClusterError at the first fault."""
    with connected(address) as ray:
        cores = int(ray.cluster_resources().get("CPU", 1))
        blocks = min(len(missing), _MAX_BLOCKS)
        # Not `ray.data.range`, whose tasks want a core of their own: where there is but one, the reader holds it.
        numbers = [{"id": number} for number in range(len(missing))]
        answers = ray.data.from_items(numbers, override_num_blocks=blocks).map_batches(
            ShardActor,
            fn_constructor_args=(job, list(missing)),
            batch_size=1,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, min(cores, len(missing)))),
        )
        try:
            for row in answers.iter_rows():
                answer = json.loads(row["answer"])
                if "fault" in answer:
                    raise ClusterError(Message.from_json(answer["fault"]))
                yield answer
        except ray.exceptions.RayError as error:
            raise ClusterError(
                "Ray: {kind}; see its log, and run the same command again to go on", kind=_kind(error)
            ) from error


def _kind(error: BaseException) -> str:
    """Return the name of the error behind one of Ray's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
