import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.reading_samples import EVIDENCE

from neumo.core.answer import Answer, coherent_set
from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Notice, Reading, Status

DOCUMENTATION = Path(__file__).parents[2] / "docs/reference/readings.md"

shares = st.floats(0, 1, exclude_min=True)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
values = st.dictionaries(names, plain, max_size=3)
notices = st.lists(st.builds(Notice, names, names, values), max_size=3).map(tuple)
by_finding = st.tuples(shares, shares, shares).map(lambda three: dict(zip(FINDINGS, three, strict=True)))


def made_answer(members: set[Finding], **values: Any) -> Answer:
    """Return an answer whose prediction set fits the rest of it, as every answer's does."""
    rest = {key: values[key] for key in ("finding", "probabilities", "pneumonia")}
    return Answer(prediction_set=coherent_set(members, **rest), **values)


answers = st.builds(
    made_answer,
    members=st.sets(st.sampled_from(FINDINGS)),
    finding=st.sampled_from(FINDINGS),
    probabilities=by_finding,
    coverage=st.sampled_from([0.9, 0.95]),
    pneumonia=st.booleans(),
    operating_point=names,
    threshold=shares,
    ppv=shares,
    npv=shares,
    evidence=st.just(EVIDENCE),
    prevalence=st.none() | by_finding,
    prevalence_given=st.booleans(),
)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Any reading, refusal or failure, without its arrays."""
    status = draw(st.sampled_from(Status))
    answered = status is Status.READ
    return Reading(
        file=draw(names),
        sha256=draw(st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)),
        status=status,
        answer=draw(answers) if answered else None,
        warnings=draw(notices),
        reasons=draw(notices),
        field_of_view=draw(shares) if answered else 1.0,
        receipt=draw(st.none() | values),
    )


@given(readings())
def test_every_reading_survives_its_plain_form(reading: Reading) -> None:
    text = json.dumps(reading.to_json("maps/1.png"), allow_nan=False)
    again = Reading.from_json(json.loads(text))
    assert again == reading
    assert again.field_of_view == reading.field_of_view
    assert json.dumps(again.to_json("maps/1.png")) == text


@given(readings())
def test_every_status_has_the_documented_keys(reading: Reading) -> None:
    table = DOCUMENTATION.read_text(encoding="utf-8").split("## Keys")[1].split("###")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = [key.strip(" `") for cell in first_cells for key in cell.split(",")]
    assert sorted(reading.to_json()) == sorted(documented)


def answered() -> Reading:
    return Reading(
        "a.png",
        "ab" * 32,
        Status.READ,
        Answer(
            Finding.VIRAL_PNEUMONIA,
            {Finding.NORMAL: 0.2, Finding.BACTERIAL_PNEUMONIA: 0.3, Finding.VIRAL_PNEUMONIA: 0.5},
            (Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA),
            0.9,
            True,
            "balanced",
            0.6,
        ),
        warnings=(Notice("outside_age_range", "Too old.", {"age": 64.0}),),
        class_map=np.eye(3, dtype=np.float32),
        pixels=np.zeros((2, 2), dtype=np.uint8),
        receipt={"schema": 3},
    )


PUBLISHED: dict[str, Any] = {
    "file": "a.png",
    "sha256": "ab" * 32,
    "status": "read",
    "finding": "VIRAL_PNEUMONIA",
    "probabilities": {"NORMAL": 0.2, "BACTERIAL_PNEUMONIA": 0.3, "VIRAL_PNEUMONIA": 0.5},
    "prediction_set": ["BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"],
    "coverage": 0.9,
    "pneumonia": True,
    "operating_point": "balanced",
    "warnings": ["outside_age_range: Too old."],
    "reasons": [],
    "heatmap": None,
    "receipt": {"schema": 3},
}
"""What the first JSON Lines files held for `answered`; programs that read them find the same."""


def test_keys_that_were_published_keep_their_values_and_order() -> None:
    found = answered().to_json()
    assert {key: found[key] for key in PUBLISHED} == PUBLISHED
    assert [key for key in found if key in PUBLISHED] == list(PUBLISHED)
    notice = {"code": "outside_age_range", "text": "Too old.", "values": {"age": 64.0}}
    assert found["notices"] == {"warnings": [notice], "reasons": []}


def test_an_answer_without_a_prediction_set_is_refused() -> None:
    answer = answered().answer
    assert answer is not None
    with pytest.raises(ValueError, match="prediction_set: is empty"):
        replace(answer, prediction_set=())


@pytest.mark.parametrize(
    ("members", "pneumonia", "completed"),
    [
        ([], True, ["VIRAL_PNEUMONIA"]),
        ([], False, ["NORMAL", "VIRAL_PNEUMONIA"]),
        (["BACTERIAL_PNEUMONIA"], True, ["BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"]),
    ],
)
def test_sets_that_version_0_2_wrote_are_completed(
    members: list[str], pneumonia: bool, completed: list[str]
) -> None:
    written = answered().to_json() | {"prediction_set": members, "pneumonia": pneumonia}
    del written["verdict"], written["etiology"], written["evidence"]
    answer = Reading.from_json(written | {"ppv": 0.97, "npv": 0.97}).answer
    assert answer is not None and list(answer.prediction_set) == completed
    assert (answer.ppv, answer.npv, answer.evidence) == (None, None, ()), "they came from the training folds"


def test_a_withheld_or_purged_answer_is_none() -> None:
    emptied = {**answered().to_json(), "prediction_set": None}
    assert Reading.from_json(emptied).answer is None


@pytest.mark.parametrize("status", [Status.REFUSED, Status.FAILED])
def test_without_an_answer_its_keys_are_null(status: Status) -> None:
    found = Reading("a.png", None, status, reasons=(Notice("blank", "Words."),)).to_json()
    keys = (
        "finding",
        "probabilities",
        "prediction_set",
        "coverage",
        "pneumonia",
        "operating_point",
        "threshold",
    )
    assert all(found[key] is None for key in keys)
    assert found["reasons"] == ["blank: Words."]
