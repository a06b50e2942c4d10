"""Identification of the algorithm behind a reading: TID 4019 (PS3.16) of reports."""

from collections.abc import Iterator

from highdicom.sr import AlgorithmIdentification

from neumo.core.answer import Answer
from neumo.core.findings import FINDINGS
from neumo.results.dicom.codes import ARTIFICIAL_INTELLIGENCE
from neumo.results.dicom.evidence_items import DECIMALS
from neumo.results.dicom.instance import MANUFACTURER
from neumo.results.origin import Origin


def algorithm_items(origin: Origin, answer: Answer | None) -> AlgorithmIdentification:
    """Return name, version, manufacturer, parameters and family of an algorithm as content items."""
    return AlgorithmIdentification(
        name=origin.name,
        version=origin.version,
        manufacturer=MANUFACTURER,
        parameters=[f"{key}={value}" for key, value in parameters_of(origin, answer)],
        family=ARTIFICIAL_INTELLIGENCE,
    )


def parameters_of(origin: Origin, answer: Answer | None) -> Iterator[tuple[str, str]]:
    """Yield what identifies the algorithm, and what an answer was made with."""
    yield "bundle_sha256", origin.digest
    yield "neumo", origin.neumo
    if answer is None:
        return
    yield "operating_point", answer.operating_point
    if answer.prevalence is not None:
        yield "prevalence_given", "yes" if answer.prevalence_given else "no"
        for finding in FINDINGS:
            yield f"prevalence_{finding}", f"{answer.prevalence[finding]:.{DECIMALS}f}"
