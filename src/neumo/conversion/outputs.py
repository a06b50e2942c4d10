"""Meaning of a classifier's outputs, and their conversion to logits of the three findings.

Of a network that knows pneumonia alone, each kind has half of its probability, and the etiology is not assessed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import ConversionError

Floats = NDArray[np.float32]
FloatArray = NDArray[np.float64]

LEAST_PROBABILITY: Final = 1e-7
"""Lower bound of probabilities whose logarithm is taken."""
_HALF: Final = -float(np.log(2))


class Meaning(StrEnum):
    """Class that one output of a network stands for."""

    NORMAL = "normal"
    BACTERIAL = "bacterial"
    VIRAL = "viral"
    PNEUMONIA = "pneumonia"
    OTHER = "other"


class Values(StrEnum):
    """Scale of a classifier's outputs."""

    LOGITS = "logits"
    """Before softmax or sigmoid; where one of several outputs is taken, it counts as that of a sigmoid."""
    SHARES = "shares"
    """Probabilities of classes that exclude each other (softmax)."""
    PROBABILITIES = "probabilities"
    """Each by itself (sigmoid)."""


@dataclass(frozen=True)
class Classes:
    """The meaning of each output, in their order.

    Attributes
    ----------
    meanings : tuple of Meaning
        Those that are not OTHER: the three findings, or normal and pneumonia, or one of these two.
    """

    meanings: tuple[Meaning, ...]

    def __str__(self) -> str:
        return ",".join(self.meanings)

    @property
    def tells_kinds(self) -> bool:
        """Whether bacterial and viral pneumonia are told apart."""
        return Meaning.BACTERIAL in self.meanings

    @property
    def single(self) -> int | None:
        """Position of the one output that is taken; None where several are."""
        taken = [i for i, meaning in enumerate(self.meanings) if meaning is not Meaning.OTHER]
        return taken[0] if len(taken) == 1 else None

    def linear(self) -> tuple[Floats, Floats]:
        """Return weights (3, C) and bias (3,) from scores to logits of the findings."""
        places = {meaning: i for i, meaning in enumerate(self.meanings)}
        weights = np.zeros((3, len(self.meanings)), dtype=np.float32)
        kinds = np.array([0, _HALF, _HALF], dtype=np.float32)
        if self.tells_kinds:
            for row, meaning in enumerate((Meaning.NORMAL, Meaning.BACTERIAL, Meaning.VIRAL)):
                weights[row, places[meaning]] = 1
            return weights, np.zeros(3, dtype=np.float32)
        single = self.single
        if single is None:
            weights[0, places[Meaning.NORMAL]] = 1
            weights[1:, places[Meaning.PNEUMONIA]] = 1
            return weights, kinds
        sign = 1 if Meaning.PNEUMONIA in places else -1
        weights[:, single] = sign * np.array([-0.5, 0.5, 0.5])
        return weights, kinds


def classes_of(names: Sequence[str], outputs: int) -> Classes:
    """Return the classes of declared names, one an output.

    Raises
    ------
    ConversionError
        They are not as many as the outputs, or name neither the findings, nor normal or pneumonia.
    """
    if len(names) != outputs:
        raise ConversionError(
            "--classes: names {given} classes, and the network has {outputs} outputs; name each, in their order",
            given=len(names),
            outputs=outputs,
        )
    known = {meaning.value: meaning for meaning in Meaning}
    meanings = tuple(known.get(name.strip().lower(), Meaning.OTHER) for name in names)
    taken = [meaning for meaning in meanings if meaning is not Meaning.OTHER]
    usable = ({Meaning.NORMAL, Meaning.BACTERIAL, Meaning.VIRAL}, {Meaning.NORMAL, Meaning.PNEUMONIA})
    if len(set(taken)) != len(taken) or not (
        set(taken) in usable or taken in ([Meaning.NORMAL], [Meaning.PNEUMONIA])
    ):
        raise ConversionError(
            "--classes: {names} are not normal, bacterial and viral, nor normal or pneumonia (or both), each once",
            names=", ".join(names),
        )
    return Classes(meanings)


def possible_classes(outputs: int) -> tuple[Classes, ...]:
    """Return every order that so many outputs may have; none where one has to be declared."""
    orders: Iterator[tuple[Meaning, ...]]
    match outputs:
        case 1:
            orders = iter([(Meaning.PNEUMONIA,), (Meaning.NORMAL,)])
        case 2:
            orders = permutations((Meaning.NORMAL, Meaning.PNEUMONIA))
        case 3:
            orders = permutations((Meaning.NORMAL, Meaning.BACTERIAL, Meaning.VIRAL))
        case _:
            orders = iter(())
    return tuple(map(Classes, orders))


def chosen_output(position: int, outputs: int) -> Classes:
    """Return the classes where the output at `position` stands for pneumonia. Raises ConversionError out of range."""
    if not 0 <= position < outputs:
        raise ConversionError(
            "--class-index: {position} is none of the network's outputs, which are 0 to {last}",
            position=position,
            last=outputs - 1,
        )
    return Classes(tuple(Meaning.PNEUMONIA if i == position else Meaning.OTHER for i in range(outputs)))


def values_of(raw: FloatArray) -> Values:
    """Say what outputs (N, C) are, by their numbers."""
    if not (raw >= -1e-6).all() or not (raw <= 1 + 1e-6).all():
        return Values.LOGITS
    sums_to_one = raw.shape[1] > 1 and np.allclose(raw.sum(axis=1), 1, atol=1e-3)
    return Values.SHARES if sums_to_one else Values.PROBABILITIES


def scores_of(raw: FloatArray, values: Values, classes: Classes) -> FloatArray:
    """Return outputs (N, C) as scores that `Classes.linear` takes."""
    if values is Values.LOGITS:
        return raw
    chances = np.clip(raw, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    if values is Values.SHARES and classes.single is None:
        shares: FloatArray = np.log(chances)
        return shares
    odds: FloatArray = np.log(chances) - np.log(1 - chances)
    return odds
