"""The table of decided radiographs: files are known again by what they hold."""

import csv
import io
from pathlib import Path

import pytest
from pydicom import dcmwrite
from tests.support.node_samples import radiograph

from neumo.commissioning.review.local_table import write_local_table
from neumo.commissioning.review.population import Decided
from neumo.core.decision import Conclusion
from neumo.core.findings import Finding


@pytest.mark.parametrize("preamble", [True, False])
def test_a_dicom_object_is_known_by_its_uid_whatever_its_form(preamble: bool, tmp_path: Path) -> None:
    """An archive gives out other bytes than were read, with or without the preamble of a file."""
    film, stream = radiograph(), io.BytesIO()
    dcmwrite(stream, film, enforce_file_format=True)
    content = stream.getvalue()
    (tmp_path / "films").mkdir()
    if not preamble:
        content = content[content.index(b"\x08\x00\x16\x00") :]  # from SOP Class UID (0008,0016) on
    (tmp_path / "films" / "film.dcm").write_bytes(content)
    decided = Decided(
        position=0, reading=1, file=str(film.SOPInstanceUID), sha256="0" * 64, patient="p", age=3.0, sex="F",
        conclusion=Conclusion.NORMAL, agrees=True, blinded=True, verified=False, flagged=False,
        probabilities=(0.9, 0.05, 0.05), assessed=True, held=frozenset({Finding.NORMAL}),
    )  # fmt: skip
    written = write_local_table(tmp_path / "table.csv", [decided], tmp_path / "films")
    assert (written.rows, written.missing) == (1, 0)
    (row,) = csv.DictReader((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines())
    assert "films/film.dcm" in row.values()
