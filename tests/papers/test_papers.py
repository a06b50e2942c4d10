"""Papers keep step with the code and the bundle: nothing configured is missing, and no number comes from elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support import hospital_samples
from tests.support.commands import call_neumo_once
from tests.support.tiny_bundle import MEASURED, make_bundle

from neumo.bundle.folder import load_bundle
from neumo.core.settings import load_settings
from neumo.dicomnode.config import NodeConfig
from neumo.dicomnode.receive.presentation_contexts import SOP_CLASSES, TRANSFER_SYNTAXES
from neumo.dicomnode.receive.store_status import StoreStatus
from neumo.papers.checklists import DOCS, POINTERS, is_there
from neumo.papers.interfaces import routes
from neumo.papers.subject import Subject
from neumo.papers.write import PAPERS
from neumo.results import dicom as results
from neumo.results.dicom.makers import MAKERS
from neumo.results.dicom.makers import SOP_CLASSES as MADE
from neumo.results.kinds import KINDS, Kind
from neumo.results.paper import Section
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES, Language

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Subject:
    """The tiny bundle, which somebody else could have made, with settings of its own."""
    folder = tmp_path_factory.mktemp("papers")
    settings = folder / "node.yaml"
    settings.write_text(
        "{data: node, receive: {ae_title: OURS, port: 10404, timeouts: {artim: 17}}, send: {to: ["
        "{name: pacs, kind: c-store, ae_title: PACS, host: pacs.local, port: 104, timeout: 44, objects: [sr, seg]}]}}"
    )
    bundle = load_bundle(make_bundle(folder / "tiny", phantoms), check_trust=False)
    return Subject(bundle, load_settings(NodeConfig, settings, [], {}), settings)


def _cells(parts: Iterator[Section]) -> str:
    return "\n".join(
        "\n".join((part.title, *part.sentences, *part.headings, *(cell for row in part.rows for cell in row)))
        for part in parts
    )


@pytest.fixture(scope="module")
def written(subject: Subject) -> dict[tuple[str, Language], str]:
    return {
        (name, language): _cells(made(subject, texts(language)))
        for name, made in PAPERS.items()
        for language in LANGUAGES
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_conformance_statement_states_all_that_is_configured(
    written: dict[tuple[str, Language], str], subject: Subject, language: Language
) -> None:
    said = written["dicom", language]
    for kind in (*SOP_CLASSES, *TRANSFER_SYNTAXES, *MADE.values()):
        assert str(kind) in said and kind.name in said
    assert all(f"{status:04X}" in said for status in StoreStatus)
    for setting in ("OURS", "10404", "17 s", "PACS@pacs.local:104", "44 s", "sr, seg", "node.yaml"):
        assert setting in said
    limits = subject.node.receive.limits
    assert f"{limits.pdu_bytes:,}" in said and f"{limits.object_bytes:,}" in said
    assert all(path in said and method in said for method, path in routes())
    assert ("GET", "/api/readings") in routes() and ("GET", "/healthz") in routes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_makers_make_what_they_are_stated_to(kind: Kind) -> None:
    made = getattr(results, MAKERS[kind])(hospital_samples.reading(), hospital_samples.header())
    assert made.SOPClassUID == MADE[kind]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_metric_is_of_the_bundles_evidence(
    written: dict[tuple[str, Language], str], subject: Subject, language: Language
) -> None:
    stated = {f"{entry.value:.3f} ({entry.low:.3f}-{entry.high:.3f})" for entry in MEASURED}
    shown = re.compile(r"\d\.\d{3} \(\d\.\d{3}-\d\.\d{3}\)")
    for name in PAPERS:
        assert set(shown.findall(written[name, language])) <= stated
    assert set(shown.findall(written["facts", language])) == stated
    other = replace(subject.bundle, evidence=(replace(MEASURED[0], value=0.123, low=0.1, high=0.2),))
    changed = _cells(PAPERS["facts"](replace(subject, bundle=other), texts(language)))
    assert "0.123 (0.100-0.200)" in changed and MEASURED[0].command in changed


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_only_people_know_is_open_and_says_for_whom(
    written: dict[tuple[str, Language], str], language: Language
) -> None:
    mark = {"en": "TO BE FILLED IN by ", "es": "POR RELLENAR por "}[language]
    for name in ("facts", "claim", "tripod", "data_sheet", "regulation"):
        assert mark in written[name, language]
    by = texts(language)("papers.by.deployer")
    assert mark + by in written["regulation", language]
    assert mark + texts(language)("papers.by.owner") in written["claim", language]


@pytest.mark.parametrize(("guide", "items"), [("claim", 44), ("tripod", 52)])
def test_every_item_of_a_checklist_has_its_words_and_pointers_lead_somewhere(
    guide: str, items: int, subject: Subject
) -> None:
    pointers = {"claim": POINTERS["claim"], "tripod": POINTERS["tripod"]}[guide]
    assert len(pointers) == items
    for language in LANGUAGES:
        assert texts(language).group(f"papers.{guide}").keys() == pointers.keys()
    words = texts("en").group("papers.pointers")
    assert {name for some in pointers.values() for name in some} <= words.keys() | DOCS.keys()
    assert all((ROOT / file).is_file() for file in DOCS.values())


SUBJECTS = {
    "claim": {
        "1": "Identification", "5": "Prospective", "7": "Sources", "8": "exclusion", "9": "Preprocessing",
        "11": "De-identification", "12": "missing", "13": "acquisition", "14": "reference standard", "17": "test set",
        "18": "Variability", "20": "disjoint", "21": "sample size", "23": "versions", "24": "Initialisation",
        "25": "augmentation", "27": "Ensembles", "28": "Metrics", "30": "Robustness", "31": "Explainability",
        "32": "internal", "33": "external", "34": "Registration", "36": "Demographic", "38": "Diagnostic accuracy",
        "39": "failures", "40": "Limitations", "42": "protocol", "43": "Availability", "44": "Funding",
    },
    "tripod": {
        "1": "Title", "2": "Abstract", "3c": "inequalities", "4": "Objectives", "5b": "Dates", "6b": "Eligibility",
        "6c": "Treatments", "7": "Preparation", "8c": "Blinding", "9a": "Choice of predictors", "10": "Sample size",
        "11": "Missing", "12a": "partition", "12c": "hyperparameters", "12d": "Heterogeneity", "12f": "recalibration",
        "12g": "calculated", "13": "imbalance", "14": "Fairness", "15": "thresholds", "17": "Ethical",
        "18a": "Funding", "18b": "Conflicts", "18c": "Protocol", "18d": "Registration", "18e": "data", "18f": "code",
        "19": "patients and public", "20a": "Flow", "21": "each analysis", "22": "specification", "23a": "intervals",
        "24": "updated", "25": "Interpretation", "26": "Limitations", "27a": "input", "27c": "research",
    },
}  # fmt: skip
"""Topics of the published checklists' items: CLAIM 2024 (e240300), TRIPOD+AI (BMJ 2024;385:e078378, table 2)."""


