"""Messages and errors in Spanish: every sentence of the sources has its translation, and no other has one."""

import errno
import os
import re
from collections import Counter

import pytest
from tests.support.said import error_names, help_texts, said_in_sources

from neumo.core.errors import DownloadError, KeyFileError, NeumoError, OutputError
from neumo.core.message import Message, joined, places
from neumo.texts.catalogue import SENTENCE_AREAS, load_area
from neumo.texts.translation import sentences, told

_JOINED = re.compile(r"\{part\d+\}(?: (?:and|or) \{part\d+\})+")
_OF_TYPER = {"Show this message and exit.", "[OPTIONS]", "COMMAND [ARGS]..."}
_TRANSLATED_BEFORE = {"told", "Message.from_json(answer['fault'])"}
"""Errors that hand on a message which was made elsewhere."""
_ENGLISH = re.compile(
    r"\b(the|of|with|which|cannot|another|give|choose|holds|images?|runs?)\b", re.IGNORECASE
)


def test_errors_are_literals_with_placeholders() -> None:
    names = error_names()
    made = [each for each in said_in_sources() if each.name in names]
    assert len(made) > 350
    otherwise = {each.place: each.source for each in made if each.pattern is None}
    assert set(otherwise.values()) <= _TRANSLATED_BEFORE | {
        source for source in otherwise.values() if source.startswith(("Message(", "_sentence("))
    }, "an f-string cannot be found among the translations"


def test_placeholders_are_given() -> None:
    wrong = {}
    for each in said_in_sources():
        if each.pattern is not None and each.values:
            named = {re.split("[!:]", place)[0] for place in places(each.pattern)}
            options = each.values - named
            if named - each.values or options - {"status", "code", "members"}:
                wrong[each.place] = named ^ each.values
    assert wrong == {}


def test_every_sentence_has_its_translation_and_no_other_has_one() -> None:
    patterns = {each.pattern for each in said_in_sources() if each.pattern is not None}
    known = {pattern for area in SENTENCE_AREAS for pattern in load_area(area, "es")}
    assert patterns - known == set(), "add them to src/neumo/texts/es/sentences_*.yaml"
    spare = known - patterns - help_texts() - _OF_TYPER
    assert {pattern for pattern in spare if not _JOINED.fullmatch(pattern)} == set(), "said nowhere"


def test_no_sentence_stands_in_two_areas() -> None:
    counts = Counter(pattern for area in SENTENCE_AREAS for pattern in load_area(area, "es"))
    assert {pattern for pattern, times in counts.items() if times > 1} == set()


def test_translations_have_the_same_placeholders_and_no_english() -> None:
    table = {pattern: text for area in SENTENCE_AREAS for pattern, text in load_area(area, "es").items()}
    assert {p for p, text in table.items() if sorted(places(p)) != sorted(places(text))} == set()
    prose = {
        pattern: re.sub(r"\{[^}]*\}|--[\w-]+|\b\w+[._/]\w+\b|neumo [a-z ]+|pip install .*", "", text)
        for pattern, text in table.items()
    }
    assert {pattern: text for pattern, text in prose.items() if _ENGLISH.search(text)} == {}


def test_an_error_is_told_in_either_language_with_the_same_numbers() -> None:
    error = KeyFileError(
        "{file}: others may read this key (mode {mode:o}); chmod 600 it", file="k", mode=0o644
    )
    assert told(error, "en") == str(error) == "k: others may read this key (mode 644); chmod 600 it"
    assert told(error, "es") == "k: otros pueden leer esta clave (modo 644); ejecute chmod 600"


def test_messages_within_messages_are_translated_too() -> None:
    cause = OutputError(
        "{target}: could not be written ({reason}); free space or choose another folder",
        target="/data",
        reason=os.strerror(errno.ENOSPC),
    )
    error = OutputError("{error}, or set NEUMO_BUNDLES", error=cause)
    assert told(error, "es") == (
        "/data: no se pudo escribir (no queda espacio en el dispositivo); libere espacio o elija otra carpeta, "
        "o defina NEUMO_BUNDLES"
    )
    parts = joined(" or ", [Message("a number"), "null"])
    assert told(Message("{key}: {given!r}: must be {wanted}", key="a", given=[], wanted=parts), "es") == (
        "a: []: debe ser un número o null"
    )


def test_what_stands_after_the_subject_is_translated_alone() -> None:
    error = DownloadError("{url}: is no http or https address; give one with --url", url="x")
    alone = error.message.without_subject()
    assert alone == "is no http or https address; give one with --url"
    assert told(alone, "es") == "no es una dirección http ni https; indique una con --url"


@pytest.mark.parametrize("said", ["no sentence of ours", Message("nor {this}", this="one")])
def test_what_has_no_translation_stays_english(said: str) -> None:
    assert told(said, "es") == said


def test_names_are_not_translated() -> None:
    error = NeumoError("{path}: no such file", path="none")
    assert told(error, "es") == "none: no existe tal archivo"
    assert "none" in sentences("es")
