import io
import json
from pathlib import Path

import pytest
from tests.support.reading_samples import read, refused

from neumo.core.errors import OutputError
from neumo.results.json_lines import files_done, write_line


def test_json_lines_hold_exactly_the_promised_keys() -> None:
    stream = io.StringIO()
    write_line(stream, read(), "maps/1.png")
    write_line(stream, refused())
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert list(first) == list(second) == list(refused().to_json())
    assert first["probabilities"] == {"NORMAL": 0.2, "BACTERIAL_PNEUMONIA": 0.3, "VIRAL_PNEUMONIA": 0.5}
    assert first["prediction_set"] == ["BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"]
    assert first["warnings"] == ["outside_age_range: Too old."] and first["heatmap"] == "maps/1.png"
    assert second["status"] == "refused" and second["reasons"] == ["blank: This is no chest."]
    assert second["finding"] is second["probabilities"] is second["pneumonia"] is second["heatmap"] is None


def test_resuming_knows_what_is_done_and_cuts_off_a_half_line(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    lines = [json.dumps(reading.to_json()) for reading in (read("x 1.png"), refused("é.png"))]
    target.write_text(lines[0] + "\n" + lines[1] + "\n" + lines[0][:40])
    assert list(files_done(target)) == ["x 1.png", "é.png"]
    assert target.read_text() == lines[0] + "\n" + lines[1] + "\n"
    assert list(files_done(tmp_path / "absent")) == []
    target.write_text("something else\n")
    with pytest.raises(OutputError, match="line 1 is not a reading"):
        list(files_done(target))
