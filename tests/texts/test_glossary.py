"""One term per concept: the messages and the Spanish documents keep to docs/reference/glossary.md."""

import re
from pathlib import Path

import pytest
from tests.support.messages import SHARED, messages

from neumo.texts.language import LANGUAGES, Language
from neumo.texts.translation import sentences

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "reference" / "glossary.md"
_ROW = re.compile(r"^\| (?!English|---)(.+?) \| (.+?) \|(.*?)\|(.*?)\|$", re.MULTILINE)


def forbidden(language: Language) -> list[tuple[str, re.Pattern[str]]]:
    """Forbidden terms of a language, with the right one."""
    rows = _ROW.findall(GLOSSARY.read_text(encoding="utf-8"))
    assert len(rows) > 50
    found = []
    for english, spanish, not_english, not_spanish in rows:
        term, others = (english, not_english) if language == "en" else (spanish, not_spanish)
        for other in filter(None, (part.strip() for part in others.split(","))):
            pattern = re.escape(other).replace(r"\*", r"\w*")
            found.append((term, re.compile(rf"(?<![\w-]){pattern}(?![\w-])", re.IGNORECASE)))
    return found


def faults(text: str, language: Language) -> list[str]:
    return [
        f"{hit.group()!r} where the glossary has {term!r}"
        for term, pattern in forbidden(language)
        for hit in pattern.finditer(text)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_keep_to_the_glossary(language: Language) -> None:
    said = messages(language, [*SHARED, "notices"] if language == "es" else SHARED)
    assert {key: wrong for key, text in said.items() if (wrong := faults(text, language))} == {}


_BUNDLE = re.compile(r"\bbundles?\b")
_PAQUETE = re.compile(r"\bpaquetes?\b(?! de Python)")
_NO_PROSE = re.compile(r"\{[^}]*\}|--bundle|neumo bundle|MONAI Bundle|paquete MONAI")


def test_a_bundle_is_a_bundle_in_both_languages() -> None:
    """What the glossary calls bundle and paquete is nowhere the model (modelo) in one of them."""
    english, spanish = messages("en"), messages("es")
    pairs = {key: (english[key], spanish[key]) for key in english}
    pairs |= {pattern: (pattern, text) for pattern, text in sentences("es").items()}
    prose = {key: tuple(_NO_PROSE.sub(" ", text) for text in pair) for key, pair in pairs.items()}
    assert any(_BUNDLE.search(pair[0]) for pair in prose.values())
    assert {
        key: pairs[key]
        for key, (said, translated) in prose.items()
        if bool(_BUNDLE.search(said)) != bool(_PAQUETE.search(translated))
    } == {}


def documents(language: Language) -> list[Path]:
    """Pages and other documents in a language, but the glossary."""
    pages = {page for page in (ROOT / "docs").rglob("*.md") if page != GLOSSARY}
    spanish = set((ROOT / "docs" / "es").rglob("*.md"))
    if language == "es":
        return [ROOT / "README.es.md", *sorted(spanish)]
    return [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(pages - spanish)


@pytest.mark.parametrize("language", LANGUAGES)
def test_documents_keep_to_the_glossary(language: Language) -> None:
    wrong = {}
    for document in documents(language):
        text = document.read_text(encoding="utf-8")
        prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
        if found := faults(prose, language):
            wrong[document.name] = found
    assert wrong == {}


def test_the_glossary_finds_what_it_forbids() -> None:
    assert faults("Neumonía vírica en la placa", "es") == [
        "'vírica' where the glossary has 'neumonía viral'",
        "'placa' where the glossary has 'radiografía de tórax'",
    ]
    assert faults("un emplacamiento", "es") == []
