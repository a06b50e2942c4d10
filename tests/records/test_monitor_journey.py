"""Monitoring an archive as a hospital does: a quiet month, a month after a change, and archives that cannot tell."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert
from tests.support.commands import call_neumo
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.drift_reference import DRIFT_REFERENCE
from neumo.bundle.folder import load_bundle, write_sums
from neumo.core.decision import Conclusion
from neumo.records.canonical import canonical
from neumo.records.database import writing_session
from neumo.records.decisions import record_decision
from neumo.records.schema import ReadingRow

REFERENCE, QUIET, CHANGED = "2026-01-31", ("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31")


def rows(first: int, day: datetime, count: int, bundle: str, shift: float = 0.0) -> list[dict[str, Any]]:
    """Readings of a month, evenly spread; one in 50 is refused, one is purged and one failed."""
    generator = np.random.default_rng(first)
    made = []
    for number, (distance, pneumonia) in enumerate(
        zip(generator.gamma(4, 0.2, count) + shift, generator.beta(0.6, 0.6, count), strict=True)
    ):
        status = "failed" if number == 7 else "refused" if number % 50 == 3 else "read"
        answered = status == "read"
        body = {"pneumonia": pneumonia > 0.4, "receipt": {"distance": float(distance).hex()}}
        at = day + timedelta(days=27) * number / count
        made.append(
            {
                "id": first + number,
                "recorded_at": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "source": "ward",
                "content_sha256": f"{first + number:064x}",
                "bundle_digest": "" if status == "failed" else bundle,
                "status": status,
                "finding": ("BACTERIAL_PNEUMONIA" if pneumonia > 0.5 else "NORMAL") if answered else None,
                "normal": 1 - float(pneumonia) if answered else None,
                "bacterial": float(pneumonia) if answered else None,
                "viral": 0.0 if answered else None,
                "distance": None if status == "failed" else float(distance),
                "body": "{}" if number == 11 else canonical({**body, "pneumonia": bool(body["pneumonia"])}),
            }
        )
    return made


def keep(archive: Engine, made: list[dict[str, Any]]) -> None:
    with writing_session(archive) as session:
        session.execute(insert(ReadingRow), made)


@pytest.fixture
def hospital(archive: Engine) -> Iterator[Engine]:
    """Three months, the last after a change of the machine."""
    keep(archive, rows(1, datetime(2026, 1, 2, tzinfo=UTC), 900, "b"))
    keep(archive, rows(1001, datetime(2026, 2, 1, tzinfo=UTC), 300, "b"))
    keep(archive, rows(2001, datetime(2026, 3, 1, tzinfo=UTC), 300, "b", shift=0.5))
    yield archive


def test_a_quiet_month_raises_no_alarm_and_one_after_a_change_does(
    hospital: Engine, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = ("monitor", "--archive", url, "--reference-until", REFERENCE)
    quiet = call_neumo(capsys, *monitor, "--since", QUIET[0], "--until", QUIET[1])
    assert "298 readings; 1 failed; 1 purged and left out" in quiet and "No alarm." in quiet
    assert "Compared with 898 earlier readings of the same bundle." in quiet

    files = ("--json", tmp_path / "m.json", "--html", tmp_path / "m.html")
    changed = call_neumo(capsys, *monitor, "--since", CHANGED[0], "--until", CHANGED[1], *files, status=1)
    assert "Alarm: gate distance changed." in changed
    kept = json.loads((tmp_path / "m.json").read_text())
    assert kept["alarms"] == ["distance"] and kept["purged"] == 1 and kept["reference_purged"] == 1
    assert kept["drift"]["figures"][0]["psi"] > 0.25 and kept["agreement"] == []
    page = (tmp_path / "m.html").read_text()
    assert "Alarm: gate distance changed." in page and "http" not in page.replace("http-equiv", "")
    spanish = ("--lang", "es", "--html", tmp_path / "es.html")
    alarma = call_neumo(capsys, *monitor, "--since", CHANGED[0], "--until", CHANGED[1], *spanish, status=1)
    assert "Se comparó con 898 lecturas anteriores" in alarma and "distancia del control de entrada" in alarma
    assert '<html lang="es">' in (tmp_path / "es.html").read_text()
    # Without a beginning the window is all that follows the reference.
    whole = json.loads(_json(capsys, tmp_path, *monitor, status=1))
    assert whole["readings"] == 2 * 298


def test_people_beside_the_reader(
    hospital: Engine, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = [row for row in rows(1001, datetime(2026, 2, 1, tzinfo=UTC), 300, "b") if row["finding"]]
    decided = [row for row in answered if row["body"] != "{}"][:25]
    for number, row in enumerate(decided):
        final = Conclusion.VIRAL_PNEUMONIA if number < 5 else Conclusion(row["finding"])
        # What was decided first does not count.
        record_decision(hospital, row["id"], person="ana", conclusion=Conclusion.VIRAL_PNEUMONIA)
        record_decision(hospital, row["id"], person="bo", conclusion=final, blinded=number == 0)
    refused = next(
        row for row in rows(1001, datetime(2026, 2, 1, tzinfo=UTC), 300, "b") if not row["finding"]
    )
    record_decision(hospital, refused["id"], person="bo", conclusion=Conclusion.NORMAL)
    report = json.loads(_json(capsys, tmp_path, "monitor", "--archive", url, "--since", QUIET[0]))
    month, whole = report["agreement"]
    assert (month["period"], month["n"], month["blinded"], month["agree"]["count"]) == ("2026-02", 25, 1, 20)
    sick = [row for number, row in enumerate(decided) if number < 5 or row["finding"] != "NORMAL"]
    called = [row for row in sick if json.loads(row["body"])["pneumonia"]]
    assert (month["sensitivity"]["count"], month["sensitivity"]["of"]) == (len(called), len(sick))
    assert whole["period"] == "all" and report["drift"] is None


def test_what_cannot_be_compared_is_said_in_one_line(
    hospital: Engine, url: str, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = ("monitor", "--archive", url)
    bare = make_bundle(tmp_path / "bare", phantoms)
    told = call_neumo(capsys, *monitor, "--bundle", bare).replace("\n", " ")
    assert "no --reference-until was given, and the bundle" in told and "carries no reference.npz" in told
    told = call_neumo(capsys, *monitor).replace("\n", " ")
    assert "made by another bundle than neumo-lite0" in told, "that of neumo carries a reference"
    assert "there is no reading" in call_neumo(capsys, *monitor, "--since", "2027-01-01")
    short = ("--reference-until", "2026-01-05", "--until", "2026-01-07")
    assert "No alarm: too few readings to evaluate." in call_neumo(capsys, *monitor, *short)
    # A new bundle has no readings of its own to be compared with.
    keep(hospital, rows(5001, datetime(2026, 5, 1, tzinfo=UTC), 150, "new"))
    told = call_neumo(capsys, *monitor, "--reference-until", REFERENCE)
    assert "596 of other bundles" in told.replace("\n", " ") and "too few readings" in told


def test_wrong_dates_and_archives_end_with_status_2(
    hospital: Engine, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = ("monitor", "--archive", url)
    for wrong in (
        ("--since", "yesterday"),
        ("--since", "2026-03-01", "--until", "2026-02-01"),
        ("--since", "2026-01-31", "--reference-until", REFERENCE),
        ("--until", "2026-01-20", "--reference-until", REFERENCE),
    ):
        assert "give a" in call_neumo(capsys, *monitor, *wrong, status=2)
    assert "no such file" in call_neumo(capsys, "monitor", "--archive", tmp_path / "none.db", status=2)


def test_the_reference_of_a_bundle_serves_where_no_period_is_given(
    archive: Engine, url: str, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_bundle(tmp_path / "tiny", phantoms)
    generator = np.random.default_rng(9)
    figures = {"distance": generator.gamma(4, 0.2, 2000), "pneumonia": generator.beta(0.6, 0.6, 2000)}
    reference: dict[str, Any] = {name: np.sort(values).astype(np.float32) for name, values in figures.items()}
    np.savez(folder / DRIFT_REFERENCE, **reference)
    write_sums(folder)
    digest = load_bundle(folder).digest
    monitor = ("monitor", "--archive", url, "--bundle", folder)
    keep(archive, rows(1, datetime(2026, 2, 1, tzinfo=UTC), 300, digest))
    assert "Compared with the reference of the bundle tiny 1." in call_neumo(capsys, *monitor)
    keep(archive, rows(1001, datetime(2026, 3, 1, tzinfo=UTC), 300, digest, shift=0.5))
    assert "gate distance changed" in call_neumo(capsys, *monitor, "--since", CHANGED[0], status=1)
    keep(archive, rows(2001, datetime(2026, 4, 1, tzinfo=UTC), 300, "another"))
    assert "made by another bundle than tiny 1" in call_neumo(capsys, *monitor)


def _json(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: object, status: int = 0) -> str:
    call_neumo(capsys, *arguments, "--json", folder / "report.json", status=status)
    return (folder / "report.json").read_text()
