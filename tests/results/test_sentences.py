from dataclasses import replace

from tests.support.reading_samples import ANSWER, EVIDENCE

from neumo.core.evidence import AT_COMMISSIONING, bearing_on
from neumo.core.findings import FINDINGS
from neumo.core.reading import Notice
from neumo.results.sentences import notice_text, performance_sentences
from neumo.texts.data_names import data_name


def test_a_notice_without_translation_keeps_its_english_sentence() -> None:
    assert notice_text(Notice("unheard_of", "Words."), "es") == "Words."
    assert notice_text(Notice("too_small", "Words.", {"width": 3}), "es") == "Words."
    assert notice_text(Notice("blank", "Words."), "es").startswith("La imagen está vacía")
    assert notice_text(Notice("blank", "Words."), "en") == "Words."
    old = Notice("outside_age_range", "Words.", {"age": 64.0, "youngest": 1.0, "oldest": 5.0})
    assert notice_text(old, "es") == "Words.", "version 0.2 stated no count and unit"


def test_of_several_hospitals_the_site_s_own_comes_first_and_predictive_values_name_theirs() -> None:
    here = tuple(replace(entry, data=f"Toboso, {AT_COMMISSIONING}") for entry in EVIDENCE)
    elsewhere = tuple(entry for entry in EVIDENCE if entry.metric not in ("ppv", "npv"))
    given = dict(zip(FINDINGS, (0.9, 0.06, 0.04), strict=True))
    answer = replace(
        ANSWER, evidence=bearing_on((*elsewhere, *here), None), prevalence=given, prevalence_given=True
    )
    said = performance_sentences(answer, "es")
    assert data_name(here[0], "es") in said[0] and data_name(here[0], "es") in said[-1]
    assert "validación cruzada" in said[-1] and any("set, prueba" in sentence for sentence in said)
