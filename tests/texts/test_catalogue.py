"""The message catalogue: both languages say the same things, and every message is there and used."""

import re
import string
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from tests.support.messages import SHARED, messages

from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS
from neumo.core.labels import PartialLabel
from neumo.texts.catalogue import AREAS, WORD_AREAS, capital, load_area, percent, texts
from neumo.texts.language import LANGUAGES, Language

NEUMO = Path(str(files("neumo")))
TEXTS = NEUMO / "texts"
SOURCES = [
    file
    for kind in ("*.py", "*.j2", "*.js")
    for file in sorted(NEUMO.rglob(kind))
    if not file.is_relative_to(NEUMO / "bundle")
]
SERVED = ("workbench.", "terms.")
"""Messages that the browser gets, without these names."""
OTHER_NAMES = {"dataset_check.css", "readings.css", "readings.id", "evaluation.conformal"}
"""Files, a column and a module that look like keys."""
SAME_IN_BOTH = {
    *("English", "Español", "Error", "Gamma", "Grad-CAM", "Macro", "Sens.", "Software", "Total"),
    *("P(normal)", "P(viral)", "kappa", "normal", "p (Holm)", "viral", "{name} {version} · neumo {neumo}"),
}
NOTICES_MADE_IN = (
    "inference/site_notices.py",
    "core/age_override.py", "core/lost_file.py", "inference/gate.py", "inference/opening.py", "explain/alarms.py",
)  # fmt: skip

_QUOTED = re.compile(r"""["'`]([A-Za-z_]+(?:\.[A-Za-z_]+)+)["'`]""")
_BEGUN = re.compile(r"""["'`]([A-Za-z_]+\.[A-Za-z_.]*)(?:\$?\{|["'] ~)""")
_NOTICE = re.compile(r"""\bNotice\(\s*"([a-z_]+)\"""")
_PROBLEM = re.compile(r"""\bProblem\(\s*\d+,\s*"([a-z_]+)\"""")


class _Once(yaml.SafeLoader):
    """Refuses a mapping with a key twice, of which YAML takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        names = [name.value for name, _ in node.value]
        assert len(names) == len(set(names)), node.start_mark
        made: dict[object, object] = super().construct_mapping(node, deep)
        assert all(isinstance(name, str) for name in made), f"{node.start_mark}: quote yes, no, on and off"
        return made


def places(text: str) -> list[tuple[str, str | None]]:
    """Placeholders of a message with their formats."""
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(text) if name is not None)


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, spanish = messages("en"), messages("es")
    assert english.keys() == spanish.keys()
    assert {key for key in english if places(english[key]) != places(spanish[key])} == set()
    assert {key for key, text in (english | spanish).items() if text != text.strip() or not text} == set()


def test_no_english_is_left_in_the_spanish_messages() -> None:
    english, spanish = messages("en"), messages("es")
    words = re.compile(r"\b(the|of|and|with|is|are|which|images?|runs?|share|found|missed)\b", re.IGNORECASE)
    prose = {
        key: re.sub(r"\{[^}]*\}|--[\w-]+|\w+[./]\w+|neumo [a-z ]+", "", text) for key, text in spanish.items()
    }
    assert {key: text for key, text in prose.items() if words.search(text)} == {}
    same = {
        text for key, text in spanish.items() if text == english[key] and re.search(r"[a-z]{3,}", prose[key])
    }
    assert same <= SAME_IN_BOTH


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_of_messages_is_an_area_and_names_no_key_twice(language: Language) -> None:
    found = {file.stem: file for file in (TEXTS / language).iterdir()}
    assert found.keys() == set(SHARED if language == "en" else (*AREAS, *WORD_AREAS))
    for file in found.values():
        yaml.load(file.read_text(encoding="utf-8"), _Once)


def test_what_the_browser_gets_has_no_key_of_two_areas() -> None:
    assert not load_area("workbench", "en").keys() & {"findings", "findings_short", "metrics"}


def _used() -> tuple[set[str], set[str]]:
    """Keys that sources name in full, and what the others begin with."""
    whole: set[str] = set()
    begun: set[str] = set()
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        served = SERVED if source.suffix == ".js" else ("",)
        whole |= {area + key for key in _QUOTED.findall(text) for area in served}
        begun |= {area + key for key in _BEGUN.findall(text) for area in served}
    return whole, begun


def test_no_message_is_unused() -> None:
    whole, begun = _used()

    def used(key: str) -> bool:
        key = re.sub(r"\.(one|other)$", "", key)
        parents = [key[: dot.start()] for dot in re.finditer(r"\.", key)]
        return key in whole or key.startswith(tuple(begun)) or any(parent in whole for parent in parents[1:])

    unused = {key for key in messages("en") if not used(key) and not key.startswith("errors.")}
    assert unused == set()


def test_every_message_that_is_asked_for_exists() -> None:
    known, groups = set(messages("en")), set[str]()
    for key in known:
        groups |= {key[: dot.start()] for dot in re.finditer(r"\.", key)}
    asked = {
        key
        for source in SOURCES
        for key in _QUOTED.findall(source.read_text(encoding="utf-8"))
        if source.suffix != ".js" and key.split(".")[0] in SHARED
    }
    assert len(asked) > 50
    assert asked - OTHER_NAMES <= known | groups
    scripts = "".join(s.read_text(encoding="utf-8") for s in SOURCES if s.suffix == ".js")
    in_browser = set(re.findall(r"""\bt\(\s*"([a-z_]+\.[A-Za-z_.]+)\"""", scripts))
    assert len(in_browser) > 50
    assert {key for key in in_browser if not {area + key for area in SERVED} & (known | groups)} == set()


