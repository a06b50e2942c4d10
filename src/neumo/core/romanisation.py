"""Spellings of names in other scripts by Latin letters, and of Japanese syllables by each other.

Several standards and habits exist side by side for Cyrillic (BGN/PCGN, ICAO Doc 9303, ISO 9, German), Greek (ELOT 743
and older ones), Korean family names and long Japanese vowels; anyascii knows one for every script. None is a reading
of Chinese characters as Japanese or Korean names, which depends on the person.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Final

from anyascii import anyascii


def _letters(those: str, spelt: str) -> dict[str, str]:
    return dict(zip(those, spelt.split(), strict=True))


_CYRILLIC_COMMON: Final = _letters(
    "абвгґдезиіклмнопрстуфыђјљњћџ", "a b v g g d e z i i k l m n o p r s t u f y dj j lj nj c dz"
)
_CYRILLIC_OTHER: Final = "ёжйхцчшщъьэюяєї"
_CYRILLIC: Final[tuple[Mapping[str, str], ...]] = (
    # BGN/PCGN, as in most English texts
    _letters(_CYRILLIC_OTHER, "yo zh y kh ts ch sh shch . . e yu ya ye yi"),
    # ICAO Doc 9303, in passports
    _letters(_CYRILLIC_OTHER, "e zh i kh ts ch sh shch ie . e iu ia ie i"),
    # ISO 9 and scientific, without diacritics
    _letters(_CYRILLIC_OTHER, "e z j h c c s sc . . e ju ja je ji"),
    # German
    _letters(_CYRILLIC_OTHER + "в", "jo sch j ch z tsch sch schtsch . . e ju ja je ji w"),
)
"""Cyrillic to Latin letter tables, one per transliteration standard; "." means that the letter is dropped."""
_CYRILLIC_HABITS: Final = (("iy", "y"), ("ij", "y"), ("ii", "y"), ("ye", "e"), ("ks", "x"), ("tch", "ch"))
_GREEK: Final = (
    (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("μπ", "b"), ("ντ", "d"), ("γκ", "gk"), ("γγ", "ng")),
    (("ου", "ou"), ("αυ", "af"), ("ευ", "ef"), ("μπ", "mp"), ("ντ", "nt"), ("γκ", "g"), ("γγ", "ng")),
)
_GREEK_ALPHABET: Final = "αβγδεζηθικλμνξοπρσςτυφχψω"
_GREEK_LETTERS: Final = (
    _letters(_GREEK_ALPHABET, "a v g d e z i th i k l m n x o p r s s t y f ch ps o"),
    _letters(_GREEK_ALPHABET, "a b g d e z e th i k l m n ks o p r s s t u ph h ps o"),
)
_KOREAN_FAMILIES: Final = {
    "김": "kim", "이": "lee yi rhee", "박": "park pak", "최": "choi", "정": "jung chung", "조": "cho", "임": "lim rim",
    "강": "kang", "유": "yoo ryu", "우": "woo", "권": "kwon", "고": "ko", "구": "koo", "국": "kook", "노": "roh",
    "신": "shin", "심": "shim", "오": "oh", "안": "ahn", "문": "moon", "백": "baek paik", "서": "suh seo",
}  # fmt: skip
_KUNREI: Final = (("sh", "sy"), ("ch", "ty"), ("ts", "t"), ("fu", "hu"), ("j", "zy"), ("yi", "i"))
_LONG_VOWELS: Final = (("ou", "o"), ("ou", "oh"), ("oo", "o"), ("uu", "u"))
_SMALL: Final = {"ャ": "a", "ュ": "u", "ョ": "o"}
_DOUBLED, _LONG = "ッ", "ー"
_KATAKANA, _HIRAGANA = range(0x30A1, 0x30F7), range(0x3041, 0x3097)
_KANA_OFFSET: Final = 0x60


def romanised(word: str) -> frozenset[str]:
    """Return usual spellings by Latin letters, in lower case, of a word in another script; none of a Latin word."""
    text = unicodedata.normalize("NFKC", word).casefold()
    if not any(letter.isalpha() and not _is_latin(letter) for letter in text):
        return frozenset()
    bare = _without_accents(text)
    found = {anyascii(text), *_korean(text), *_kana(text), *_cyrillic(bare), *_greek(bare)}
    plain = {"".join(letter for letter in spelling.lower() if letter.isalnum()) for spelling in found}
    return frozenset(spelling for spelling in plain if spelling.isascii() and spelling)


def in_other_kana(word: str) -> frozenset[str]:
    """Return a word of Japanese syllables in katakana, hiragana and half-width katakana; nothing of others."""
    katakana = _katakana(word)
    if not any(ord(letter) in _KATAKANA for letter in katakana):
        return frozenset()
    hiragana = "".join(
        chr(ord(letter) - _KANA_OFFSET) if ord(letter) in _KATAKANA else letter for letter in katakana
    )
    narrow = _half_width()
    half = "".join(narrow.get(letter, letter) for letter in unicodedata.normalize("NFD", katakana))
    return frozenset({katakana, hiragana, half})


def _katakana(word: str) -> str:
    return "".join(
        chr(ord(letter) + _KANA_OFFSET) if ord(letter) in _HIRAGANA else letter
        for letter in unicodedata.normalize("NFKC", word)
    )


@cache
def _half_width() -> Mapping[str, str]:
    """Katakana and the marks of voice to their half-width forms."""
    forms = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
    return {**forms, "\u3099": "\uff9e", "\u309a": "\uff9f", "ー": "ｰ"}


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(("LATIN", "FEMININE", "MASCULINE"))


def _without_accents(text: str) -> str:
    """Drop Greek accents and stress marks, and keep й, ё and ї, which are letters of their own."""
    kept = (
        letter if letter in "йёїў" else unicodedata.normalize("NFD", letter)[0]
        for letter in unicodedata.normalize("NFC", text)
    )
    return "".join(kept)


def _cyrillic(text: str) -> set[str]:
    return _with_habits(
        {_by_letters(text, {**_CYRILLIC_COMMON, **standard}) for standard in _CYRILLIC}, _CYRILLIC_HABITS
    )


def _greek(text: str) -> set[str]:
    return {_by_letters(_replaced(text, pairs), one) for pairs, one in product(_GREEK, _GREEK_LETTERS)}


def _kana(text: str) -> set[str]:
    """Return Japanese syllables by Hepburn and Kunrei, long vowels written and not; nothing of other scripts."""
    katakana = _katakana(text)
    if not any(ord(letter) in _KATAKANA for letter in katakana):
        return set()
    latin, doubled = "", False
    for letter in katakana:
        if letter in _SMALL and latin.endswith("i"):
            latin = latin[:-1] + ("" if latin.endswith(("shi", "chi", "ji")) else "y") + _SMALL[letter]
        elif letter == _DOUBLED:
            doubled = True
        elif letter != _LONG:
            syllable = anyascii(letter).lower()
            latin += syllable[:1] * doubled + syllable
            doubled = False
    kunrei = _replaced(latin, _KUNREI)
    return _with_habits({latin, kunrei}, _LONG_VOWELS)


def _with_habits(spellings: set[str], habits: tuple[tuple[str, str], ...]) -> set[str]:
    """Add what people write instead, each habit followed everywhere in a word or nowhere."""
    for before, after in habits:
        spellings |= {spelling.replace(before, after) for spelling in spellings if before in spelling}
    return spellings


def _by_letters(text: str, letters: Mapping[str, str]) -> str:
    return "".join(letters.get(letter, letter) for letter in text).replace(".", "")


def _replaced(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for before, after in pairs:
        text = text.replace(before, after)
    return text


def _korean(text: str) -> Iterator[str]:
    """Yield a Korean name with the customary spelling of its family."""
    for family in _KOREAN_FAMILIES.get(text[:1], "").split():
        yield family + anyascii(text[1:])
        if len(text) > 1:
            yield anyascii(text[1:]) + family
