"""Says messages and errors, which are English where they are made, in a person's language."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from neumo.core.errors import NeumoError
from neumo.core.message import Message
from neumo.texts.catalogue import SENTENCE_AREAS, load_area, texts
from neumo.texts.language import DEFAULT, Language, chosen_language

_SYSTEM: Final = "system"


def told(said: str | NeumoError, language: Language) -> str:
    """Return a message or an error's message in a language; English where there is no translation.

    Of other texts, which may be names of files or words of a library, only those of the operating system's errors are
    translated.
    """
    message = said.message if isinstance(said, NeumoError) else said
    if language == DEFAULT:
        return str(message)
    if isinstance(message, Message):
        pattern = sentences(language).get(message.pattern, message.pattern)
        return message.filled(pattern, lambda part: told(part, language))
    system: Mapping[str, str] = load_area(_SYSTEM, language)
    return system.get(message, message)


def paragraphs(text: str, language: Language) -> str:
    """Return the paragraphs of a command's help in a language, each on one line; English where there is none."""
    table = sentences(language) if language != DEFAULT else {}
    lines = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(table.get(line, line) for line in lines)


@cache
def sentences(language: Language) -> Mapping[str, str]:
    """Return the translations of English patterns, and of what stands after the subject in those that have one."""
    table = {pattern: text for area in SENTENCE_AREAS for pattern, text in load_area(area, language).items()}
    predicates = {}
    for pattern, text in table.items():
        subject, colon, predicate = pattern.partition("}: ")
        if colon and "{" not in subject[1:] and text.startswith(subject + colon):
            predicates[predicate] = text.removeprefix(subject + colon)
    return predicates | table


def said(sentence: str, /, **values: object) -> str:
    """Return a sentence in the command line's language.

    Parameters
    ----------
    sentence : str
        Its English pattern, a literal, as `Message` takes it; or a message that was made elsewhere.
    **values
        What the placeholders of a pattern stand for.
    """
    message = sentence if isinstance(sentence, Message) else Message(sentence, **values)
    return told(message, chosen_language())


def headings(*words: str) -> tuple[str, ...]:
    """Return the headings of a table in the command line's language."""
    return tuple(said(word) if word else "" for word in words)


def metric_name(name: str) -> str:
    """Return a metric's name in the command line's language; its own name where it has no other."""
    language = chosen_language()
    return name if language == DEFAULT else texts(language).find(f"terms.metrics.{name}", name)
