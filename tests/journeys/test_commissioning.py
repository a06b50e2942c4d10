"""A hospital makes neumo its own: commissions, signs, serves it with its evidence, and watches it until it drifts."""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from pydicom import dcmread
from tests.commissioning.conftest import local_rows, site, site_bundle_base
from tests.journeys.test_read_for_hospital import film_of
from tests.support.commands import call_neumo, call_neumo_once
from tests.support.local_tables import write_rows
from tests.support.web_running import Running, running
from tests.support.web_visitor import Visitor

from neumo.bundle.folder import load_bundle, write_sums
from neumo.bundle.signing import SIGNATURES
from neumo.bundle.site import SITE, write_site
from neumo.core.decision import Conclusion
from neumo.datasets.layout import open_dataset
from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.inference.reader import Reader
from neumo.records.database import open_archive
from neumo.records.decisions import record_decision
from neumo.records.store import record
from neumo.results.dicom.read_back import read_back

__all__ = ["local_rows", "site", "site_bundle_base"]

HOSPITAL = "Hospital São João"


@dataclass(frozen=True)
class Signed:
    """An accepted and signed site bundle, and the keys that are trusted."""

    bundle: Path
    trusted: Path


@pytest.fixture(scope="module")
def signed(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    folder = tmp_path_factory.mktemp("signed")
    out = shutil.copytree(site, folder / "site")
    call_neumo_once("commission", "accept", out, "--by", "A. García", "--role", "medical physicist")
    call_neumo_once("bundle", "keygen", folder / "hospital.key", "--name", "hospital")
    call_neumo_once("bundle", "sign", out / "bundle", "--key", folder / "hospital.key")
    return Signed(out / "bundle", folder / "hospital.key.pub")


def test_the_signature_covers_the_record_and_who_accepted_it(
    signed: Signed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify = ("bundle", "verify", "--trusted", signed.trusted)
    assert "hospital" in call_neumo(capsys, *verify, signed.bundle)
    changed = shutil.copytree(signed.bundle, tmp_path / "changed")
    record_file = changed / "acceptance.json"
    value = json.loads(record_file.read_text())
    value["criteria"]["site"][0]["limit"] = 0.5
    record_file.write_text(json.dumps(value))
    assert "acceptance.json" in call_neumo(capsys, *verify, changed, status=2)
    write_sums(changed)
    assert "is not of this bundle" in call_neumo(capsys, *verify, changed, status=2)
    unsigned = call_neumo(capsys, "bundle", "verify", changed, status=2)
    assert "belongs to another acceptance.json" in unsigned, "told without any signature, too"
    other = shutil.copytree(signed.bundle, tmp_path / "other")
    statement = load_bundle(other).site
    assert statement is not None and statement.acceptance is not None
    later = replace(statement.acceptance, review_by="2999-01-01")
    write_site(other / SITE, replace(statement, acceptance=later))
    write_sums(other)
    assert "is not of this bundle" in call_neumo(capsys, *verify, other, status=2)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory, signed: Signed) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("site-served") / "data", signed.bundle) as started:
        yield started


def test_the_browser_shows_what_was_measured_here_and_who_accepted_it(
    visitor: Visitor, phantoms: Path
) -> None:
    page, say = visitor.page, visitor.say
    page.goto("/bundle")
    expect(page.get_by_role("row", name=visitor.t("terms.metrics.sensitivity")).first).to_contain_text(
        say("bundle.outcomes.met")
    )
    by_whom = {"by": "A. García", "role": "medical physicist"}
    visitor.shows(
        say("bundle.commissioned"),
        say("bundle.at_site", site=HOSPITAL, name="tiny", version="1", images="~", patients="").partition(
            "~"
        )[0],
        say("bundle.accepted", **by_whom, on="~", review_by="").partition("~")[0],
    )
    visitor.read(sorted((phantoms / "test").rglob("*.jpeg"))[0])
    visitor.shows(HOSPITAL)


def film_in_dicom(phantoms: Path, folder: Path) -> Path:
    source = sorted((phantoms / "test").rglob("*.jpeg"))[0]
    film_of(np.array(Image.open(source).convert("L")), 0, "AP").save_as(
        folder / "film.dcm", enforce_file_format=True
    )
    return folder / "film.dcm"


