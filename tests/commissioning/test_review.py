"""Review by decisions on record: which answers got one, what stands for the others, and when to commission anew."""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.support.commands import call_neumo

from neumo.bundle.acceptance import acceptance_record
from neumo.bundle.criteria import Criteria
from neumo.bundle.folder import Bundle, load_bundle
from neumo.commissioning.acceptance import accept_site
from neumo.commissioning.review.population import Decided, Population, population_of
from neumo.commissioning.review.review import review
from neumo.commissioning.review.selection import strata_of
from neumo.core.decision import Conclusion
from neumo.core.errors import BundleError, CommissioningError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.patient import PatientStudy
from neumo.datasets.layout import open_dataset
from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.inference.reader import Reader
from neumo.records.database import open_archive
from neumo.records.decisions import record_decision
from neumo.records.store import record

SITE_CRITERIA = Criteria(**dict.fromkeys(Criteria.__dataclass_fields__, None))


@dataclass(frozen=True)
class InUse:
    """An archive of readings by an accepted site bundle, with decisions on every other radiograph."""

    bundle: Path
    url: str
    engine: Engine
    images: Path
    decided: int


@pytest.fixture(scope="module")
def in_use(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InUse]:
    folder = tmp_path_factory.mktemp("in-use")
    accepted = accept_site(shutil.copytree(site, folder / "site"), by="A", role="physicist")
    make_phantoms(folder / "set", per_class=20, seed=77, size=64)
    engine, reader = open_archive(f"sqlite:///{folder / 'r.db'}"), Reader(accepted, allow_outside_range=True)
    decided = 0
    for number, entry in enumerate(open_dataset(folder / "set").entries):
        reading = reader.read(folder / "set" / entry.path)
        patient = PatientStudy(id=f"P{number}", issuer="ward")
        kept = record(engine, reading, source="ward", actor="t", patient=patient)
        if number % 2 and reading.answer is not None:
            final = Conclusion(entry.label.value)
            # A second person reads every radiograph blinded, too, and differs on every tenth.
            second = Conclusion.OTHER_ABNORMAL if decided % 10 == 9 else final
            abnormality = "mass" if second is Conclusion.OTHER_ABNORMAL else ""
            people = (("second", second, abnormality), ("first", final, ""))
            for person, said, named in people:
                record_decision(engine, kept, person=person, conclusion=said, abnormality=named, blinded=True)
            decided += 1
    yield InUse(accepted.path, f"sqlite:///{folder / 'r.db'}", engine, folder / "set", decided)
    engine.dispose()


