"""Readings on record as people use them, to a tampering that is found; PostgreSQL as its guide sets it up."""

import csv
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet
from pydicom import dcmread
from pydicom.data import get_testdata_file
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from tests.support.archive_databases import administer, new_name
from tests.support.commands import call_neumo, run_neumo
from tests.support.tiny_bundle import make_bundle

from neumo.records.database import connect

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "postgresql.md"
ROLES = ("neumo_owner", "neumo_app", "neumo_retention", "neumo_auditor")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)


@pytest.fixture
def films(phantoms: Path) -> list[Path]:
    return sorted((phantoms / "test").rglob("*.jpeg"))[:4]


def last_line(output: str) -> str:
    return output.strip().splitlines()[-1].removeprefix("checkpoint: ")


def test_from_reading_to_a_tampering_that_is_found(
    bundle: Path, films: list[Path], url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ("--database", url)
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    read = ("read", *films, broken, "--bundle", bundle, "--archive", url)
    run_neumo(*read, status=1)
    call_neumo(capsys, *read, status=1)  # once more, and nothing is kept twice

    rows = [
        json.loads(line) for line in call_neumo(capsys, "archive", "search", *database, "--json").splitlines()
    ]
    assert {row["file"] for row in rows} == {str(file) for file in [*films, broken]} and len(rows) == 5
    read_one = next(row for row in rows if row["finding"])
    failed = next(row for row in rows if row["status"] == "failed")
    number, model = read_one["id"], read_one["finding"]
    other = next(name for name in ("NORMAL", "VIRAL_PNEUMONIA") if name != model)

    decide = ("archive", "decide", number, *database, "--person")
    assert f"decision 1: {model}" in call_neumo(capsys, *decide, "ana", "--agree")
    final = ("--conclusion", other)
    call_neumo(capsys, *decide, "bo", *final, "--note", "=see\x1b[31m lateral", "--seen", 1)
    assert "decided meanwhile" in call_neumo(capsys, *decide, "cy", "--agree", "--seen", 1, status=2)
    for wrong in ((), ("--agree", "--conclusion", other)):
        assert "either --agree or --conclusion" in call_neumo(capsys, *decide, "cy", *wrong, status=2)
    for named in (("OTHER_ABNORMAL",), (other, "--abnormality", "effusion")):
        assert "abnormality" in call_neumo(capsys, *decide, "cy", "--conclusion", *named, status=2)
    refuse = ("archive", "decide", failed["id"], *database, "--person", "ana", "--agree")
    assert "states nothing to agree with" in call_neumo(capsys, *refuse, status=2)

    shown = call_neumo(capsys, "archive", "show", number, *database, "--person", "dee")
    assert f"model: {model}" in shown and "looked at by dee" in shown and "\x1b" not in shown
    assert "decision 2 by bo" in shown and f"{other} (disagrees)" in shown
    whole = json.loads(call_neumo(capsys, "archive", "show", number, *database, "--json"))
    assert whole["finding"] == model and whole["body"]["receipt"] and len(whole["decisions"]) == 2
    table = call_neumo(capsys, "archive", "search", *database, "--disagreement")
    assert "disagree" in table and "more follow" not in table
    assert "more follow: --after" in call_neumo(capsys, "archive", "search", *database, "--limit", 2)

    files = ("--csv", tmp_path / "a.csv", "--parquet", tmp_path / "a.parquet")
    assert "5 readings written" in call_neumo(capsys, "archive", "export", *database, *files)
    with (tmp_path / "a.csv").open(newline="") as stream:
        exported = {int(row["id"]): row for row in csv.DictReader(stream)}
    assert exported[number]["finding"] == model and exported[number]["decision"] == other
    assert parquet.read_table(tmp_path / "a.parquet").num_rows == 5

    verify = ("audit", "verify", *database)
    checkpoint = last_line(call_neumo(capsys, *verify))
    purge = ("archive", "purge", *database, "--days", 0, "--person", "officer", "--yes")
    assert "5 readings emptied" in call_neumo(capsys, *purge)
    assert "purged" in call_neumo(capsys, "archive", "show", number, *database)
    checkpoint = last_line(call_neumo(capsys, *verify, "--checkpoint", checkpoint))

    tamper(url, f"UPDATE readings SET finding = '{other}' WHERE id = {number}")
    found = call_neumo(capsys, *verify, "--checkpoint", checkpoint, status=1)
    assert f"readings: row {number} was changed" in found


def test_an_archive_that_cannot_be_used_is_told_before_anything_is_read(
    bundle: Path, films: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "r.jsonl"
    read = ("read", *films, "--bundle", bundle, "--json", output, "--archive")
    (tmp_path / "text").write_text("no database" * 500)
    for url, message in (
        (tmp_path / "absent" / "a.db", "the file or its folder cannot be written"),
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be used now"),
        ("mysql://h/n", "sqlite:///FILE"),
        (tmp_path / "text", "not a database"),
    ):
        assert message in call_neumo(capsys, *read, url, status=2)
        assert not output.exists() or output.read_text() == ""
    for wrong in (
        ["search", "--limit", 0],
        ["search", "--since", "x"],
        ["search", "--patient", "1"],
        ["export"],
    ):
        command, *options = wrong
        database = tmp_path / "a.db"
        call_neumo(capsys, "archive", "init", "--database", database)
        told = call_neumo(capsys, "archive", command, "--database", database, *options, status=2)
        assert re.search("give|needs --key", told)


def test_with_a_key_no_path_and_no_identifier_is_kept(
    bundle: Path, films: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, key, database = tmp_path / "Jane_Doe", tmp_path / "key", tmp_path / "a.db"
    folder.mkdir()
    shutil.copy(str(get_testdata_file("RG1_UNCR.dcm", download=False)), folder / "jane.dcm")
    shutil.copy(films[0], folder / "jane.jpeg")
    (folder / "jane.png").write_text("no image")
    header = dcmread(folder / "jane.dcm", stop_before_pixels=True)
    record = ("--archive", database, "--archive-key", key)
    call_neumo(capsys, "read", folder, folder / "jane.png", "--bundle", bundle, *record, status=1)
    kept = b"".join(part.read_bytes() for part in tmp_path.glob("a.db*"))
    for secret in ("Jane_Doe", "jane", str(header.PatientID), header.SOPInstanceUID, header.StudyInstanceUID):
        assert secret and secret.encode() not in kept
    search = (
        "archive",
        "search",
        "--database",
        database,
        "--json",
        "--patient",
        header.PatientID,
        "--key",
        key,
    )
    (row,) = call_neumo(capsys, *search).splitlines()
    assert json.loads(row)["file"].startswith("dicom:")
    assert len(call_neumo(capsys, *search[:5]).splitlines()) == 3
    call_neumo(capsys, "read", folder, "--bundle", bundle, "--archive-key", key, status=2)


def tamper(url: str, statement: str) -> None:
    """Change a reading as somebody who owns the database can."""
    engine = connect(url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER readings_no_update"))
        else:
            connection.execute(text("ALTER TABLE readings DISABLE TRIGGER USER"))
        connection.execute(text(statement))
    engine.dispose()


def blocks(kind: str) -> list[str]:
    """Code of the guide, in order."""
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def guided(postgresql: str) -> Iterator[tuple[str, str]]:
    """Name of a database of its own, and the server's folder; the guide's roles are gone afterwards."""
    name = new_name()
    yield name, postgresql
    administer(
        postgresql, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", *(f"DROP ROLE {role}" for role in ROLES)
    )


def test_the_guide_leads_to_an_archive_whose_programs_cannot_change_it(
    guided: tuple[str, str], bundle: Path, films: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    name, folder = guided

    def here(code: str) -> str:
        """Say the guide's steps of this database."""
        named = re.sub(r"DATABASE neumo\b", f"DATABASE {name}", code)
        return named.replace("@localhost/neumo", f"@/{name}?host={folder}")

    def command(line: str) -> str:
        program, *arguments = shlex.split(here(line))
        assert program == "neumo"
        return call_neumo(capsys, *arguments)

    def as_role(role: str, *statements: str) -> None:
        engine = create_engine(f"postgresql+psycopg://{role}@/{name}?host={folder}")
        try:
            with engine.begin() as connection:
                for statement in statements:
                    connection.execute(text(statement))
        finally:
            engine.dispose()

    roles, rights = (statements(here(code)) for code in blocks("sql"))
    init, use, verify, purge = (code.strip() for code in blocks("bash"))
    administer(folder, *roles)
    command(init)
    as_role("neumo_owner", *rights)

    export, read, search, decide = use.splitlines()
    url = here(export.partition("=")[2])
    monkeypatch.setenv("NEUMO_ARCHIVE", url)
    (tmp_path / "films").mkdir()
    for film in films:
        (tmp_path / "films" / film.name).write_bytes(film.read_bytes())
    monkeypatch.chdir(tmp_path)
    command(read.replace('"$NEUMO_ARCHIVE"', shlex.quote(url)) + f" --bundle {bundle}")
    assert films[0].name[:4] in command(search)
    assert "decision 1: NORMAL" in command(decide)
    last_line(command(verify))

    forbidden = [
        "DROP TRIGGER readings_no_update ON readings",
        "ALTER TABLE readings DISABLE TRIGGER ALL",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "DROP TABLE audit_log",
        "UPDATE readings SET body = '{}'",
        "DELETE FROM decisions",
        "TRUNCATE views",
        "UPDATE audit_log SET actor = 'x'",
        "CREATE TABLE readings2 (id integer)",
        "SET session_replication_role = replica",
    ]
    for role in ("neumo_app", "neumo_auditor"):
        for statement in forbidden:
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
                as_role(role, statement)
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_role("neumo_auditor", "INSERT INTO views (reading_id, person, at) VALUES (1, 'x', 'y')")
    for statement in set(forbidden) - {"UPDATE readings SET body = '{}'"}:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            as_role("neumo_retention", statement)
    monkeypatch.setenv("NEUMO_ARCHIVE", "")
    refused = purge.replace("neumo_retention", "neumo_app").replace("--days 3650", "--days 0")
    assert "permission denied" in call_neumo(capsys, *shlex.split(here(refused))[1:], status=2)
    assert "4 readings emptied" in command(purge.replace("--days 3650", "--days 0"))
    last_line(command(verify))


def statements(code: str) -> list[str]:
    return [statement.strip() for statement in code.split(";") if statement.strip()]
