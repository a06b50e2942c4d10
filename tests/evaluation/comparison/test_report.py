"""The HTML report of a comparison."""

import re
from pathlib import Path

import pytest
from tests.support.report_samples import Page, made_up

from neumo.core.errors import OutputError
from neumo.evaluation.comparison.compare import compare
from neumo.evaluation.comparison.report import write_comparison_report
from neumo.evaluation.comparison.sentences import conclusion
from neumo.evaluation.comparison.values import Comparison
from neumo.texts.language import Language


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    runs = [(f"run{i}", made_up(120, seed=i, strength=0.8 + 0.6 * i)) for i in range(3)]
    return compare(runs, resamples=60)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_page_says_what_the_comparison_holds_and_loads_nothing(
    comparison: Comparison, tmp_path: Path, lang: Language
) -> None:
    write_comparison_report(comparison, tmp_path / "comparison.html", lang)
    page = (tmp_path / "comparison.html").read_text(encoding="utf-8")
    read = Page(page)
    words = read.words
    for paragraph in conclusion(comparison, lang).split("\n\n"):
        assert (
            " ".join(paragraph.split()) in words
        )  # as the page's words are, without spaces that do not break
    for run in comparison.runs:
        for name in ("accuracy", "macro_f1", "brier", "recall_VIRAL_PNEUMONIA"):
            figure = run.figures[name]
            assert f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})" in words
    for pair in comparison.pairs:
        difference = pair.differences["macro_f1"]
        figures = (f"{part:+.3f}" for part in (difference.value, difference.low, difference.high))
        assert "{} ({} … {})".format(*figures).replace("-", "−") in words
        counts = f"{pair.mcnemar.only_earlier_right} {pair.mcnemar.only_later_right}"
        assert re.search(rf"\b{counts}\b", words)
    assert "://" not in page
    assert all(load.startswith("#") for load in read.loads)
    assert {load[1:] for load in read.loads} <= set(read.ids)
    assert max(read.ids.values()) == 1
    assert page.count("<svg") == 1 + 2 * len(comparison.pairs)


def test_errors_that_fell_and_rose_are_parted(comparison: Comparison, tmp_path: Path) -> None:
    write_comparison_report(comparison, tmp_path / "comparison.html")
    words = Page((tmp_path / "comparison.html").read_text(encoding="utf-8")).words
    fell = [
        cell for pair in comparison.pairs for cell in pair.cells if cell.is_error and cell.change.value < 0
    ]
    rose = [
        cell for pair in comparison.pairs for cell in pair.cells if cell.is_error and cell.change.value > 0
    ]
    assert len(re.findall(r"→ [\w ]+? \d+ \d+ −\d", words)) == len(fell)
    assert len(re.findall(r"→ [\w ]+? \d+ \d+ \+\d", words)) == len(rose)


def test_a_comparison_that_cannot_be_written_leaves_nothing(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_comparison_report(comparison, tmp_path / "file" / "comparison.html")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
