"""Readings as a terminal table."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from neumo.core.answer import Answer, Verdict
from neumo.core.findings import FINDINGS
from neumo.core.names import printable
from neumo.core.reading import Reading
from neumo.results.sentences import performance_sentences, prevalence_sentence
from neumo.texts.language import Language

_SHORT = {"NORMAL": "normal", "BACTERIAL_PNEUMONIA": "bacterial", "VIRAL_PNEUMONIA": "viral"}


def readings_table(readings: Iterable[Reading]) -> Table:
    """One row a reading: answer with probabilities and prediction set, or the reason why there is none."""
    table = Table(show_lines=True)
    for heading in ("file", "answer", "probabilities", "notices"):
        table.add_column(heading, overflow="fold")
    for reading in readings:
        notices = "\n".join(notice.text for notice in (*reading.reasons, *reading.warnings))
        answer, probabilities = f"[bold]{reading.status}[/]", ""
        if reading.answer is not None:
            answer, probabilities = _words(reading.answer), _probabilities(reading.answer)
        table.add_row(escape(printable(reading.file)), answer, probabilities, escape(notices))
    return table


def evidence_lines(readings: Iterable[Reading], language: Language) -> tuple[str, ...]:
    """Say once how well all the answers of a table hold: they share bundle, operating point and prevalence."""
    answer = next((reading.answer for reading in readings if reading.answer is not None), None)
    if answer is None:
        return ()
    return (prevalence_sentence(answer, language), *performance_sentences(answer, language))


def _words(answer: Answer) -> str:
    members = ", ".join(_SHORT[finding] for finding in answer.prediction_set)
    return (
        f"[bold]{_verdict(answer)}[/]\n{answer.coverage:.0%} set: {members}\n"
        f"{'reaches' if answer.pneumonia else 'below'} the threshold ({answer.operating_point})"
    )


def _verdict(answer: Answer) -> str:
    """Return the verdict, and the etiology of a pneumonia; the prediction set says what else is undetermined."""
    verdict = answer.verdict.replace("_", " ")
    return f"{verdict}, {answer.etiology}" if answer.verdict is Verdict.PNEUMONIA else verdict


def _probabilities(answer: Answer) -> str:
    return "\n".join(f"{_SHORT[finding]} {answer.probabilities[finding]:.3f}" for finding in FINDINGS)