@pytest.mark.parametrize("guide", SUBJECTS)
def test_items_stand_under_the_numbers_of_the_published_checklists(
    guide: str, written: dict[tuple[str, Language], str]
) -> None:
    items = texts("en").group(f"papers.{guide}")
    for number, subject in SUBJECTS[guide].items():
        assert subject in items[number], number
    assert "the wording is ours" in written[guide, "en"] and "la redacción es nuestra" in written[guide, "es"]


def test_what_was_written_of_the_shipped_network_is_not_said_of_another(subject: Subject) -> None:
    shipped = replace(subject, bundle=load_bundle(check_trust=False))
    assert is_there("methods", shipped) and is_there("recipe", shipped) and shipped.ours
    assert not is_there("methods", subject) and not is_there("recipe", subject) and not subject.ours
    assert not is_there("acceptance", subject)


def test_every_paper_is_written_in_both_languages(tmp_path: Path, subject: Subject) -> None:
    printed = call_neumo_once("papers", subject.bundle.path, "--out", tmp_path / "papers")
    names = {file.name for file in (tmp_path / "papers").iterdir()}
    kinds = ("html", "md", "pdf")
    assert names == {f"{name}.{lang}.{kind}" for name in PAPERS for lang in LANGUAGES for kind in kinds}
    assert str(len(names)) in printed
    page = (tmp_path / "papers" / "facts.es.html").read_text()
    assert '<html lang="es">' in page and "Datos del modelo" in page
    assert (tmp_path / "papers" / "claim.en.pdf").read_bytes().startswith(b"%PDF")
