from neumo.core.reading import Notice
from neumo.results.sentences import notice_text


def test_a_notice_without_translation_keeps_its_english_sentence() -> None:
    assert notice_text(Notice("unheard_of", "Words."), "es") == "Words."
    assert notice_text(Notice("too_small", "Words.", {"width": 3}), "es") == "Words."
    assert notice_text(Notice("blank", "Words."), "es").startswith("La imagen está vacía")
    assert notice_text(Notice("blank", "Words."), "en") == "Words."
    old = Notice("outside_age_range", "Words.", {"age": 64.0, "youngest": 1.0, "oldest": 5.0})
    assert notice_text(old, "es") == "Words.", "version 0.2 stated no count and unit"
