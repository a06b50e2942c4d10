"""Counts of the files that a command found, by outcome: as a sentence, as plain values, and as an exit status."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from neumo.core.names import printable, shown_path
from neumo.imaging.image_files import FoundFiles, Skip
from neumo.texts.catalogue import texts
from neumo.texts.language import Language


@dataclass
class FileCounts:
    """Files of a command, counted.

    Attributes
    ----------
    found : FoundFiles
    outcomes : sequence of str
        In the order in which they are told; names of messages in `files.outcomes`.
    counts : Counter of str
        Files by outcome.
    """

    found: FoundFiles
    outcomes: Sequence[str]
    counts: Counter[str] = field(default_factory=Counter)

    def sentence(self, language: Language) -> str:
        """Return a sentence that counts the files found, by outcome, and the skipped ones by reason."""
        t, skipped = texts(language), self.found.skipped
        parts = [
            t(f"files.outcomes.{name}", count=self.counts[name])
            for name in self.outcomes
            if self.counts[name] or name != "before"
        ]
        if skipped:
            reasons = "; ".join(
                t(f"files.skips.{reason}", count=skipped[reason]) for reason in Skip if skipped.get(reason)
            )
            parts.append(t("files.skipped", count=sum(skipped.values()), reasons=reasons))
        return f"{t('files.found', count=self.found.found)}: {', '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        """Return `found`, each outcome, `skipped` by reason and `unreadable_folders`, as plain values."""
        values = self.found.to_json()
        return {
            "found": values.pop("found"),
            **{name: self.counts[name] for name in self.outcomes},
            **values,
        }

    def write(self, target: Path | None) -> None:
        """Write the counts as JSON, where a file is given. Raises OutputError."""
        if target is not None:
            from neumo.core.files import write_json

            write_json(target, self.to_json())

    def tell_unreadable(self, language: Language) -> None:
        """Name each folder that could not be searched, on standard error."""
        for entry in self.found.unreadable:
            line = texts(language)("files.unreadable", folder=shown_path(entry.path), reason=entry.reason)
            typer.echo(printable(line), err=True)
