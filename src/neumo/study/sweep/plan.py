"""The runs of a sweep: every recipe on every fold with every seed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neumo.core.errors import ConfigError
from neumo.training.config import Experiment, load_experiment


@dataclass(frozen=True)
class PlannedRun:
    """One run of a sweep.

    Attributes
    ----------
    recipe : str
        Name of the experiment file.
    fold : int or None
        From 0; None where the recipe's own split is kept.
    seed : int
    experiment : Experiment
        Resolved.
    folder : Path
        Of the run.
    """

    recipe: str
    fold: int | None
    seed: int
    experiment: Experiment
    folder: Path

    @property
    def name(self) -> str:
        """Name of the run in messages, such as "hospitals/fold0-seed42"."""
        return f"{self.recipe}/{self.folder.name}"


def planned_runs(
    recipes: Sequence[Path],
    out: Path,
    *,
    folds: int | None = None,
    seeds: int = 1,
    overrides: Sequence[str] = (),
) -> list[PlannedRun]:
    """Return the runs in the order in which they are wanted: first every recipe and fold with its first seed.

    Parameters
    ----------
    recipes : sequence of Path
        Experiment files.
    out : Path
        Folder of the sweep.
    folds : int, optional
        Folds of each recipe, instead of its own split; a seed draws its own.
    seeds : int
        How many, counted up from the recipe's own.
    overrides : sequence of str
        `key=value` changes to every recipe.

    Raises
    ------
    ConfigError
        A recipe is none, or two have the same name.
    """
    experiments = [load_experiment(recipe, overrides) for recipe in recipes]
    for name, count in Counter(experiment.name for experiment in experiments).items():
        if count > 1:
            raise ConfigError(
                "two recipes are named {name}; give each experiment file its own name", name=name
            )
    runs = []
    for number in range(seeds):
        for recipe, own in zip(recipes, experiments, strict=True):
            seed = own.seed + number
            for fold in [None] if folds is None else range(folds):
                split = [] if fold is None else [f"split={{kind: fold, folds: {folds}, fold: {fold}}}"]
                experiment = load_experiment(recipe, [*overrides, *split, f"seed={seed}"])
                part = f"seed{seed}" if fold is None else f"fold{fold}-seed{seed}"
                runs.append(PlannedRun(own.name, fold, seed, experiment, out / own.name / part))
    return runs
