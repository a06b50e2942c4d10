import hashlib
import re
from pathlib import Path

import pytest
from PIL import Image
from tests.support.commands import call_neumo

from neumo import Reader
from neumo.core.errors import OutputError
from neumo.core.findings import FINDINGS
from neumo.samples import sample_files, write_samples

_NOTICE = (sample_files()[0].parent / "README.md").read_text(encoding="utf-8")


def test_the_built_in_bundle_reads_each_sample_rightly_and_is_sure() -> None:
    reader = Reader(threads=1)
    for file, finding in zip(sample_files(), FINDINGS, strict=True):
        answer = reader.read(file).answer
        assert answer is not None
        assert answer.finding == finding
        assert answer.prediction_set == (finding,)
        assert answer.pneumonia == (finding != FINDINGS[0])


def test_samples_are_small_and_say_where_they_come_from() -> None:
    for file in sample_files():
        assert file.stat().st_size <= 60_000
        with Image.open(file) as image:
            comment = image.info["comment"].decode()
            assert image.mode == "L"
        original = re.search(rf"`{file.name}` .*`(chest_xray/train/\S+)`", _NOTICE)
        assert original is not None
        assert comment.startswith(original[1])
        assert "10.17632/rscbjbr9sj.3, CC BY 4.0" in comment
    assert "CC BY 4.0" in _NOTICE


def test_samples_are_official_training_images(shared_data: Path) -> None:
    for path, digest in re.findall(r"`chest_xray/(train/\S+)` \| `([0-9a-f]{64})`", _NOTICE):
        assert hashlib.sha256((shared_data / "chest_xray_original" / path).read_bytes()).hexdigest() == digest


def test_neumo_sample_writes_what_neumo_read_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a" / "samples"
    told = call_neumo(capsys, "sample", folder)
    assert f"neumo read {folder}" in " ".join(told.split())
    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md",
        "train-bacterial.jpeg",
        "train-normal.jpeg",
        "train-viral.jpeg",
    ]
    call_neumo(capsys, "sample", folder)  # once more does no harm
    assert "90\N{NO-BREAK SPACE}% set" in call_neumo(capsys, "read", folder)


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"README\.md exists and is another file"):
        write_samples(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="could not be written"):
        write_samples(tmp_path / "file")
