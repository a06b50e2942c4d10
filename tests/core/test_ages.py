import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumo.core.ages import age_in_units, age_in_years, age_span


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("43", 43),
        ("043Y", 43),
        ("018M", 1.5),
        ("8 months", 8 / 12),
        ("6 weeks", 6 / 52.18),
        ("10 days", 10 / 365.25),
        ("2,5", 2.5),
        ("1 yr", 1),
        ("3 mo", 0.25),
        (" 0 ", 0),
        ("3 a\u00f1os", 3),
        ("8 meses", 8 / 12),
        ("6 Wochen", 6 / 52.18),
        ("4 ans", 4),
        ("5 years old", 5),
    ],
)
def test_ages_as_people_write_them(text: str, years: float) -> None:
    assert age_in_years(text) == pytest.approx(years)


@pytest.mark.parametrize("text", ["", "adult", "-1", "411", "nan", "5 moons", "1e1"])
def test_what_is_no_age(text: str) -> None:
    assert age_in_years(text) is None


@given(st.floats(0, 130))
def test_an_age_in_units_is_never_more_than_the_age(years: float) -> None:
    count, unit = age_in_units(years)
    assert count / {"days": 365.25, "months": 12, "years": 1}[unit] <= years + 1e-4
    assert years < (count + 1) / {"days": 365.25, "months": 12, "years": 1}[unit] + 1e-6
    assert unit != "months" or 1 <= count < 24


@pytest.mark.parametrize("months", range(1, 24))
def test_months_stay_months(months: int) -> None:
    years = age_in_years(f"{months:03d}M")
    assert years is not None and age_in_units(years) == ((1, "years") if months == 12 else (months, "months"))


def test_the_span_of_ages_is_that_of_95_percent_in_completed_years() -> None:
    hospital = [(age, age) for age in (0.5, *[18.9] * 50, *[80.2] * 48, 94.0)]
    assert age_span(hospital) == (18, 80)
    assert age_span([(4.7, 4.7)]) == (4, 4)
    assert age_span([(1.0, 5.0)] * 3) == (1, 5)


def test_of_ages_that_are_not_known_no_span_is_stated() -> None:
    assert age_span([(4.0, 4.0)] * 9 + [None]) == (4, 4)
    assert age_span([(4.0, 4.0)] * 8 + [None]) is None
    assert age_span([None]) is None and age_span([]) is None
