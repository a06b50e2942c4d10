"""Readings on record as `neumo archive search` and `show` print them."""

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from neumo.core.answer import Answer
from neumo.core.findings import Finding
from neumo.core.message import Message
from neumo.core.reading import notices_from_json
from neumo.results.sentences import notice_text, performance_sentences, prevalence_sentence
from neumo.texts.language import chosen_language
from neumo.texts.translation import headings, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from neumo.core.decision import Decision
    from neumo.records.restatements import Restatement
    from neumo.records.stored_reading import StoredReading

_NARROWEST: Final = 120
_OUTCOMES: Final = {
    "pneumonia": Message("pneumonia"),
    "no_pneumonia": Message("no pneumonia"),
    "undetermined": Message("undetermined"),
    "bacterial": Message("bacterial"),
    "viral": Message("viral"),
    "not_assessed": Message("not assessed"),
    "read": Message("read"),
    "refused": Message("refused"),
    "failed": Message("failed"),
}
"""Verdicts, etiologies and how readings ended, in words."""


def summary(row: "StoredReading") -> dict[str, Any]:
    """Return a reading as `neumo archive search --json` prints it."""
    probabilities = row.probabilities or {}
    return {
        "id": row.id,
        "recorded_at": row.recorded_at,
        "source": row.source,
        "status": row.status,
        "verdict": row.verdict,
        "finding": row.finding,
        "file": row.body["file"],
        "normal": probabilities.get(Finding.NORMAL),
        "bacterial": probabilities.get(Finding.BACTERIAL_PNEUMONIA),
        "viral": probabilities.get(Finding.VIRAL_PNEUMONIA),
        "decided": bool(row.decisions),
        "disagreement": row.disagreement,
    }


def print_table(readings: "tuple[StoredReading, ...]") -> None:
    """Print readings as `neumo archive search` does."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from neumo.cli.show import console

    table = Table(box=None, pad_edge=False)
    for column in headings("number", "recorded (UTC)", "verdict", "most probable", "pneumonia"):
        table.add_column(column, no_wrap=True)
    for column in headings("notes", "source", "file"):
        table.add_column(column, overflow="fold")
    for row in readings:
        cells = [
            str(row.id),
            row.recorded_at[:16].replace("T", " "),
            _outcome(row.verdict or row.status),
            "" if row.finding is None else row.finding,
            "" if row.probabilities is None else f"{1 - row.probabilities[Finding.NORMAL]:.3f}",
            _notes(row),
            row.source,
            PurePath(row.body["file"]).name,
        ]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    # Wider than a small terminal rather than folded into columns of a few letters.
    Console(highlight=False, width=max(console.width, _NARROWEST)).print(table)


def _notes(row: "StoredReading") -> str:
    decided = bool(row.decisions) and not row.disagreement
    notes = {said("decided"): decided, said("disagreement"): row.disagreement}
    return ", ".join(note for note, true in notes.items() if true)


def _outcome(name: str) -> str:
    return said(_OUTCOMES.get(name, name))


def lines(found: "StoredReading", restated: "Iterable[Restatement]" = ()) -> list[str]:
    """Return all that is on record of a reading, line by line."""
    told = [
        said(
            "reading {id}, recorded {at} from {source}",
            id=found.id,
            at=found.recorded_at,
            source=found.source,
        )
    ]
    if found.purged:
        told.append(said("purged: file, receipt, warnings and reasons are gone"))
    else:
        told.append(said("file: {file}", file=found.body["file"]))
    if found.verdict is not None:
        told.append(said("verdict: {verdict}", verdict=_outcome(found.verdict)))
    told.append(said("model: {finding}", finding=found.finding or _outcome(found.status)))
    if found.probabilities is not None:
        told += [f"  {name}: {value:.4f}" for name, value in found.probabilities.items()]
    told += [*_answer_lines(found), *_notice_lines(found)]
    told += [said("looked at by {person}, {at}", person=view.person, at=view.at) for view in found.views]
    told += [
        said(
            "stated otherwise by {person}, {at}: {stated}", person=each.person, at=each.at, stated=each.words
        )
        for each in restated
    ]
    for decision in found.decisions:
        told += _decision_lines(decision)
    return told


def _answer_lines(found: "StoredReading") -> "Iterator[str]":
    if found.body["prediction_set"] is None:
        return
    answer, language = Answer.from_json(found.body), chosen_language()
    yield said(
        "etiology: {etiology}", etiology=_outcome(answer.etiology) if answer.etiology else said("none")
    )
    yield said("prediction set: {findings}", findings=", ".join(answer.prediction_set))
    yield prevalence_sentence(answer, language)
    yield from performance_sentences(answer, language)


def _notice_lines(found: "StoredReading") -> "Iterator[str]":
    language, notices = chosen_language(), found.body.get("notices") or {}
    for notice in notices_from_json(notices.get("warnings", [])):
        yield said("warning: {text}", text=notice_text(notice, language))
    for notice in notices_from_json(notices.get("reasons", [])):
        yield said("reason: {text}", text=notice_text(notice, language))


def _decision_lines(decision: "Decision") -> "Iterator[str]":
    agreement = {
        True: said("agrees"),
        False: said("disagrees"),
        None: said("the model states nothing to agree with"),
    }[decision.agrees]
    if decision.blinded:
        agreement += ", " + said("before the model's finding was shown")
    yield said(
        "decision {revision} by {person}, {at}: {conclusion} ({agreement})",
        revision=decision.revision,
        person=decision.person,
        at=decision.at,
        conclusion=decision.conclusion,
        agreement=agreement,
    )
    if decision.abnormality:
        yield "  " + said("abnormality: {abnormality}", abnormality=decision.abnormality)
    if decision.verifier is not None:
        yield "  " + said(
            "verified by {verifier}, {organization}",
            verifier=decision.verifier,
            organization=decision.organization,
        )
    if decision.note:
        yield f"  {decision.note}"


def printable(text: str) -> str:
    """Return a text of people or files so that it cannot steer a terminal; line breaks and tabs become spaces."""
    return "".join(
        character if character.isprintable() else (" " if character.isspace() else "\ufffd")
        for character in text
    )
