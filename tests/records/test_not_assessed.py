"""Readings on record whose etiology is not assessed: searched, decided on, exported, monitored and purged."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine
from tests.results.test_not_assessed import ANSWERS
from tests.support.commands import call_neumo
from tests.support.hospital_samples import reading
from tests.support.stored_readings import keep

from neumo.core.decision import Conclusion
from neumo.core.findings import Finding
from neumo.core.labels import PNEUMONIA_OR_NOT, PartialLabel
from neumo.monitoring.agreement import agreement_by_month
from neumo.monitoring.history import history
from neumo.records.audit_log import verify
from neumo.records.database import connect
from neumo.records.decisions import record_decision
from neumo.records.export import row_of
from neumo.records.filters import Filters
from neumo.records.retention import purge
from neumo.records.search import search
from neumo.records.stored_reading import stored_reading

PNEUMONIA: Final = PartialLabel.PNEUMONIA


@pytest.fixture
def number(archive: Engine) -> int:
    return keep(archive, replace(reading(ANSWERS["pneumonia"]), file="a.dcm", sha256="cd" * 32))


def test_it_is_found_and_exported_without_a_kind(archive: Engine, number: int) -> None:
    (found,) = search(archive, Filters(finding=PNEUMONIA)).readings
    assert found.id == number and found.probabilities == {"NORMAL": 0.125, "PNEUMONIA": 0.875}
    assert not search(archive, Filters(finding=Finding.VIRAL_PNEUMONIA)).readings
    row = row_of(found)
    assert (row["verdict"], row["etiology"], row["finding"]) == ("pneumonia", "not_assessed", "PNEUMONIA")
    assert (row["p_NORMAL"], row["p_BACTERIAL_PNEUMONIA"], row["p_VIRAL_PNEUMONIA"]) == (0.125, None, None)


@pytest.mark.parametrize(
    ("conclusion", "agrees"),
    [
        (Conclusion.PNEUMONIA, True),
        (Conclusion.BACTERIAL_PNEUMONIA, True),
        (Conclusion.VIRAL_PNEUMONIA, True),
        (Conclusion.NORMAL, False),
        (Conclusion.INADEQUATE_IMAGE, False),
    ],
)
def test_people_agree_with_pneumonia_of_whatever_kind(
    archive: Engine, number: int, conclusion: Conclusion, agrees: bool
) -> None:
    record_decision(archive, number, person="ana", conclusion=conclusion)
    decision = stored_reading(archive, number).decision
    assert decision is not None and decision.agrees is agrees
    (decided,) = history(archive).decided
    assert decided.reader is PNEUMONIA and decided.called_pneumonia
    everything = agreement_by_month([decided])[-1]
    assert everything.n == 1 and everything.kappa.value is None, "kappa is of the three findings"


def test_a_purged_one_keeps_its_outcomes(archive: Engine, number: int) -> None:
    assert purge(archive, days=0, actor="officer") == 1
    left = stored_reading(archive, number)
    assert left.purged and left.finding == "PNEUMONIA" and left.probabilities is not None
    assert tuple(left.probabilities) == PNEUMONIA_OR_NOT
    assert left.probabilities["PNEUMONIA"] == pytest.approx(0.875)
    record_decision(archive, number, person="ana", conclusion=Conclusion.VIRAL_PNEUMONIA)
    assert not verify(archive).faults


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_command_line_finds_it_and_names_no_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    call_neumo(capsys, "archive", "init", "--database", url)
    engine = connect(url)
    number = keep(engine, replace(reading(ANSWERS["pneumonia"], warnings=()), file="a.dcm", sha256="cd" * 32))
    engine.dispose()
    found = call_neumo(
        capsys, "archive", "search", "--database", url, "--finding", "PNEUMONIA", "--json", "--lang", language
    )
    assert f'"id": {number}' in found and '"normal": 0.125' in found
    shown = call_neumo(capsys, "archive", "show", str(number), "--database", url, "--lang", language)
    assert not re.search("bacteri|viral", shown, re.IGNORECASE), shown
    assert {"en": "not assessed", "es": "no valorada"}[language] in shown
