import pytest

from neumo.core.age_override import MAX_REASON, AgeOverride
from neumo.core.errors import ConfigError
from neumo.core.reading import Notice
from neumo.results.sentences import notice_text
from neumo.results.unnamed import ageless


def test_it_says_on_whose_word_and_why() -> None:
    notice = AgeOverride("  small for\nhis age ", "Ana").notice
    assert notice.text == "The age range was overridden for this reading by Ana. Reason: small for his age"
    assert (
        notice_text(notice, "es")
        == "Ana anuló el intervalo de edad para esta lectura. Motivo: small for his age"
    )


@pytest.mark.parametrize("reason", ["", " \n ", "x" * (MAX_REASON + 1), "bell \a"])
def test_a_reason_is_asked_for(reason: str) -> None:
    with pytest.raises(ConfigError, match="reason of the age override"):
        AgeOverride(reason, "Ana")


def test_people_who_may_not_see_patients_do_not_see_the_free_text() -> None:
    hidden: Notice = ageless(AgeOverride("Pedro is small", "Ana").notice)
    assert "Pedro" not in str(hidden.to_json()) and "by Ana" in hidden.text
