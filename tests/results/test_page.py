import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.reading_samples import AGE, ANSWER, EVIDENCE, read, refused

from neumo.core.findings import FINDINGS
from neumo.core.reading import Reading
from neumo.results.page import open_page
from neumo.results.sentences import notice_text
from neumo.texts.catalogue import percent, texts
from neumo.texts.data_names import data_name
from neumo.texts.language import LANGUAGES, Language


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
    assumed = replace(
        ANSWER, prevalence=shares, ppv=None, npv=None, operating_point="house rule", evidence=EVIDENCE[:-2]
    )
    pages = []
    for answer in (given, assumed):
        with open_page(tmp_path / "page.html", lang) as add:
            add(read(answer=answer))
        pages.append(html.unescape((tmp_path / "page.html").read_text()))
    t = texts(lang)
    for page in pages:
        assert percent(0.04) in page and percent(0.03) in page and percent(0.6) in page
    stated, unstated = (t.group("readings")[key][:20] for key in ("prevalence_given", "prevalence_of_bundle"))
    without = t("readings.evidence.no_prevalence")
    assert stated in pages[0] and unstated not in pages[0] and without not in pages[0]
    assert f"{percent(0.31)} (25.0-{percent(0.4)})" in pages[0] and t("readings.points.balanced") in pages[0]
    for page in pages:
        assert data_name(EVIDENCE[0], lang) in page and f"{percent(0.8)} (73.0-{percent(0.86)})" in page
        assert page.count(f"{percent(0.88)} (80.0-{percent(0.93)})") == 3, "coverage of every finding"
        assert f"{percent(0.1)} (8.0-{percent(0.14)})" in page, "calibration error"
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
