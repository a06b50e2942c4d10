"""Queries of the worklist: filters of a URL, and those that may name a patient, which only a body holds."""

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from neumo.core.answer import Verdict
from neumo.core.labels import Outcome
from neumo.core.patient import Sex
from neumo.core.reading import Status
from neumo.records.export import Format
from neumo.records.filters import MAX_AGE, Filters, Sort
from neumo.records.schema import MAX_NUMBER
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Person

MAX_IDS = 500
Text = Annotated[str, Field(max_length=200)]
Age = Annotated[float, Field(ge=0, le=MAX_AGE, allow_inf_nan=False)]
Numbers = Annotated[list[Annotated[int, Field(ge=1, le=MAX_NUMBER)]], Field(max_length=MAX_IDS)]


class WorklistFilters(BaseModel):
    """Filters of readings; what is left out filters nothing."""

    model_config = ConfigDict(extra="forbid")
    verdict: Verdict | None = None
    finding: Outcome | None = None
    status: Status | None = None
    disagreement: bool | None = None
    decided: bool | None = None
    since: Annotated[Text | None, Field(alias="from")] = None
    until: Annotated[Text | None, Field(alias="to")] = None
    source: Text | None = None

    def filters(self, _person: Person) -> Filters:
        """Return the filters of a person's search. Raises Problem where this person may not search so."""
        return Filters(
            verdict=self.verdict,
            finding=self.finding,
            status=self.status,
            disagreement=self.disagreement,
            decided=self.decided,
            since=self.since or None,
            until=self.until or None,
            source=self.source or None,
        )


class Words(BaseModel):
    """Filters that may name or describe a patient, so that no URL may hold them."""

    q: Text | None = None
    patient: Text | None = None
    sex: Sex | None = None
    age_from: Age | None = None
    age_to: Age | None = None
    ids: Numbers = []

    def narrowed(self, filters: Filters, person: Person) -> Filters:
        """Return `filters` with these as well. Raises Problem where this person may not search for patients."""
        described = self.patient or any(each is not None for each in (self.sex, self.age_from, self.age_to))
        if described and not person.sees_patients:
            raise Problem(403, "patients_hidden")
        return replace(
            filters,
            text=self.q or None,
            patient_words=self.patient or None,
            sex=self.sex,
            age_from=self.age_from,
            age_to=self.age_to,
            ids=tuple(self.ids),
            unnamed=not person.sees_patients,
        )


class Worklist(WorklistFilters):
    """A page of the worklist."""

    sort: Sort = Sort.NEWEST
    cursor: Annotated[str, Field(max_length=300)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class Search(Worklist, Words):
    """A page of a worklist that words are searched in."""

    def filters(self, person: Person) -> Filters:
        """Return the filters of a person's search. Raises Problem where this person may not search so."""
        return self.narrowed(super().filters(person), person)


class Export(WorklistFilters):
    """An export of all that matches, or of some readings."""

    id: Numbers = []
    format: Format = Format.CSV


class ExportSearch(WorklistFilters, Words):
    """An export of all that words are found in."""

    format: Format = Format.CSV

    def filters(self, person: Person) -> Filters:
        """Return the filters of a person's search. Raises Problem where this person may not search so."""
        return self.narrowed(super().filters(person), person)
