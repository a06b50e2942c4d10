"""Readings as a terminal table."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from neumo.core.answer import Answer, Etiology, Verdict
from neumo.core.names import printable
from neumo.core.reading import Reading
from neumo.results.sentences import notice_text, performance_sentences, prevalence_sentence
from neumo.texts.catalogue import Texts, percent, texts
from neumo.texts.language import Language
from neumo.texts.metric_words import point_name


def readings_table(readings: Iterable[Reading], language: Language) -> Table:
    """One row a reading: answer with probabilities and prediction set, or the reason why there is none."""
    t = texts(language)
    table = Table(show_lines=True)
    for heading in ("file", "answer", "probabilities", "notices"):
        table.add_column(t(f"readings.table.{heading}"), overflow="fold")
    for reading in readings:
        notices = "\n".join(notice_text(notice, language) for notice in (*reading.reasons, *reading.warnings))
        answer, probabilities = f"[bold]{t(f'readings.status.{reading.status.value}')}[/]", ""
        if reading.answer is not None:
            answer, probabilities = _words(reading.answer, t), _probabilities(reading.answer, t)
        table.add_row(escape(printable(reading.file)), answer, probabilities, escape(notices))
    return table


def evidence_lines(readings: Iterable[Reading], language: Language) -> tuple[str, ...]:
    """Say once how well all the answers of a table hold: they share bundle, operating point and prevalence."""
    answer = next((reading.answer for reading in readings if reading.answer is not None), None)
    if answer is None:
        return ()
    return (prevalence_sentence(answer, language), *performance_sentences(answer, language))


def _words(answer: Answer, t: Texts) -> str:
    findings = ", ".join(t(f"terms.findings_short.{finding}") for finding in answer.prediction_set)
    coverage = t("readings.table.set", coverage=percent(answer.coverage, 0), findings=findings)
    point = point_name(answer.operating_point, t.language)
    threshold = t(f"readings.table.{'reaches' if answer.pneumonia else 'below'}", point=point)
    return f"[bold]{_verdict(answer, t)}[/]\n{escape(coverage)}\n{escape(threshold)}"


def _verdict(answer: Answer, t: Texts) -> str:
    """Return the verdict, and the etiology of a pneumonia; the prediction set says what else is undetermined."""
    verdict = t(f"readings.verdicts.{answer.verdict.value}")
    if answer.etiology is None or (
        answer.verdict is not Verdict.PNEUMONIA and answer.etiology is not Etiology.NOT_ASSESSED
    ):
        return verdict
    return f"{verdict}, {t(f'readings.table.etiology.{answer.etiology.value}')}"


def _probabilities(answer: Answer, t: Texts) -> str:
    return "\n".join(
        f"{t(f'terms.findings_short.{finding}')} {share:.3f}"
        for finding, share in answer.probabilities.items()
    )
