"""Selection of the answers that people decided on, and weights that make those stand for all answers.

People decide on a share of the readings, and rarely on a random one: flagged radiographs are looked at first.
Answers are parted by verdict and probability, and each decided one stands for as many as its stratum holds for each
decided (inverse probability weighting; Horvitz and Thompson, J. Am. Stat. Assoc. 47:663, 1952). That accounts for
what the answer says, not for other reasons why somebody decided, such as a patient who is worse.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo.commissioning.review.population import Population
from neumo.core.answer import Verdict

MIN_DECIDED: Final = 5
"""Decisions of a stratum below which single ones weigh heavily."""


@dataclass(frozen=True)
class Stratum:
    """Answers alike in verdict and probability.

    Attributes
    ----------
    verdict : str
    half : str
        "lower" or "upper": of the probabilities of pneumonia that answers with this verdict have.
    low, high : float
        Least and largest of those probabilities, in 0-1.
    answers, decided : int
    """

    verdict: str
    half: str
    low: float
    high: float
    answers: int
    decided: int

    @property
    def unknown(self) -> bool:
        """Whether nobody decided on any of them, so that nothing stands for them."""
        return self.decided == 0

    @property
    def thin(self) -> bool:
        """Whether few decisions stand for all of them."""
        return 0 < self.decided < min(MIN_DECIDED, self.answers)


def strata_of(population: Population) -> tuple[tuple[Stratum, ...], NDArray[np.float64]]:
    """Part a population, and weigh its decided answers.

    Returns
    -------
    strata : tuple of Stratum
        Those that hold an answer.
    weights : ndarray of float64, shape (number of decided answers,)
        At least 1, in the order of `population.decided`.
    """
    verdicts = np.array(population.verdicts)
    positions = np.array([each.position for each in population.decided], dtype=np.int64)
    weights = np.ones(len(positions))
    strata: list[Stratum] = []
    for verdict in Verdict:
        of_verdict = verdicts == verdict.value
        if not of_verdict.any():
            continue
        middle = float(np.median(population.pneumonia[of_verdict]))
        upper = of_verdict & (population.pneumonia > middle)
        for half, members in (("lower", of_verdict & ~upper), ("upper", upper)):
            if not members.any():
                continue
            among = members[positions]
            count, decided = int(members.sum()), int(among.sum())
            chances = population.pneumonia[members]
            strata.append(
                Stratum(verdict.value, half, float(chances.min()), float(chances.max()), count, decided)
            )
            if decided:
                weights[among] = count / decided
    return tuple(strata), weights
