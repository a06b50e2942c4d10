"""A radiograph without its patient is read as before, and so is its report without the patient."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydicom import dcmread
from tests.support.commands import call_neumo_once, run_neumo
from tests.support.node_samples import radiograph, written
from tests.support.tiny_bundle import make_bundle

from neumo.deidentification.burned_in import text_in_rim

KEYS = ("status", "finding", "probabilities", "prediction_set", "pneumonia", "reasons", "warnings")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("deidentified") / "tiny", phantoms)


def read(file: Path, bundle: Path, tmp_path: Path) -> dict[str, Any]:
    answers = tmp_path / f"{file.stem}.jsonl"
    call_neumo_once("read", file, "--bundle", bundle, "--json", answers, "--sr", tmp_path / "sr")
    reading: dict[str, Any] = json.loads(answers.read_text().splitlines()[0])
    return {key: reading[key] for key in KEYS}


def test_a_film_without_its_patient_is_read_as_before(tmp_path: Path, phantoms: Path, bundle: Path) -> None:
    film = sorted((phantoms / "test").rglob("*.jpeg"))[0]
    source = written(
        radiograph(film, PatientName="Müller^Änne", SpecificCharacterSet="ISO_IR 192", PatientAge="004Y"),
        tmp_path / "Müller.dcm",
    )
    run_neumo("deidentify", source, "--out", tmp_path / "out", "--allow-burned-in")
    (clean,) = (tmp_path / "out").iterdir()
    before, after = read(source, bundle, tmp_path), read(clean, bundle, tmp_path)
    assert before["status"] == "read" and after == before
    reports = [dcmread(file) for file in (tmp_path / "sr").iterdir()]
    of_the_clean = [report for report in reports if report.PatientName != "Müller^Änne"]
    assert len(reports) == 2 and len(of_the_clean) == 1
    assert "ller" not in str(of_the_clean[0])


def test_the_words_on_phantoms_are_found(tmp_path: Path) -> None:
    import numpy as np

    from neumo.datasets.phantoms.dataset import make_phantoms

    make_phantoms(tmp_path / "set", per_class=3, seed=5, size=1024)
    films = sorted((tmp_path / "set").rglob("*.jpeg"))
    for film in films:
        grey = np.array(Image.open(film).convert("L"))
        lines = text_in_rim(grey)
        # Each phantom says SYNTHETIC in its lower left corner, and nothing else is print.
        assert lines and all(line.top > 0.9 and line.right < 0.35 for line in lines), film.name
        grey[-80:, :300] = 0
        assert text_in_rim(grey) == [], film.name
