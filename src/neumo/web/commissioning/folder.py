"""The folder of commissioning in the server's data: the table, the last attempt, and each finished run, whole."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from neumo.core.files import make_private, write_json
from neumo.web.http.problems import Problem

FOLDER: Final = "commissioning"
"""Name of the folder within the server's data folder."""
BUNDLE: Final = "bundle"
"""Subfolder of a run that holds the accepted site bundle."""
_RUN: Final = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_ENDED_BADLY: Final = "interrupted"


class CommissioningFolder:
    """Reads and writes that folder; a run appears in it once it has finished, and never half.

    Parameters
    ----------
    folder : Path
        Made, private, where it is not there. What a server that ended left unfinished is deleted, and its attempt is
        called interrupted.

    Raises
    ------
    OSError, OutputError
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table, self.work = folder / "local.csv", folder / "work"
        self.readings, self.progress = folder / "readings", folder / "progress.json"
        self._runs, self._attempt = folder / "runs", folder / "attempt.json"
        self._table_facts = folder / "table.json"
        make_private(folder)
        self.clear()
        attempt = self.attempt()
        if attempt is not None and attempt["status"] == "running":
            self.note_attempt({**attempt, "status": _ENDED_BADLY})

    def clear(self) -> None:
        """Delete the temporary files of an unfinished run; the cache of its readings stays for the next one."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.progress.unlink(missing_ok=True)

    def attempt(self) -> dict[str, Any] | None:
        """Return the last attempt, plain values; None before the first."""
        return _read(self._attempt)

    def note_attempt(self, attempt: Mapping[str, Any]) -> None:
        """Write the last attempt. Raises OutputError."""
        write_json(self._attempt, attempt)

    def now_done(self) -> dict[str, Any] | None:
        """Return step, done and total of what is running; None before anything is done."""
        return _read(self.progress)

    def table_facts(self) -> dict[str, Any] | None:
        """Return the stored facts of the table (labels, counts, origin); None where there is no table."""
        return _read(self._table_facts) if self.table.is_file() else None

    def put_table(self, table: Path, facts: Mapping[str, Any]) -> None:
        """Put a table in the place of the one before. Raises OutputError, OSError."""
        table.replace(self.table)
        write_json(self._table_facts, facts)

    def finish(self, run: str, facts: Mapping[str, Any]) -> None:
        """Make a run of the finished work; earlier runs that nobody accepted go. Raises OutputError, OSError."""
        write_json(self.work / "run.json", facts)
        self._runs.mkdir(mode=0o700, exist_ok=True)
        before = [found["id"] for found in self.runs() if found["acceptance"] is None]
        self.work.rename(self._runs / run)
        for each in before:
            shutil.rmtree(self._runs / each, ignore_errors=True)

    def runs(self) -> list[dict[str, Any]]:
        """Return the stored facts of each finished run, newest first."""
        names = sorted(
            (entry.name for entry in self._runs.glob("*") if _RUN.fullmatch(entry.name)), reverse=True
        )
        found = (_read(self._runs / name / "run.json") for name in names)
        return [facts for facts in found if facts is not None]

    def run(self, run: str) -> Path:
        """Return the folder of a finished run. Raises Problem where there is none."""
        place = self._runs / run
        if not _RUN.fullmatch(run) or not (place / "run.json").is_file():
            raise Problem(404, "not_found")
        return place

    def facts(self, run: str) -> dict[str, Any]:
        """Return the stored facts of a finished run. Raises Problem where there is none."""
        found = _read(self.run(run) / "run.json")
        if found is None:
            raise Problem(404, "not_found")
        return found

    def note_run(self, run: str, facts: Mapping[str, Any]) -> None:
        """Write the facts of a finished run. Raises Problem, OutputError."""
        write_json(self.run(run) / "run.json", facts)


def _read(file: Path) -> dict[str, Any] | None:
    try:
        value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value
