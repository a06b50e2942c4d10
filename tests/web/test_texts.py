"""The words of the pages."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

WEB = Path(str(files("neumo.web")))
_USED = re.compile(r"""\bt\(\s*"([a-z_]+\.[A-Za-z_.]+)\"""")

_CODE = re.compile(r"""\bNotice\(\s*"([a-z_]+)\"""")


def words(language: str) -> dict[str, str]:
    return dict(flat(yaml.safe_load((WEB / "texts" / f"{language}.yaml").read_text(encoding="utf-8"))))


def flat(level: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in level.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def test_both_languages_say_the_same_things() -> None:
    english, spanish = words("en"), words("es")
    assert english.keys() == spanish.keys()
    for key, text in english.items():
        assert isinstance(text, str) and isinstance(spanish[key], str), key
        places = sorted(re.findall(r"\{\w+\}", text))
        assert places == sorted(re.findall(r"\{\w+\}", spanish[key])), key


def test_every_text_that_a_page_asks_for_exists() -> None:
    known = words("en")
    scripts = sorted((WEB / "static").rglob("*.js"))
    asked = {key for script in scripts for key in _USED.findall(script.read_text(encoding="utf-8"))}
    assert len(asked) > 50
    assert asked <= known.keys()


def test_every_code_of_a_notice_has_its_spanish_sentence_and_remedies_are_of_codes_that_exist() -> None:
    sources = [
        WEB.parent / name for name in ("inference/gate.py", "inference/opening.py", "explain/alarms.py")
    ]
    codes = {code for source in sources for code in _CODE.findall(source.read_text(encoding="utf-8"))}
    assert {"not_chest", "far_from_training", "age_unknown", "map_at_border"} <= codes
    spanish = yaml.safe_load((WEB.parent / "results" / "texts" / "es.yaml").read_text(encoding="utf-8"))
    assert codes <= spanish["notices"].keys()
    remedies = {key.removeprefix("remedies.") for key in words("en") if key.startswith("remedies.")}
    assert remedies <= codes


def test_pages_load_nothing_from_elsewhere() -> None:
    pages = [*(WEB / "static").rglob("*"), *(WEB / "templates").rglob("*")]
    for page in (page for page in pages if page.is_file()):
        text = page.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|innerHTML|style=", text), page
