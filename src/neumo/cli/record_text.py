"""Readings on record as `neumo archive search` and `show` print them."""

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from neumo.core.answer import Answer
from neumo.core.findings import Finding
from neumo.results.sentences import performance_sentences, prevalence_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neumo.records.restatements import Restatement
    from neumo.records.stored_reading import StoredReading

_NARROWEST: Final = 120


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
    for column in ("number", "recorded (UTC)", "verdict", "most probable", "pneumonia"):
        table.add_column(column, no_wrap=True)
    for column in ("notes", "source", "file"):
        table.add_column(column, overflow="fold")
    for row in readings:
        cells = [
            str(row.id),
            row.recorded_at[:16].replace("T", " "),
            (row.verdict or row.status).replace("_", " "),
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
    notes = {"decided": decided, "disagreement": row.disagreement}
    return ", ".join(note for note, true in notes.items() if true)


def lines(found: "StoredReading", restated: "Iterable[Restatement]" = ()) -> list[str]:
    """Return all that is on record of a reading, line by line."""
    said = [f"reading {found.id}, recorded {found.recorded_at} from {found.source}"]
    if found.purged:
        said.append("purged: file, receipt, warnings and reasons are gone")
    else:
        said.append(f"file: {found.body['file']}")
    if found.verdict is not None:
        said.append(f"verdict: {found.verdict.replace('_', ' ')}")
    said.append(f"model: {found.finding or found.status}")
    if found.probabilities is not None:
        said += [f"  {name}: {value:.4f}" for name, value in found.probabilities.items()]
    prediction_set = found.body["prediction_set"]
    if prediction_set is not None:
        answer = Answer.from_json(found.body)
        said.append(f"etiology: {answer.etiology or 'none'}")
        said.append(f"prediction set: {', '.join(answer.prediction_set)}")
        said += [prevalence_sentence(answer, "en"), *performance_sentences(answer, "en")]
    said += [f"warning: {text}" for text in found.body.get("warnings", [])]
    said += [f"reason: {text}" for text in found.body.get("reasons", [])]
    said += [f"looked at by {view.person}, {view.at}" for view in found.views]
    said += [f"stated otherwise by {each.person}, {each.at}: {each}" for each in restated]
    for decision in found.decisions:
        verdict = {True: "agrees", False: "disagrees", None: "the model states nothing to agree with"}[
            decision.agrees
        ]
        blinded = ", before the model's finding was shown" if decision.blinded else ""
        said.append(f"decision {decision.revision} by {decision.person}, {decision.at}:")
        said[-1] += f" {decision.conclusion} ({verdict}{blinded})"
        if decision.abnormality:
            said.append(f"  abnormality: {decision.abnormality}")
        if decision.verifier is not None:
            said.append(f"  verified by {decision.verifier}, {decision.organization}")
        if decision.note:
            said.append(f"  {decision.note}")
    return said


def printable(text: str) -> str:
    """Return a text of people or files so that it cannot steer a terminal; line breaks and tabs become spaces."""
    return "".join(
        character if character.isprintable() else (" " if character.isspace() else "\ufffd")
        for character in text
    )