def test_reports_state_the_evidence_of_the_site_and_warn_where_its_review_has_lapsed(
    signed: Signed, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lapsed = shutil.copytree(signed.bundle, tmp_path / "lapsed")
    statement = load_bundle(lapsed).site
    assert statement is not None and statement.acceptance is not None
    earlier = replace(statement.acceptance, review_by="2026-01-01")
    write_site(lapsed / SITE, replace(statement, acceptance=earlier))
    (lapsed / SIGNATURES).unlink()
    write_sums(lapsed)
    film = film_in_dicom(phantoms, tmp_path)
    for bundle, late in ((signed.bundle, False), (lapsed, True)):
        out = tmp_path / bundle.parent.name / bundle.name
        printed = call_neumo(
            capsys,
            "read",
            film,
            "--bundle",
            bundle,
            "--sr",
            out / "sr",
            "--fhir",
            out / "fhir",
            "--json",
            "-",
        )
        (report,), (fhir,) = (list((out / kind).iterdir()) for kind in ("sr", "fhir"))
        stated = dcmread(report)
        values = (stated.to_json_dict(), json.loads(fhir.read_text()))
        assert all(HOSPITAL in json.dumps(value, ensure_ascii=False, default=str) for value in values)
        warned = any("review_lapsed" in warning for warning in read_back(stated).warnings)
        assert warned == late == ("review_lapsed" in printed)
        assert ("had to be reviewed by 2026-01-01" in fhir.read_text()) == late


def drifting(files: list[Path], folder: Path) -> list[Path]:
    """Return the same films as a machine that has gone wrong would make them: noisy and of little contrast."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    made = []
    for file in files:
        levels = np.array(Image.open(file).convert("L"), dtype=np.float64)
        wrong = 128 + 0.3 * (levels - 128) + generator.normal(0, 12, levels.shape)
        made.append(folder / f"{file.stem}.png")
        Image.fromarray(np.clip(wrong, 0, 255).astype(np.uint8)).save(made[-1])
    return made


def test_a_machine_that_goes_wrong_raises_the_alarm_and_the_decisions_ask_for_commissioning_anew(
    signed: Signed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_phantoms(tmp_path / "set", per_class=20, seed=31, size=64)
    found = open_dataset(tmp_path / "set").entries
    # As patients come, and not one finding after the other, which a sequential test would rightly notice.
    entries = [found[i] for i in np.random.default_rng(1).permutation(len(found))]
    url = f"sqlite:///{tmp_path / 'readings.db'}"
    engine, reader = open_archive(url), Reader(signed.bundle, allow_outside_range=True)

    def read(files: list[Path], wrong: bool = False) -> None:
        for file, entry in zip(files, entries, strict=True):
            reading = reader.read(file)
            number = record(engine, reading, source="ward", actor="t")
            if reading.answer is not None:
                truth = Conclusion(entry.label.value)
                opposite = Conclusion.NORMAL if truth.pneumonia else Conclusion.BACTERIAL_PNEUMONIA
                flagged = reading.answer.pneumonia
                said = truth if not wrong or flagged != truth.pneumonia else opposite
                record_decision(engine, number, person="radiologist", conclusion=said, blinded=True)

    monitor = ("monitor", "--archive", url, "--bundle", signed.bundle)
    read([tmp_path / "set" / entry.path for entry in entries])
    quiet = call_neumo(capsys, *monitor, "--json", tmp_path / "quiet.json")
    assert f"radiographs of {HOSPITAL}" in " ".join(quiet.split()) and "No alarm" in quiet
    tests = {each["name"]: each for each in json.loads((tmp_path / "quiet.json").read_text())["sequential"]}
    assert set(tests) == {"distance", "pneumonia", "refusals", "sensitivity"}
    wrong = drifting([tmp_path / "set" / entry.path for entry in entries], tmp_path / "wrong")
    read(wrong, wrong=True)
    engine.dispose()
    alarm = call_neumo(
        capsys, *monitor, "--json", tmp_path / "alarm.json", "--html", tmp_path / "alarm.html", status=1
    )
    assert "Alarm:" in alarm and "Alarm:" in (tmp_path / "alarm.html").read_text()
    raised = [
        each for each in json.loads((tmp_path / "alarm.json").read_text())["sequential"] if each["alarm_at"]
    ]
    assert raised and all(each["alarm_after"] > 0 for each in raised)
    spanish = call_neumo(capsys, *monitor, "--lang", "es", status=1)
    assert "Pruebas secuenciales" in spanish and "Alarma" in spanish and "Alarm:" not in spanish


@pytest.mark.data
def test_a_hospital_of_real_films_examines_accepts_and_reads(
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("neumo.commissioning.maps.IMAGES", 6)  # each takes a hundred runs of the network
    folder = shared_data / "other_hospitals"
    with (folder / "siim.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    some = [
        {**row, "path": str(folder / row["path"])}
        for label in ("NORMAL", "VIRAL_PNEUMONIA")
        for row in [row for row in rows if row["label"] == label][100:115]
    ]
    table, out = write_rows(tmp_path / "local.csv", some), tmp_path / "site"
    call_neumo(capsys, "commission", table, "--out", out, "--name", "SIIM", "--resamples", 40, status=1)
    found = json.loads((out / "acceptance.json").read_text())
    assert set(found["metrics"]) == {"base", "site"} and not found["synthetic"]
    accept = ("commission", "accept", out, "--by", "B", "--role", "physicist")
    assert "--despite" in call_neumo(capsys, *accept, status=2)
    call_neumo(capsys, *accept, "--despite", "a trial")
    read = call_neumo(capsys, "read", some[0]["path"], "--bundle", out / "bundle", "--json", "-")
    answer = json.loads(read.splitlines()[0])
    assert (
        any("SIIM" in entry["data"] for entry in answer["evidence"]) and answer["operating_point"] == "site"
    )
    bundle = load_bundle(out / "bundle")
    assert bundle.site is not None and bundle.site.acceptance is not None
    assert bundle.site.acceptance.despite == "a trial"
