"""Numbers are written alike in both languages, by the rule of docs/reference/glossary.md."""

import csv
import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from pypdf import PdfReader
from rich.console import Console
from tests.support.hospital_samples import ANSWER, reading

from neumo.core.message import Message
from neumo.results.csv_table import write_header, write_row
from neumo.results.page import open_page
from neumo.results.pdf import write_pdf
from neumo.results.table import evidence_lines, readings_table
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import LANGUAGES, Language

NEUMO = Path(str(files("neumo")))
SHORT = "\N{NO-BREAK SPACE}%"


def assert_written_by_the_rule(text: str) -> None:
    """A decimal comma, or a percent sign without its space, is nowhere in what people read."""
    assert re.findall(r"\d[^\S\N{NO-BREAK SPACE}]*%|(?<![\d,])0,\d", text) == []
    assert SHORT in text and re.search(r"\d\.\d", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_screen_page_and_pdf(language: Language, tmp_path: Path) -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(readings_table([reading()], language))
    assert_written_by_the_rule(captured.get() + "\n".join(evidence_lines([reading()], language)))
    with open_page(tmp_path / "page.html", language) as add:
        add(reading())
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert_written_by_the_rule(re.sub(r"<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL))
    write_pdf(reading(), tmp_path / "page.pdf", language)
    pdf = "\n".join(page.extract_text() for page in PdfReader(tmp_path / "page.pdf").pages)
    assert re.findall(r"\d%|(?<![\d,])0,\d", pdf) == []
    assert re.search(r"\d\.\d\s*%", pdf)


def test_what_programs_read_is_plain(tmp_path: Path) -> None:
    with (tmp_path / "out.csv").open("w", encoding="utf-8", newline="") as stream:
        write_header(stream)
        write_row(stream, reading(), None)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    numbers = [value for value in row.values() if re.fullmatch(r"[\d.,]+", value or "")]
    assert len(numbers) >= len(ANSWER.probabilities)
    assert [value for value in numbers if "," in value] == []
    assert json.loads(json.dumps(reading().to_json()))["probabilities"] == {
        finding.value: share for finding, share in ANSWER.probabilities.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_fill_percentages_by_the_rule(language: Language) -> None:
    assert Message("{share:.1%} of {count:,}", share=0.975, count=5856) == f"97.5{SHORT} of 5,856"
    many = texts(language)("files.outcomes.read", count=5856)
    assert "5,856" in many and "5,856" in Message("{count} of {total:,}", count=5856, total=5856)
    assert Message("reading {id}: seed {seed}", id=5856, seed=1234) == "reading 5856: seed 1234"
    filled = texts(language)(
        "evaluation.curves.still-falling",
        best_epoch=3,
        epochs=4,
        train_change_over_last_third=-0.22,
        val_change_over_last_third=-0.21,
    )
    assert f"-22{SHORT}" in filled
    assert percent(0.9751) == f"97.5{SHORT}"


def test_no_source_writes_a_percentage_past_the_rule() -> None:
    """An f-string knows nothing of the rule; `percent` and the patterns of messages do."""
    wrong = re.compile(r"""\bf["'][^"']*\{[^}"']*%\}""")
    found = {
        f"{file.relative_to(NEUMO)}:{number}"
        for file in sorted(NEUMO.rglob("*.py"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if wrong.search(line)
    }
    assert found == set()


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_the_workbench_writes_them_alike() -> None:
    script = (NEUMO / "web/static/i18n.js").as_uri()
    code = f"""
import {{ formatOf }} from "{script}";
for (const language of ["en", "es"]) {{
  const format = formatOf(language);
  const shown = [format.percent(.9751, 1), format.number(5856.25, 1), format.number(12345), format.interval(.9996, 1)];
  console.log(JSON.stringify(shown));
}}"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True, timeout=60
    )
    english, spanish = map(json.loads, done.stdout.splitlines())
    assert english == spanish == [f"97.5{SHORT}", "5,856.3", "12,345", f"99.96–100.0{SHORT}"]
