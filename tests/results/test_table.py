"""The terminal table says everything in one language."""

from dataclasses import replace

import pytest
from rich.console import Console
from tests.support.reading_samples import ANSWER, read

from neumo.core.reading import Notice, Reading, Status
from neumo.results.table import readings_table
from neumo.texts.language import Language


@pytest.mark.parametrize(
    ("language", "said", "unsaid"),
    [
        (
            "en",
            ("answer", "set:", "the threshold (balanced)", "could not be read", "no PNG"),
            ("archivo", "umbral"),
        ),
        (
            "es",
            ("respuesta", "conjunto del", "umbral (equilibrado)", "no se pudo leer", "no es una imagen"),
            ("threshold", "set:", "notices"),
        ),
    ],
)
def test_a_table_is_in_one_language(
    language: Language, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    answered = read(warnings=(), answer=replace(ANSWER, operating_point="balanced"))
    failed = Reading("b.png", None, Status.FAILED, reasons=(Notice("not_an_image", "The file is no PNG."),))
    console = Console(width=200, record=True)
    console.print(readings_table([answered, failed], language))
    shown = console.export_text()
    assert all(word in shown for word in said), shown
    assert not any(word in shown for word in unsaid), shown
