from pathlib import Path

import pytest
from pydicom import dcmread
from tests.support.commands import call_neumo, run_neumo
from tests.support.node_samples import radiograph, written


def folder_of_films(folder: Path) -> Path:
    folder.mkdir()
    for number in range(2):
        written(radiograph(study="1.2.3.4", AccessionNumber="A-99-1"), folder / f"Doe_Jane_{number}")
    (folder / "notes.txt").write_text("Doe, Jane")
    return folder


def test_a_folder_of_radiographs_without_its_patient(tmp_path: Path) -> None:
    said = run_neumo("deidentify", folder_of_films(tmp_path / "in"), "--out", tmp_path / "out")
    assert (
        "3 files found: 2 written, 0 flagged, 0 refused, 0 failed, 1 skipped (1 other file, no image)" in said
    )
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 2 and all(file.suffix == ".dcm" for file in files)
    for file in files:
        assert b"Doe" not in file.read_bytes() and b"4711" not in file.read_bytes()
    assert len({dcmread(file).PatientID for file in files}) == 1


def test_a_key_gives_the_same_pseudonyms_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    films, key = folder_of_films(tmp_path / "in"), tmp_path / "key"
    key.write_bytes(b"a secret of more than sixteen bytes")
    names = {}
    for out, options in {"1": ["--key", key], "2": ["--key", key], "3": []}.items():
        said = call_neumo(capsys, "deidentify", films, "--out", tmp_path / out, *options)
        assert "secret" not in said
        names[out] = {file.name for file in (tmp_path / out).iterdir()}
    assert names["1"] == names["2"] and not names["1"] & names["3"]


def test_what_is_flagged_or_refused_is_told_and_ends_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    burned_in = written(radiograph(BurnedInAnnotation="YES"), tmp_path / "burned.dcm")
    (tmp_path / "empty.dcm").write_bytes(b"")
    files = (burned_in, tmp_path / "empty.dcm")
    said = call_neumo(capsys, "deidentify", *files, "--out", tmp_path / "out", status=1)
    assert "--allow-burned-in" in said and f"{files[1]}: " in said
    assert "0 written, 1 flagged, 1 refused" in said and not (tmp_path / "out").exists()
    said = call_neumo(capsys, "deidentify", burned_in, "--out", tmp_path / "out", "--allow-burned-in")
    assert "1 written" in said and "although" in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--key", "none"], "--key: none cannot be read"),
        (["--key", "short"], "16 or more are needed"),
        (["--out", "in/out"], "choose a folder outside"),
    ],
)
def test_wrong_settings_end_with_status_2(
    options: list[str],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder_of_films(tmp_path / "in")
    (tmp_path / "short").write_text("short")
    said = call_neumo(capsys, "deidentify", "in", "--out", "out", *options, status=2)
    assert told in " ".join(said.split())


def test_a_folder_without_radiographs_ends_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("")
    assert "no DICOM file" in call_neumo(
        capsys, "deidentify", tmp_path / "in", "--out", tmp_path / "out", status=2
    )
