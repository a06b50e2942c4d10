"""Prevalence and operating point that a person chose for one reading, and for what is taken from it."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from neumo.core.message import Message
from neumo.inference.posterior import prevalence_of
from neumo.records.restatements import note_restatement
from neumo.records.stored_reading import StoredReading
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Person
from neumo.web.workbench import Workbench


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Prevalence and operating point that a person chose; None is the reading's own.

    Attributes
    ----------
    prevalence : float or None
        Of pneumonia, above 0 and below 1.
    operating_point : str or None
    """

    prevalence: float | None
    operating_point: str | None

    def options(self, workbench: Workbench, reading: StoredReading) -> dict[str, Any]:
        """Return the options of `neumo.inference.posterior.reading_at`.

        Raises
        ------
        Problem
            They cannot be applied to this reading.
        """
        config = workbench.bundle.config
        if reading.body["probabilities"] is None:
            raise Problem(409, "no_answer")
        if reading.body["receipt"]["bundle"]["digest"] != workbench.bundle.digest:
            raise Problem(409, "other_bundle")
        if self.operating_point is not None and self.operating_point not in config.operating_points:
            message = Message("use one of {points}", points=", ".join(config.operating_points))
            raise Problem(422, "invalid", errors=[{"field": "operating_point", "message": message}])
        wanted = None if self.prevalence is None else prevalence_of(self.prevalence, config)
        return {"operating_point": self.operating_point, "prevalence": wanted}

    def rendering(
        self, workbench: Workbench, reading: StoredReading, name: str, person: Person
    ) -> dict[str, str]:
        """Return the options of a file's rendering, recording that the file is for other values than its reading.

        Raises
        ------
        Problem
            As `options`.
        ArchiveUnavailableError
            Nothing was recorded, and nothing may be rendered.
        """
        wanted = {"prevalence": self.prevalence, "operating_point": self.operating_point}
        changed = {key: str(value) for key, value in wanted.items() if value is not None}
        if changed:
            self.options(workbench, reading)
            self.note(workbench, reading, name, person)
        return changed

    def note(self, workbench: Workbench, reading: StoredReading, result: str, person: Person) -> None:
        """Record, where anything was chosen, who has the answer stated otherwise in which result, and for what."""
        if self.prevalence is not None or self.operating_point is not None:
            note_restatement(
                workbench.archive,
                reading.id,
                person=person.name,
                result=result,
                prevalence=self.prevalence,
                operating_point=self.operating_point,
            )


def _chosen(
    prevalence: Annotated[float | None, Query(gt=0, lt=1, allow_inf_nan=False)] = None,
    operating_point: Annotated[str | None, Query(max_length=100)] = None,
) -> _Chosen:
    return _Chosen(prevalence, operating_point)


Chosen = Annotated[_Chosen, Depends(_chosen)]
"""FastAPI dependency: what a request's query parameters choose."""
