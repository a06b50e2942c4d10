from neumo.core.reading import Notice
from neumo.results.sentences import notice_text


def test_a_notice_without_translation_keeps_its_english_sentence() -> None:
    assert notice_text(Notice("unheard_of", "Words."), "es") == "Words."
    assert notice_text(Notice("too_small", "Words.", {"width": 3}), "es") == "Words."
    assert notice_text(Notice("not_chest", "Words."), "es") == "No parece una radiografía de tórax frontal."
    assert notice_text(Notice("not_chest", "Words."), "en") == "Words."
