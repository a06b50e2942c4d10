import csv
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neumo.core.errors import OutputError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Answer, Notice, Reading, Status
from neumo.results.csv_table import COLUMNS, write_header, write_row
from neumo.results.json_lines import files_done, write_line
from neumo.results.overlays import overlay_of, write_overlay
from neumo.results.page import open_page
from neumo.results.sentences import notice_text
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import LANGUAGES, Language

ANSWER = Answer(
    finding=Finding.VIRAL_PNEUMONIA,
    probabilities=dict(zip(FINDINGS, (0.2, 0.3, 0.5), strict=True)),
    prediction_set=(Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA),
    coverage=0.9,
    pneumonia=True,
    operating_point="balanced",
    threshold=0.6,
    ppv=0.31,
    npv=0.98,
)
AGE = Notice("outside_age_range", "Too old.", {"youngest": 1.0, "oldest": 5.0, "age": 64.0})


def read(file: str = "a.png", **changes: Any) -> Reading:
    rows, columns = np.indices((90, 80))
    values: dict[str, Any] = {
        "file": file,
        "sha256": "ab" * 32,
        "status": Status.READ,
        "answer": ANSWER,
        "warnings": (AGE,),
        "class_map": np.eye(3, dtype=np.float32),
        "pixels": ((rows + columns) % 256).astype(np.uint8),
        "receipt": {"bundle": {"name": "tiny", "version": "1"}},
    }
    return Reading(**{**values, **changes})


def refused(file: str = "b.png") -> Reading:
    return Reading(file, "cd" * 32, Status.REFUSED, reasons=(Notice("not_chest", "This is no chest."),))


def test_json_lines_hold_exactly_the_promised_keys() -> None:
    stream = io.StringIO()
    write_line(stream, read(), "maps/1.png")
    write_line(stream, refused())
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert list(first) == list(second) == list(refused().to_json())
    assert first["probabilities"] == {"NORMAL": 0.2, "BACTERIAL_PNEUMONIA": 0.3, "VIRAL_PNEUMONIA": 0.5}
    assert first["prediction_set"] == ["BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"]
    assert first["warnings"] == ["outside_age_range: Too old."] and first["heatmap"] == "maps/1.png"
    assert second["status"] == "refused" and second["reasons"] == ["not_chest: This is no chest."]
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


def test_csv_rows_have_every_column() -> None:
    stream = io.StringIO()
    write_header(stream)
    write_row(stream, read())
    write_row(stream, refused())
    stream.seek(0)
    first, second = csv.DictReader(stream)
    assert tuple(first) == COLUMNS and None not in first.values() and None not in second
    assert (first["p_VIRAL_PNEUMONIA"], first["pneumonia"], first["ppv"]) == ("0.500000", "yes", "0.3100")
    assert second["finding"] == "" and second["reasons"] == "not_chest: This is no chest."


def test_overlays_show_the_heat_and_never_leave_their_folder(tmp_path: Path) -> None:
    picture = overlay_of(read())
    assert picture is not None and picture.shape == (90, 80, 3)
    assert (picture[5, 5] != picture[5, 5, 0]).any(), "colour where the map is hot"
    assert overlay_of(read(class_map=None)) is None
    written = write_overlay(read("../../etc/pass wd.png"), tmp_path / "maps", 7)
    assert written is not None and Path(written).parent == tmp_path / "maps"
    assert Path(written).name == "00007-pass_wd.png" and Path(written).stat().st_size > 100


@pytest.fixture
def many() -> Iterator[Reading]:
    return iter([read("<script>alert(1)</script>.png"), refused(), read("c.png", class_map=None)])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_self_contained_and_escapes_what_files_are_called(
    lang: Language, many: Iterator[Reading], tmp_path: Path
) -> None:
    target = tmp_path / "page.html"
    with open_page(target, lang) as add:
        for reading in many:
            add(reading)
    page = target.read_text()
    words = html.unescape(page)
    assert f'<html lang="{lang}">' in page and texts(lang)("terms.disclaimer") in words
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", page), "nothing is fetched"
    assert page.count("<article") == 3 and page.count('class="heat"') == 1
    assert notice_text(AGE, lang) in words
    assert "{" not in re.sub(r"<style>.*?</style>|<pre.*?</pre>", "", page, flags=re.DOTALL), (
        "no unfilled words"
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_says_whose_prevalence_it_is_and_what_the_operating_point_means(
    lang: Language, tmp_path: Path
) -> None:
    shares = dict(zip(FINDINGS, (0.96, 0.03, 0.01), strict=True))
    given = replace(ANSWER, prevalence=shares, prevalence_given=True)
    assumed = replace(ANSWER, prevalence=shares, ppv=None, npv=None, operating_point="house rule")
    pages = []
    for answer in (given, assumed):
        with open_page(tmp_path / "page.html", lang) as add:
            add(read(answer=answer))
        pages.append(html.unescape((tmp_path / "page.html").read_text()))
    t = texts(lang)
    for page in pages:
        assert percent(0.04) in page and percent(0.03) in page and percent(0.6) in page
    stated, unstated = (t.group("readings")[key][:20] for key in ("prevalence_given", "prevalence_of_bundle"))
    without = t("readings.no_predictive_values")
    assert stated in pages[0] and unstated not in pages[0] and without not in pages[0]
    assert percent(0.31) in pages[0] and t("readings.points.balanced") in pages[0]
    assert unstated in pages[1] and without in pages[1] and "house rule" in pages[1]


def test_an_interrupted_page_shows_what_was_done_and_a_failed_one_leaves_nothing(tmp_path: Path) -> None:
    def stopping(target: Path, error: type[BaseException]) -> None:
        with open_page(target) as add:
            add(read())
            raise error

    with pytest.raises(KeyboardInterrupt):
        stopping(tmp_path / "kept.html", KeyboardInterrupt)
    assert "a.png" in (tmp_path / "kept.html").read_text()
    with pytest.raises(RuntimeError):
        stopping(tmp_path / "gone.html", RuntimeError)
    assert [file.name for file in tmp_path.iterdir()] == ["kept.html"]


def test_a_notice_without_translation_keeps_its_english_sentence() -> None:
    assert notice_text(Notice("unheard_of", "Words."), "es") == "Words."
    assert notice_text(Notice("too_small", "Words.", {"width": 3}), "es") == "Words."
    assert notice_text(Notice("not_chest", "Words."), "es") == "No parece una radiografía de tórax frontal."
    assert notice_text(Notice("not_chest", "Words."), "en") == "Words."