def test_every_problem_of_the_server_has_its_message_and_no_other_has_one() -> None:
    room = NEUMO / "web"
    code = "\n".join(file.read_text(encoding="utf-8") for file in sorted(room.rglob("*.py")))
    raised = set(_PROBLEM.findall(code))
    known = load_area("errors", "en").keys() - {"values"}  # pydantic's kinds of faults
    assert len(raised) > 20 and raised <= known
    assert {name for name in known if not re.search(rf'"{name}"', code)} == set()


def test_every_notice_has_its_spanish_message_and_remedies_are_of_notices() -> None:
    sources = [(NEUMO / name).read_text(encoding="utf-8") for name in NOTICES_MADE_IN]
    codes = {code for source in sources for code in _NOTICE.findall(source)}
    assert {"far_from_training", "age_unknown", "map_at_border"} <= codes
    assert codes == load_area("notices", "es").keys(), "the English ones stand where notices are made"
    assert load_area("workbench", "en")["remedies"].keys() <= codes


def test_every_finding_has_its_names() -> None:
    for group in ("findings", "findings_short"):
        assert list(load_area("terms", "en")[group]) == [*FINDINGS, PartialLabel.PNEUMONIA]


def test_placeholders_are_filled_and_forms_follow_the_count() -> None:
    english, spanish = texts("en"), texts("es")
    assert english("readings.banner.others", findings="normal") == "Others: normal"
    assert english("workbench.settings.days", count=1) == "1 day"
    assert spanish("workbench.settings.days", count=2) == "2 días"
    assert spanish.label("terms.findings.VIRAL_PNEUMONIA") == "Neumonía viral"
    assert english.find("readings.points.balanced", "x").startswith("misses")
    assert english.find("readings.points.house rule", "house rule") == "house rule"
    assert capital("AUROC") == "AUROC" and capital("") == ""
    assert percent(0.9751) == "97.5\N{NO-BREAK SPACE}%"
    sure = {0.9995: "99.95", 0.99999: "99.999", 0.9999999: "100.000", 1: "100.0", 0: "0.0", 0.0002: "0.02"}
    assert {share: percent(share).split()[0] for share in sure} == sure
    assert percent(0.999, 0).split()[0] == "99.9"


@pytest.mark.parametrize(
    "key", ["readings.absent", "readings.title.more", "nowhere.title", "readings", "readings.set"]
)
def test_a_missing_message_is_an_error(key: str) -> None:
    with pytest.raises(KeyError, match=key.split(".", maxsplit=1)[0]):
        texts("es")(key)


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="findings"):
        texts("en")("readings.banner.others")
    with pytest.raises(KeyError, match="one message"):
        texts("en").group("readings.title")


def test_a_language_that_neumo_does_not_speak_is_refused() -> None:
    with pytest.raises(ConfigError, match="'fr' is not known; use one of en, es"):
        texts("fr")  # type: ignore[arg-type]


def test_reading_alone_imports_neither_yaml_nor_jinja() -> None:
    rooms = "neumo.cli.read, neumo.inference.reader, neumo.results.outputs, neumo.results.table, sys"
    code = f"import {rooms}; print({{'yaml', 'jinja2'}} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_only_the_area_that_is_asked_for_is_parsed() -> None:
    load_area.cache_clear()
    texts("es")("readings.title")
    assert load_area.cache_info().currsize == 1
