import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.support.commands import call_neumo
from tests.support.local_tables import write_rows

from neumo.bundle.folder import load_bundle, write_sums
from neumo.bundle.site import Acceptance, SiteStatement, write_site
from neumo.commissioning.acceptance import accept_site
from neumo.core.errors import BundleError, CommissioningError
from neumo.inference.bundle_trial import try_bundle
from neumo.inference.reader import Reader
from neumo.results.sentences import performance_sentences

RowsT = list[dict[str, str]]


def test_a_site_is_examined_set_and_proposed(site: Path, local_rows: RowsT, site_bundle_base: Path) -> None:
    record = json.loads((site / "acceptance.json").read_text())
    base = load_bundle(site_bundle_base)
    assert record["site"] == "Hospital São João" and record["base"]["digest"] == base.digest
    assert record["images"]["patients"] == len(local_rows) == len(record["images"]["sha256"])
    assert set(record["metrics"]) == {"base", "site"} and record["synthetic"]
    assert {one["column"] for one in record["subgroups"]} >= {"sex", "device"}
    assert all(one["outcome"] == "met" for one in record["criteria"]["site"])
    assert [one["level"] for one in record["levels"]] == ["nothing", "recalibration", "head"]
    assert record["settings"]["default_point"] == "site" and record["too_few"] is None
    proposal = load_bundle(site / "proposal")
    try_bundle(proposal.path)
    assert proposal.site is not None and proposal.site.acceptance is None
    assert proposal.config.default_operating_point == "site"
    assert any(entry.local for entry in proposal.evidence)
    assert not any("p0" in path.read_text(errors="replace") for path in site.rglob("*.json"))


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_record_is_a_page_and_a_pdf_in_both_languages(site: Path, language: str) -> None:
    page = (site / f"acceptance.{language}.html").read_text()
    pdf = "".join(page.extract_text() for page in PdfReader(site / f"acceptance.{language}.pdf").pages)
    word = {"en": "Acceptance record", "es": "Acta de aceptación"}[language]
    for text in (page, pdf):
        assert word in text and "Hospital São João" in text
    assert f'lang="{language}"' in page


def test_answers_of_the_site_bundle_are_those_that_were_set(site: Path, local_rows: RowsT) -> None:
    reader = Reader(site / "proposal", allow_outside_range=True)
    record = json.loads((site / "acceptance.json").read_text())
    reading = reader.read(Path(local_rows[0]["path"]))
    assert reading.answer is not None and reading.answer.operating_point == "site"
    assert reading.answer.threshold == record["settings"]["points"]["site"]["threshold"]
    assert any("Hospital São João" in entry.data for entry in reading.answer.evidence)
    said = " ".join(performance_sentences(reading.answer, "en"))
    assert "Hospital São João" in said and "Not commissioned here" not in said
    elsewhere = replace(reading.answer, evidence=tuple(e for e in reading.answer.evidence if not e.local))
    assert "Not commissioned here" in " ".join(performance_sentences(elsewhere, "en"))
    assert "site_not_accepted" in {warning.code for warning in reading.warnings}


def test_a_second_run_reads_no_image_again(
    site: Path,
    local_rows: RowsT,
    site_bundle_base: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = shutil.copytree(site, tmp_path / "out")
    table = write_rows(tmp_path / "local.csv", local_rows)
    monkeypatch.setattr(
        "neumo.commissioning.reading.LocalReader.read", lambda *_: pytest.fail("was read again")
    )
    said = call_neumo(
        capsys, "commission", table, "--out", out, "--bundle", site_bundle_base, "--resamples", 40, status=1
    )
    assert "Not met" in said and "proposal" in said


def test_a_person_accepts_and_the_day_of_review_is_heeded(
    site: Path, local_rows: RowsT, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(site, tmp_path / "out")
    said = call_neumo(capsys, "commission", "accept", out, "--by", "A. García", "--role", "medical physicist")
    assert "accepted site bundle" in said
    bundle = load_bundle(out / "bundle")
    assert bundle.site is not None and bundle.site.acceptance is not None
    assert bundle.site.acceptance.by == "A. García" and not bundle.site.review_lapsed()
    assert "A. García" in (out / "acceptance.es.html").read_text()
    info = " ".join(call_neumo(capsys, "bundle", "info", out / "bundle").split())
    assert "Hospital São João" in info and "A. García" in info
    reader = Reader(bundle, allow_outside_range=True)
    codes = {warning.code for warning in reader.read(Path(local_rows[0]["path"])).warnings}
    assert not codes & {"site_not_accepted", "review_lapsed"}
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    lapsed = replace(bundle.site, acceptance=replace(bundle.site.acceptance, review_by=yesterday))
    late = Reader(replace(bundle, site=lapsed), allow_outside_range=True)
    assert "review_lapsed" in {w.code for w in late.read(Path(local_rows[0]["path"])).warnings}
    assert lapsed.review_lapsed() and not lapsed.review_lapsed(date.fromisoformat(yesterday))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"by": " ", "role": "x"}, "--by"),
        ({"by": "x", "role": "a\x1bb"}, "--role"),
        ({"by": "x", "role": "y", "review_by": "soon"}, "no date"),
        ({"by": "x", "role": "y", "review_by": "2001-01-01"}, "not later"),
    ],
)
def test_an_acceptance_needs_a_person_and_a_day(site: Path, values: dict[str, str], said: str) -> None:
    with pytest.raises(CommissioningError, match=said):
        accept_site(site, **values)
    assert not (site / "bundle").exists()


def test_what_was_changed_after_it_was_made_is_not_accepted(site: Path, tmp_path: Path) -> None:
    out = shutil.copytree(site, tmp_path / "out")
    record = json.loads((out / "acceptance.json").read_text())
    record["criteria"]["site"][0]["value"]["value"] = 0.99
    (out / "acceptance.json").write_text(json.dumps(record))
    with pytest.raises(CommissioningError, match="was changed"):
        accept_site(out, by="x", role="y")
    assert not (out / "bundle").exists()
    with pytest.raises(CommissioningError, match="nothing to accept"):
        accept_site(tmp_path / "nowhere", by="x", role="y")


def test_criteria_that_are_not_met_need_a_reason(site: Path, tmp_path: Path) -> None:
    out = shutil.copytree(site, tmp_path / "out")
    record = json.loads((out / "acceptance.json").read_text())
    record["criteria"]["site"][0]["outcome"] = "not_shown"
    text = json.dumps(record)
    for file in (out / "acceptance.json", out / "proposal" / "acceptance.json"):
        file.write_text(text)
    with pytest.raises(CommissioningError, match="--despite"):
        accept_site(out, by="x", role="y")


def test_a_statement_of_another_bundle_is_refused(site: Path, site_bundle_base: Path, tmp_path: Path) -> None:
    other = shutil.copytree(site_bundle_base, tmp_path / "other")
    for name in ("site.json", "acceptance.json"):
        shutil.copyfile(site / "proposal" / name, other / name)
    write_sums(other)
    with pytest.raises(BundleError, match="belongs to another"):
        load_bundle(other)
    write_site(
        other / "site.json",
        SiteStatement("x", {}, (), 1, 1, "2026-01-01", {}, Acceptance("a", "b", "c", "d")),
    )
    write_sums(other)
    with pytest.raises(BundleError, match="no statement"):
        load_bundle(other)
