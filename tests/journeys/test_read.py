"""`neumo read` as a user runs it, on phantoms with a tiny bundle."""

import json
import shutil
from pathlib import Path

import pytest
from tests.support.commands import call_neumo, run_neumo
from tests.support.dicom_samples import dicom_file
from tests.support.tiny_bundle import make_bundle

from neumo.core.reading import Reading, Status
from neumo.imaging import open_radiograph


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)


@pytest.fixture
def films(phantoms: Path, tmp_path: Path) -> Path:
    """A folder with radiographs, a text, a broken image, and a link back to itself."""
    folder = tmp_path / "films"
    (folder / "deep").mkdir(parents=True)
    for number, file in enumerate(sorted((phantoms / "test").rglob("*.jpeg"))[:5]):
        shutil.copy(file, folder / ("deep" if number % 2 else "") / f"film {number}.jpeg")
    (folder / "notes.txt").write_text("nothing to read")
    (folder / "deep" / "loop").symlink_to(folder, target_is_directory=True)
    return folder


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_folder_to_every_result_at_once(bundle: Path, films: Path, tmp_path: Path) -> None:
    output = run_neumo(
        "read", films, "--bundle", bundle, "--json", tmp_path / "r.jsonl", "--csv", tmp_path / "r.csv",
        "--html", tmp_path / "r.html", "--heatmaps", tmp_path / "maps", "--lang", "es", "--prevalence", "0.1",
    )  # fmt: skip
    assert output.startswith("7 archivos encontrados: ") and len(output.splitlines()) == 1
    readings = lines(tmp_path / "r.jsonl")
    keys = list(Reading("", None, Status.FAILED).to_json())
    assert len(readings) == 5 and all(list(reading) == keys for reading in readings)
    expected = [films / f"film {n}.jpeg" for n in (0, 2, 4)] + [
        films / "deep" / f"film {n}.jpeg" for n in (1, 3)
    ]
    assert [r["file"] for r in readings] == [str(file) for file in expected]
    read = [r for r in readings if r["status"] == "read"]
    assert read and all(Path(str(r["heatmap"])).is_file() for r in read)
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 6
    assert '<html lang="es">' in (tmp_path / "r.html").read_text()


def test_one_bad_file_among_good_ones_is_told_and_the_others_are_read(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (films / "text.png").write_text("not an image")
    (films / "empty.jpg").touch()
    target = tmp_path / "r.jsonl"
    output = call_neumo(capsys, "read", films, "--bundle", bundle, "--json", target, status=1)
    assert "2 of 7 files could not be read" in output
    failed = [r for r in lines(target) if r["status"] == "failed"]
    assert {Path(str(r["file"])).name for r in failed} == {"text.png", "empty.jpg"}
    assert all(r["reasons"] for r in failed)


def test_resuming_reads_only_what_is_missing(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "r.jsonl"
    call_neumo(capsys, "read", films, "--bundle", bundle, "--json", target)
    whole = target.read_text()
    kept = whole.splitlines(keepends=True)
    target.write_text("".join(kept[:2]) + kept[2][:50])
    call_neumo(capsys, "read", films, "--bundle", bundle, "--json", target, "--resume")
    assert [r["file"] for r in lines(target)] == [json.loads(line)["file"] for line in kept]
    output = call_neumo(capsys, "read", films, "--bundle", bundle, "--json", target, "--resume")
    assert "nothing left to read" in output


def test_standard_output_holds_readings_only_and_replays_bit_for_bit(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = films / "film 0.jpeg"
    line = run_neumo("read", film, "--bundle", bundle, "--json", "-")
    receipt = tmp_path / "receipt.json"
    receipt.write_text(line)
    replay = ("--replay", receipt, "--bundle", bundle)
    assert "reproduced bit for bit" in call_neumo(capsys, "read", film, *replay)
    other = films / "film 2.jpeg"
    assert "not reproduced" in call_neumo(capsys, "read", other, *replay, status=1)
    for content in ("[1, 2]", "{}", "no JSON"):
        receipt.write_text(content)
        call_neumo(capsys, "read", film, *replay, status=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--operating-point", "best"], "balanced"),
        (["--coverage", "0.5"], "0.9"),
        (["--prevalence", "1.5"], "between 0 and 1"),
        (["--prevalence", "NORMAL=x"], "--prevalence"),
        (["--lang", "fr", "--html", "x.html"], "'fr'"),
        (["--resume"], "--json"),
        (["--override-age", "small for his age"], "give one file"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(
    arguments: list[str], message: str, bundle: Path, films: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert message in call_neumo(capsys, "read", films, "--bundle", bundle, *arguments, status=2)
    assert not (tmp_path / "x.html").exists()


def test_the_age_range_is_overridden_for_one_file(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.dcm"
    film = sorted(films.glob("*.jpeg"))[0]
    old.write_bytes(dicom_file(open_radiograph(film).pixels, PatientAge="070Y", Modality="CR"))
    arguments = ["read", old, "--bundle", bundle, "--json", "-"]
    assert json.loads(call_neumo(capsys, *arguments))["status"] == "refused"
    read = json.loads(call_neumo(capsys, *arguments, "--override-age", "asked for in writing"))
    assert read["status"] == "read" and read["warnings"][0].endswith("Reason: asked for in writing")


def test_the_site_s_prevalence_is_stated_once_for_all_commands(
    bundle: Path, films: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUMO_PREVALENCE", "0.05")
    film = sorted(films.glob("*.jpeg"))[0]
    read = json.loads(call_neumo(capsys, "read", film, "--bundle", bundle, "--json", "-"))
    assert read["prevalence_given"] and read["prevalence"]["NORMAL"] == pytest.approx(0.95)
    assert 0 < read["ppv"] < 1
    table = call_neumo(capsys, "read", film, "--bundle", bundle)
    assert "phantoms, test" in " ".join(table.split()) and "5.0" in table


def test_nothing_to_read_is_a_usage_error_and_a_missing_file_a_failure(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    output = call_neumo(capsys, "read", tmp_path / "empty", "--bundle", bundle, status=2)
    assert "no image" in output
    output = call_neumo(capsys, "read", tmp_path / "absent.png", "--bundle", bundle, status=1)
    assert "does not" in output and "1 of 1 files could not be read" in output


def test_an_unreadable_file_is_answered(bundle: Path, films: Path) -> None:
    (films / "film 0.jpeg").chmod(0)
    arguments = ["read", films, "--bundle", bundle, "--json", "-"]
    assert "cannot be read" in run_neumo(*arguments, status=1, obey_permissions=True)
