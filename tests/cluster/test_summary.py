"""Summaries: counts are those of the rows, the stability index that of the monitor, labels go by location."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from neumo.bundle.drift_reference import DriftReference
from neumo.cluster.dataset import Dataset
from neumo.cluster.schema import READINGS_SCHEMA
from neumo.cluster.summary import summarise
from neumo.core.errors import ClusterError, ManifestError
from neumo.monitoring.two_samples import population_stability_index

RNG = np.random.default_rng(4)
DISTANCE, PNEUMONIA = RNG.gamma(3, 0.3, 600), RNG.random(600)


def row(number: int) -> dict[str, Any]:
    read = number % 10 != 0
    p = float(PNEUMONIA[number])
    return {
        "location": f"{number}.dcm",
        "status": "read" if read else "refused",
        "verdict": ("pneumonia" if p > 0.6 else "undetermined" if p > 0.4 else "no_pneumonia")
        if read
        else None,
        "p_NORMAL": 1 - p if read else None,
        "p_BACTERIAL_PNEUMONIA": p / 2 if read else None,
        "p_VIRAL_PNEUMONIA": p / 2 if read else None,
        "p_PNEUMONIA": p if read else None,
        "pneumonia": p > 0.5 if read else None,
        "distance": float(DISTANCE[number]),
        "reasons": [] if read else ["far_from_training"],
        "reading": "{}",
    }


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    made = Dataset(str(tmp_path / "set"))
    made.begin({"source": "x", "bundle": "digest"})
    made.write_plan([], {"litter": 3})
    for shard in range(3):
        rows = [row(number) for number in range(shard * 200, shard * 200 + 200)]
        made.write_readings(shard, pa.Table.from_pylist(rows, schema=READINGS_SCHEMA))
    return made


def test_counts_medians_and_stability_are_those_of_the_rows(dataset: Dataset) -> None:
    reference = DriftReference(
        np.sort(DISTANCE[:300] * 1.2).astype(np.float32), np.sort(PNEUMONIA[:300] ** 2).astype(np.float32)
    )
    summary = summarise(dataset.place.url, reference, bundle_digest="digest")
    rows = [row(number) for number in range(600)]
    assert summary.readings == 600
    assert summary.statuses == {"read": 540, "refused": 60}
    assert summary.verdicts == {
        name: sum(each["verdict"] == name for each in rows) for name in summary.verdicts
    }
    assert summary.reasons == {"far_from_training": 60}
    distance, pneumonia = summary.metrics
    assert (distance.n, pneumonia.n) == (600, 540)
    read = np.array([PNEUMONIA[number] for number in range(600) if number % 10])
    expected = population_stability_index(reference.pneumonia.astype(np.float64), read)
    assert pneumonia.psi == pytest.approx(expected, abs=1e-9)
    assert distance.psi == pytest.approx(
        population_stability_index(reference.distance.astype(np.float64), DISTANCE), abs=1e-9
    )
    assert pneumonia.median == pytest.approx(float(np.median(read)), abs=0.02)
    assert json.loads(json.dumps(summary.to_json()))["plan"]["skipped"] == {"litter": 3}


def test_a_reference_of_another_bundle_is_not_compared_with(dataset: Dataset) -> None:
    reference = DriftReference(DISTANCE.astype(np.float32), PNEUMONIA.astype(np.float32))
    summary = summarise(dataset.place.url, reference, bundle_digest="another")
    assert [metric.psi for metric in summary.metrics] == [None, None]


def test_labels_count_what_was_flagged_undetermined_and_not_read(dataset: Dataset, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "location,label\n" + "".join(f"{n}.dcm,{('NORMAL', 'PNEUMONIA')[n % 2]}\n" for n in range(590, 610))
    )
    normal, pneumonia = summarise(dataset.place.url, labels=labels).labels
    rows = [row(number) for number in range(590, 600)]
    assert (normal.label, normal.n, pneumonia.n) == ("NORMAL", 10, 10)
    assert normal.unread == 5 + 1
    assert normal.flagged.count == sum(bool(each["pneumonia"]) for each in rows[::2])
    assert pneumonia.flagged.of == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name,label\n", "needs the columns"),
        ("location,label\n1.dcm,flu\n", "unknown labels in rows 2"),
        ("", "CSV"),
    ],
)
def test_labels_that_cannot_be_used_are_said(
    dataset: Dataset, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(ManifestError, match=said):
        summarise(dataset.place.url, labels=tmp_path / "labels.csv")


def test_an_unfinished_dataset_is_summed_up_and_what_is_none_is_said(tmp_path: Path) -> None:
    begun = Dataset(str(tmp_path / "begun"))
    begun.begin({"source": "x"})
    summary = summarise(begun.place.url)
    assert (summary.readings, summary.plan, summary.shards_done) == (0, {}, 0)
    with pytest.raises(ClusterError, match="no data set of readings"):
        summarise(str(tmp_path))


def test_a_folder_with_something_else_or_of_another_run_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine.txt").touch()
    with pytest.raises(ClusterError, match="holds something else"):
        Dataset(str(tmp_path / "other")).begin({"source": "x"})
    begun = Dataset(str(tmp_path / "begun"))
    begun.begin({"source": "x", "bundle": "one"})
    begun.begin({"source": "x", "bundle": "one"})
    with pytest.raises(ClusterError, match=r"another bundle \(one, not two\)"):
        begun.begin({"source": "x", "bundle": "two"})
    (tmp_path / "begun/_neumo.json").write_text("{")
    with pytest.raises(ClusterError, match="is not what neumo writes"):
        begun.begin({"source": "x", "bundle": "one"})
