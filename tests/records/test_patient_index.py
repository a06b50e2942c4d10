"""Patients in an archive: found by any way of writing, told apart by their issuer, gone with a purge."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from neumo.core.patient import PatientStudy, Sex
from neumo.core.reading import Reading, Status
from neumo.records.audit_log import verify
from neumo.records.filters import FilterError, Filters, Sort
from neumo.records.patient_index import patient_key, searched_words, words_of
from neumo.records.retention import purge
from neumo.records.search import search
from neumo.records.store import record
from neumo.records.stored_reading import stored_reading

PATIENT = PatientStudy(
    name="García-Müller^José Ángel=山田^太郎",
    id="MRN-4711/2",
    issuer="St. Anne",
    birth_date="2019-03-14",
    age=5.2,
    sex="M",
    accession_number="ACC 2024.77",
    study_date="2024-05-02",
    institution="Children's Hospital, Łódź",
)


def _keep(archive: Engine, name: str, patient: PatientStudy | None) -> int:
    reading = Reading(name, hashlib.sha256(name.encode()).hexdigest(), Status.REFUSED)
    return record(archive, reading, source="t", actor="t", patient=patient)


FOUND = (
    "garcia", "GARCÍA", "garcia-muller", "García-Müller", "mueller", "Müll", "jose garcia", "ángel", "山田", "太郎",
    "山田太郎", "MRN-4711/2", "mrn4711", "4711", "2019-03-14", "20190314", "14.03.2019", "14/03/2019", "2019-03",
    "acc", "2024.77", "2024-05-02", "lodz", "childrens", "children", "garcia 2019", "García, José",
)  # fmt: skip
NOT_FOUND = ("garcia smith", "arcia", "jo se", "15.03.2019", "1", "st. anne", "5", "-", "%", "_", "  ,^= ")


def test_a_patient_is_found_by_any_way_of_writing_and_by_nothing_else(archive: Engine) -> None:
    ours = _keep(archive, "a", PATIENT)
    _keep(archive, "b", PatientStudy(name="Smith^John", id="77", birth_date="2020-03-14"))
    _keep(archive, "c", None)

    def numbers(words: str) -> list[int]:
        return [row.id for row in search(archive, Filters(patient_words=words)).readings]

    assert {words: numbers(words) for words in FOUND} == {words: [ours] for words in FOUND}
    assert {words: numbers(words) for words in NOT_FOUND} == {words: [] for words in NOT_FOUND}
    assert search(archive, Filters(patient_words="garcia"), count_to=10).count == 1


@pytest.mark.parametrize(
    ("stored", "typed"),
    [("Mueller", "Müller"), ("Müller", "Muller"), ("Mueller", "muller"), ("Sørensen", "soerensen"), ("Đặng", "dang"),
     ("O'Brien", "obrien"), ("O'Brien", "o'brien"),
     ("Strauß", "STRAUSS"), ("ＭＲＮ１", "mrn1"), ("Ιωάννης", "ιωαννης")],
)  # fmt: skip
def test_spellings_of_one_name_meet(stored: str, typed: str) -> None:
    found = words_of(PatientStudy(name=stored).to_json())
    assert any(word.startswith(form) for form in searched_words(typed)[0] for word in found)


def test_hostile_words_stay_short_and_few() -> None:
    assert max(map(len, words_of(PatientStudy(name="ä" * 5000, id="x" * 5000).to_json()))) == 64
    assert len(searched_words("a " * 5000)) == 12 and max(map(len, searched_words("b" * 5000)[0])) == 64


@pytest.mark.parametrize(
    ("change", "same"),
    [({"name": "Other"}, True), ({"id": " mrn-4711/2 "}, True), ({"institution": "Elsewhere"}, True),
     ({"id": "4711"}, False), ({"issuer": "St. Paul"}, False), ({"issuer": None}, False)],
)  # fmt: skip
def test_the_same_patient_is_one_identifier_of_one_issuer(change: dict[str, str | None], same: bool) -> None:
    other = replace(PATIENT, **change)  # type: ignore[arg-type]
    assert (patient_key(other.to_json()) == patient_key(PATIENT.to_json())) is same
    here, there = (PatientStudy(id="1", institution=name) for name in ("A  Hospital", "a hospital "))
    assert patient_key(here.to_json()) == patient_key(there.to_json())
    assert patient_key(PatientStudy(name="Doe^Jane").to_json()) == patient_key(None) == ""


def test_readings_without_an_identifier_are_nobodys(archive: Engine) -> None:
    ours = [_keep(archive, name, PATIENT) for name in "ab"]
    for name in "cd":
        _keep(archive, name, PatientStudy(name=PATIENT.name))
    same = search(archive, Filters(patient_key=patient_key(PATIENT.to_json()))).readings
    assert [row.id for row in same] == ours[::-1]
    assert search(archive, Filters(patient_key="")).readings == ()


AGES = {"child": 5.0, "nearly six": 5.99, "six": 6.0, "newborn": 0.0, "months": 1.5}
RANGES: list[tuple[float | None, float | None, set[str]]] = [
    (1, 5, {"child", "nearly six", "months"}),
    (6, None, {"six"}),
    (None, 0, {"newborn"}),
    (0, 1.5, {"newborn", "months"}),
    (0, 1.4, {"newborn"}),
    (None, 150, set(AGES)),
]


def test_patients_are_found_by_age_and_sex(archive: Engine) -> None:
    sexes = ("F", "m", "M", "O", None)
    kept = {
        name: _keep(archive, name, PatientStudy(age=age, sex=sex))
        for (name, age), sex in zip(AGES.items(), sexes, strict=True)
    }
    _keep(archive, "unknown", PatientStudy(name="Doe", sex="unknown"))
    _keep(archive, "nobody", None)

    def found(**asked: Any) -> set[str]:
        page = search(archive, Filters(**asked), count_to=10)
        assert page.count == len(page.readings)
        return {name for row in page.readings for name, number in kept.items() if number == row.id}

    for youngest, oldest, names in RANGES:
        assert found(age_from=youngest, age_to=oldest) == names
        assert found(age_from=youngest, age_to=oldest, status=Status.REFUSED) == names
    assert found(sex=Sex.MALE) == {"nearly six", "six"}
    assert found(sex=Sex.MALE, age_from=6.0) == {"six"}
    assert search(archive, Filters(age_from=0.0), sort=Sort.PNEUMONIA_RISING).readings == ()
    purge(archive, days=0, actor="officer")
    assert found(age_to=150.0) == found(sex=Sex.FEMALE) == set()
    assert not verify(archive).faults


@pytest.mark.parametrize(
    ("asked", "key"),
    [({"age_from": -1.0}, "age_from"), ({"age_to": float("nan")}, "age_to"), ({"age_to": 151.0}, "age_to"),
     ({"age_from": 6.0, "age_to": 5.0}, "age_from")],
)  # fmt: skip
def test_ages_that_are_none_are_named(archive: Engine, asked: dict[str, float], key: str) -> None:
    with pytest.raises(FilterError) as error:
        search(archive, Filters(**asked))  # type: ignore[arg-type]
    assert error.value.key == key


def test_a_purge_forgets_the_patient(archive: Engine) -> None:
    number = _keep(archive, "a", PATIENT)
    kept = _keep(archive, "b", None)
    assert stored_reading(archive, number).body["patient"] == PATIENT.to_json()
    assert purge(archive, days=0, actor="officer") == 2
    assert search(archive, Filters(patient_words="garcia")).readings == ()
    assert search(archive, Filters(patient_key=patient_key(PATIENT.to_json()))).readings == ()
    assert "patient" not in stored_reading(archive, number).body and kept
    with archive.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM patient_words")).scalar_one() == 0
    assert not verify(archive).faults


@pytest.mark.parametrize(
    "attack",
    ["UPDATE patient_words SET word = 'smith' WHERE word = 'garcia'", "DELETE FROM patient_words WHERE word = 'jose'",
     "INSERT INTO patient_words VALUES ('smith', 1)", "UPDATE worklist SET patient_key = 'x'",
     "UPDATE worklist SET age = 3", "UPDATE worklist SET sex = 'F'",
     "INSERT INTO patient_words VALUES ('smith', 9)"],
)  # fmt: skip
def test_an_index_that_hides_or_adds_a_patient_is_found(archive: Engine, attack: str) -> None:
    _keep(archive, "a", PATIENT)
    assert not verify(archive).faults
    with archive.begin() as connection:
        connection.execute(text(attack))
    row = 9 if "9" in attack else 1
    assert verify(archive).faults == (f"worklist: row {row} differs from what is on record",)
