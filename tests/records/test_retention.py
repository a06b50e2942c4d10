import hashlib
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from tests.support.commands import call_neumo

from neumo.core.decision import Conclusion
from neumo.core.errors import ArchiveError
from neumo.core.reading import Notice, Reading, Status
from neumo.records.audit_log import Checkpoint, append, verify
from neumo.records.database import writing_session
from neumo.records.decisions import record_decision
from neumo.records.filters import Filters
from neumo.records.log_coverage import purge_of
from neumo.records.retention import due, purge
from neumo.records.search import search
from neumo.records.store import record
from neumo.records.stored_reading import stored_reading

SECRET = "Jane_Doe_1950"


def _keep(archive: Engine, name: str) -> int:
    reasons = (Notice("blank", "is no chest"),)
    reading = Reading(name, hashlib.sha256(name.encode()).hexdigest(), Status.REFUSED, reasons=reasons)
    return record(archive, reading, source="t", actor="t")


def _past_triggers(archive: Engine, *statements: str) -> None:
    with archive.begin() as connection:
        if archive.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER readings_no_update"))
        else:
            connection.execute(text("ALTER TABLE readings DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def purged(archive: Engine) -> Engine:
    """Readings 1 to 5, the first of them decided, all emptied but the last."""
    for name in "abcd":
        _keep(archive, f"{SECRET}/{name}.png")
    record_decision(archive, 1, person="ana", conclusion=Conclusion.NORMAL, note="seen")
    assert purge(archive, days=0, actor="officer") == 4
    _keep(archive, "e.png")
    return archive


def test_only_old_readings_are_emptied_and_only_once(archive: Engine) -> None:
    _keep(archive, "a.png")
    assert due(archive, days=1) == 0 and purge(archive, days=1, actor="officer") == 0
    assert due(archive, days=0) == 1 and purge(archive, days=0, actor="officer") == 1
    assert due(archive, days=0) == 0 and purge(archive, days=0, actor="officer") == 0
    for days, actor in ((-1, "officer"), (1, " ")):
        with pytest.raises(ArchiveError, match="give"):
            purge(archive, days=days, actor=actor)


@pytest.mark.parametrize(("days_off", "why"), [(8, "8.0 days old"), (400, "400.0 days old"), (-1, "future")])
def test_a_clock_that_is_wrong_empties_nothing(
    archive: Engine,
    days_off: float,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The newest entry of the log tells: readings of today are not a year old."""
    _keep(archive, "a.png")
    database, day = archive.url.render_as_string(hide_password=False), time.time
    monkeypatch.setattr(time, "time", lambda: day() + days_off * 86_400)
    for days in (7, 30, 3650):
        with pytest.raises(ArchiveError, match=f"{why}.*--trust-clock"):
            purge(archive, days=days, actor="officer")
    command = ("archive", "purge", "--database", database, "--days", 30, "--person", "o")
    assert why in call_neumo(capsys, *command, "--yes", status=2)
    assert why in call_neumo(capsys, *command, status=2)
    assert purge(archive, days=30, actor="officer", trust_clock=True) == 0
    assert purge(archive, days=0, actor="officer") == 1, "all of it, whatever the clock says"


def test_the_log_accounts_for_what_was_emptied(purged: Engine) -> None:
    verdict = verify(purged)
    assert not verdict.faults and verdict.checkpoint.count == 4 + 1 + 4 + 1
    with purged.connect() as connection:
        actors = connection.execute(text("SELECT actor FROM audit_log WHERE action = 'purge'")).scalars()
        assert list(actors) == ["officer"] * 4
    first = stored_reading(purged, 1)
    assert first.purged and first.status == "refused" and first.decisions[0].note == "seen"
    assert search(purged, Filters(text=SECRET)).readings == ()
    assert stored_reading(purged, 5).purged is False


@pytest.mark.parametrize(
    ("attack", "fault"),
    [
        ("UPDATE readings SET finding = 'NORMAL' WHERE id = 1", "readings: row 1 was changed"),
        ("UPDATE readings SET recorded_at = '2020' WHERE id = 2", "readings: row 2 was changed"),
        ("UPDATE readings SET body = '[]' WHERE id = 2", "row 2 was purged, and has a body again"),
        ("UPDATE readings SET body = '{}' WHERE id = 5", "row 5 was emptied outside the log"),
        ("DELETE FROM audit_log WHERE action = 'record' AND sequence = 2", "row 2 is missing"),
        ("UPDATE worklist SET disagreement = true WHERE reading_id = 3", "worklist: row 3"),
        ("UPDATE worklist SET path = 'other.png' WHERE reading_id = 5", "worklist: row 5"),
        ("UPDATE worklist SET sha256 = 'a' WHERE reading_id = 4", "worklist: row 4"),
        ("UPDATE worklist SET verdict = 'other' WHERE reading_id = 5", "worklist: row 5"),
        ("DELETE FROM worklist WHERE reading_id = 4", "worklist: row 4"),
    ],
)
def test_an_emptied_reading_is_still_guarded(purged: Engine, attack: str, fault: str) -> None:
    if "audit_log" in attack:
        with purged.begin() as connection:
            if purged.dialect.name == "sqlite":
                connection.execute(text("DROP TRIGGER audit_log_no_delete"))
            else:
                connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
    _past_triggers(purged, attack)
    assert fault in "\n".join(verify(purged).faults)


def test_an_event_forged_at_the_end_of_the_log_excuses_no_other_change(purged: Engine) -> None:
    kept = verify(purged).checkpoint
    _past_triggers(purged, "UPDATE readings SET body = '{}', source = 'x' WHERE id = 5")
    with writing_session(purged) as session:
        append(session, "forger", "purge", purge_of(5))
    assert "readings: row 5 was changed" in verify(purged, Checkpoint.parse(str(kept))).faults


def test_the_database_lets_a_body_be_emptied_and_nothing_else(purged: Engine) -> None:
    for change in ("body = 'x'", "body = '{}', source = 'x'", "source = 'x'", "normal = 0.5, body = '{}'"):
        with pytest.raises(DBAPIError, match="neither changed nor deleted"), purged.begin() as connection:
            connection.execute(text(f"UPDATE readings SET {change} WHERE id = 5"))


def test_nothing_of_it_is_left_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from neumo.records.database import open_archive

    file = tmp_path / "a.db"
    engine = open_archive(str(file))
    for number in range(50):
        _keep(engine, f"{SECRET}/{number}.png")
    engine.dispose()

    def held() -> bool:
        return any(SECRET.encode() in part.read_bytes() for part in tmp_path.iterdir())

    assert held()
    purge_now = ("archive", "purge", "--database", file, "--days", 0, "--person", "officer")
    assert "50 readings would be emptied" in call_neumo(capsys, *purge_now)
    assert held()
    assert "50 readings emptied" in call_neumo(capsys, *purge_now, "--yes")
    assert not held()
    call_neumo(capsys, "audit", "verify", "--database", file)
