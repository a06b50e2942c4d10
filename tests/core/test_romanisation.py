"""Names in other scripts, in the spellings that people and passports use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumo.core.romanisation import in_other_kana, romanised


@pytest.mark.parametrize(
    ("word", "spellings"),
    [
        ("Иванов", "ivanov iwanow"),
        ("ЩЕРБАКОВ", "shcherbakov scerbakov schtscherbakow"),
        ("Юрий", "yuriy yury iurii jurij"),
        ("Хрущёв", "khrushchev khrushchyov chruschtschjow"),
        ("Чайковский", "chaykovskiy chaykovsky tschajkowskij cajkovskij"),
        ("Шевченко", "shevchenko sevcenko schewtschenko"),
        ("Ђорђевић", "djordjevic"),
        ("Παπαδόπουλος", "papadopoulos"),
        ("Γεωργίου", "georgiou"),
        ("Ευαγγελία", "evangelia"),
        ("ヤマダ", "yamada"),
        ("ﾔﾏﾀﾞ", "yamada"),
        ("たろう", "taro tarou taroh"),
        ("しょうじ", "shoji shouji syozi"),
        ("はっとり", "hattori"),
        ("つだ", "tsuda tuda"),
        ("김", "kim gim"),
        ("이", "lee yi"),
        ("박지성", "parkjiseong"),
        ("王", "wang"),
        ("محمد", "mhmd"),
    ],
)
def test_usual_spellings_are_known(word: str, spellings: str) -> None:
    assert set(spellings.split()) <= romanised(word)


@given(st.text(max_size=20))
def test_spellings_are_plain_and_few(word: str) -> None:
    found = romanised(word)
    assert len(found) < 100
    assert all(
        spelling.isascii() and spelling.isalnum() and spelling == spelling.lower() for spelling in found
    )


@pytest.mark.parametrize("word", ["Müller", "García", "4711-X", "", "Đặng", "Ångström", "ǅ"])
def test_words_in_latin_letters_have_none(word: str) -> None:
    assert romanised(word) == frozenset() == in_other_kana(word)


@pytest.mark.parametrize("word", ["ヤマダ", "やまだ", "ﾔﾏﾀﾞ"])
def test_japanese_syllables_are_written_in_three_ways(word: str) -> None:
    assert in_other_kana(word) == {"ヤマダ", "やまだ", "ﾔﾏﾀﾞ"}