def test_the_command_says_which_answers_got_a_decision_and_writes_a_table_that_commission_takes(
    in_use: InUse, site_bundle_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("commission", "review", "--archive", in_use.url, "--bundle", in_use.bundle, "--resamples", 40)
    told = call_neumo(
        capsys,
        *(*command, "--template", tmp_path / "local.csv", "--images", in_use.images),
        *("--json", tmp_path / "review.json"),
    )
    assert "Nothing on record asks" in told and f"{in_use.decided} of" in told and "blinded" in told
    found = json.loads((tmp_path / "review.json").read_text())
    assert found["decided"] == found["blinded"] == in_use.decided and not found["recommission"]
    assert found["site"] == "Hospital São João" and found["represented"] == 1
    assert {one["metric"] for one in found["criteria"]} == set(limits_of(in_use.bundle))
    assert 0 < found["effective"] <= in_use.decided and found["weighted"]["agreement"]["low"] is not None
    rows = list(csv.DictReader((tmp_path / "local.csv").read_text().splitlines()))
    assert len(rows) == in_use.decided and all(row["patient"] and row["label_basis"] for row in rows)
    (pair,) = found["readers"]
    assert pair["readers"] == ["A", "B"] and pair["both"] == in_use.decided and "first" not in told
    assert pair["agree"]["count"] == in_use.decided - in_use.decided // 10
    assert 0.5 < pair["pneumonia"]["value"] < 0.99
    assert pair["findings"]["value"] == pytest.approx(1), "findings leave other disease out"
    assert sum("2 blinded readers who differ" in row["label_basis"] for row in rows) == in_use.decided // 10
    again = ("commission", tmp_path / "local.csv", "--out", tmp_path / "out", "--bundle", site_bundle_base)
    call_neumo(capsys, *again, "--resamples", 40, "--threads", 1, status=1)
    record_made = json.loads((tmp_path / "out" / "acceptance.json").read_text())
    assert len(record_made["images"]["sha256"]) == in_use.decided
    refused = call_neumo(capsys, *command, "--template", tmp_path / "local.csv", status=2)
    assert "exists already" in refused
    spanish = call_neumo(capsys, *command, "--lang", "es")
    assert "Nada de lo registrado pide" in spanish and "recibieron una decisión" in spanish


def limits_of(folder: Path) -> list[str]:
    found = acceptance_record(load_bundle(folder))
    assert found is not None
    return list(found.limits)


def test_a_broken_criterion_asks_for_commissioning_anew(
    in_use: InUse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text("{sensitivity: null, specificity: null, refused: null, coverage_normal: null, "
                      "coverage_pneumonia: null, auroc_normal_vs_pneumonia: 0.999, "
                      "calibration_error_pneumonia: 0.001}")  # fmt: skip
    told = call_neumo(
        capsys,
        *("commission", "review", "--archive", in_use.url, "--bundle", in_use.bundle, "--resamples", 40),
        *("--criteria", strict),
        status=1,
    )
    assert (
        "Commission the bundle anew" in told and "calibration error of pneumonia: the whole interval" in told
    )


def test_an_archive_of_another_bundle_or_without_decisions_is_nothing_to_review(
    in_use: InUse, site_bundle_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("commission", "review", "--archive", in_use.url, "--bundle")
    assert "no answer on record" in call_neumo(capsys, *command, site_bundle_base, status=2)
    assert "no answer on record" in call_neumo(
        capsys, *command, in_use.bundle, "--since", "2001-01-01", "--until", "2001-02-01", status=2
    )
    empty = replace(population_of(in_use.engine, load_bundle(in_use.bundle).digest), decided=())
    with pytest.raises(CommissioningError, match="nobody decided"):
        review(load_bundle(in_use.bundle), empty, SITE_CRITERIA)


def test_the_day_of_review_and_a_bundle_that_nobody_commissioned_ask_for_it(
    in_use: InUse, site_bundle_base: Path
) -> None:
    bundle = load_bundle(in_use.bundle)
    population = population_of(in_use.engine, bundle.digest)

    def named(of: Bundle, today: date | None = None) -> tuple[list[str], list[str]]:
        found = review(of, population, SITE_CRITERIA, today=today, resamples=40)
        return [one.name for one in found.needed], [one.name for one in found.possible]

    assert bundle.site is not None and bundle.site.acceptance is not None
    last = date.fromisoformat(bundle.site.acceptance.review_by)
    assert named(bundle, last - timedelta(days=30))[1][0] == "soon"
    assert named(bundle, last - timedelta(days=90))[1][0] != "soon"
    assert named(bundle, last + timedelta(days=1))[0] == ["lapsed"]
    assert named(load_bundle(site_bundle_base))[0] == ["not_commissioned"]
    proposed = replace(bundle, site=replace(bundle.site, acceptance=None))
    assert named(proposed)[0] == ["not_accepted"]


def test_radiographs_that_the_bundle_was_commissioned_with_are_left_out(in_use: InUse) -> None:
    digest = load_bundle(in_use.bundle).digest
    whole = population_of(in_use.engine, digest)
    known = frozenset(each.sha256 for each in whole.decided[:3])
    fewer = population_of(in_use.engine, digest, known=known)
    assert fewer.known == 3 and len(fewer.decided) == len(whole.decided) - 3
    assert len(fewer.verdicts) == len(whole.verdicts) - 3


def drawn(generator: np.random.Generator, answers: int, seen: dict[str, float]) -> tuple[Population, float]:
    """Draw answers whose flagged ones are decided more often, and return the share in which people would agree."""
    pneumonia = generator.beta(0.7, 0.7, answers)
    sick = generator.random(answers) < pneumonia
    verdicts = np.where(
        pneumonia > 0.7, "pneumonia", np.where(pneumonia < 0.3, "no_pneumonia", "undetermined")
    )
    chosen = generator.random(answers) < np.array([seen[verdict] for verdict in verdicts])
    decided = [
        Decided(
            position=int(i), reading=int(i), file="", sha256="", patient=f"p{i}", age=None, sex="",
            conclusion=Conclusion.BACTERIAL_PNEUMONIA if sick[i] else Conclusion.NORMAL,
            agrees=bool(sick[i] == (pneumonia[i] >= 0.5)), blinded=True, verified=False,
            flagged=bool(pneumonia[i] >= 0.5),
            probabilities=(1 - float(pneumonia[i]), float(pneumonia[i]), 0.0), assessed=True,
            held=frozenset({FINDINGS[1] if pneumonia[i] >= 0.5 else Finding.NORMAL}),
        )
        for i in np.flatnonzero(chosen)
    ]  # fmt: skip
    return Population(tuple(verdicts.tolist()), pneumonia, tuple(decided), 0, 0, 0), float(
        ((pneumonia >= 0.5) == sick).mean()
    )


def test_weights_take_back_that_undetermined_answers_are_looked_at_first(in_use: InUse) -> None:
    generator = np.random.default_rng(4)
    seen = {"pneumonia": 0.2, "no_pneumonia": 0.1, "undetermined": 0.9}
    population, truth = drawn(generator, 4000, seen)
    found = review(load_bundle(in_use.bundle), population, SITE_CRITERIA, resamples=100)
    plain, weighted = found.plain["agreement"], found.weighted["agreement"]
    assert plain.value < truth - 0.05, "hard ones are over-represented"
    assert weighted.value == pytest.approx(truth, abs=0.02) and weighted.low < truth < weighted.high
    strata, weights = strata_of(population)
    assert weights.sum() == pytest.approx(4000) and sum(one.decided for one in strata) == len(weights)
    assert found.effective < found.decided
    none, _ = drawn(generator, 400, seen | {"no_pneumonia": 0.0})
    without = review(load_bundle(in_use.bundle), none, SITE_CRITERIA, resamples=40)
    share = none.verdicts.count("no_pneumonia") / 400
    assert without.represented == pytest.approx(1 - share)
    assert any(one.unknown for one in without.strata)


def test_a_record_that_is_none_is_an_error(in_use: InUse, tmp_path: Path) -> None:
    bundle = load_bundle(in_use.bundle)
    copy = shutil.copytree(in_use.bundle, tmp_path / "copy")
    (copy / "acceptance.json").write_text('{"criteria": 3}')
    with pytest.raises(BundleError, match="no acceptance record"):
        acceptance_record(replace(bundle, path=copy))
