"""Synthetic predictions and a strict HTML parser, for tests of figures and reports."""

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np

from neumo.evaluation.predictions import Predictions

Simulate = Callable[..., Predictions]
"""Type of the fixture that makes predictions by a rule."""

VOID = {"meta", "img", "br", "link", "input", "hr"}
LOADING = {"src", "href", "xlink:href", "data", "action", "poster", "srcset", "background"}


def made_up(images: int, *, strength: float = 1.5, seed: int = 0) -> Predictions:
    """Predictions on the same images and truths for every seed; two images a patient."""
    truth = np.random.default_rng(99).integers(0, 3, size=images)
    logits = np.random.default_rng(seed).normal(size=(images, 3))
    logits[np.arange(images), truth] += strength
    chances = np.exp(logits)
    return Predictions(
        paths=tuple(f"image-{i:04d}.jpeg" for i in range(images)),
        patients=tuple(f"patient-{i // 2:04d}" for i in range(images)),
        truth=truth,
        probabilities=chances / chances.sum(axis=1, keepdims=True),
    )


class Page(HTMLParser):
    """A page whose every tag must be closed in order; keeps its text, tags, identifiers and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: Counter[str | None] = Counter()
        self.text: list[str] = []
        self.loads: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        self.ids.update([values["id"]] if "id" in values else [])
        self.loads += [value or "" for name, value in attrs if name in LOADING]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if not {"style", "svg"} & set(self.open):
            self.text.append(data)

    @property
    def words(self) -> str:
        """Text outside figures, as a reader meets it."""
        return re.sub(r"\s+", " ", " ".join(self.text))
