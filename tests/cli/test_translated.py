"""The command line in Spanish: every help, complaint and error, whichever way the language is asked for."""

import ast
import re
from pathlib import Path

import pytest
from tests.support.commands import call_neumo
from tests.support.said import NEUMO, SAYING, commands, help_texts

from neumo.cli.translated import without_language
from neumo.texts.catalogue import load_area
from neumo.texts.language import chosen_language
from neumo.texts.translation import paragraphs, sentences

_LOCALE = ("NEUMO_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_ENGLISH = re.compile(
    r"\b(the|of|with|which|and|Usage|Options|Arguments|Commands|Show|Write|Folder|File|Error:|default|required)\b"
)


@pytest.fixture(autouse=True)
def _no_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _LOCALE:
        monkeypatch.delenv(name, raising=False)


def test_every_help_text_has_its_translation() -> None:
    assert len(help_texts()) > 190
    missing = help_texts() - sentences("es").keys()
    assert missing == set(), "add them to src/neumo/texts/es/sentences_commands.yaml, under ayudas"


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_the_help_of_every_command_is_spanish(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    told = " ".join(call_neumo(capsys, "--lang", "es", *path, "--help").split())
    assert "Uso: " in told and "Opciones" in told
    own = re.sub(r"--[\w-]+|\w+\.\w+|neumo [a-z ]+|\[por defecto: [^\]]*\]", "", told)
    assert _ENGLISH.findall(own) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--lang", "es", "raed"),
        ("raed", "--lang", "es"),
        ("--language=es", "raed"),
        ("--lang", "en", "raed", "--lang", "es"),
    ],
)
def test_the_option_may_stand_anywhere_and_the_last_one_counts(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "No existe la orden 'raed'. ¿Quiso decir 'read'?" in call_neumo(capsys, *words, status=2)


@pytest.mark.parametrize(("name", "value"), [("NEUMO_LANG", "es"), ("LC_ALL", "es_MX.UTF-8"), ("LANG", "es")])
def test_the_environment_chooses(
    name: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert "no existe tal carpeta" in call_neumo(capsys, "data", "check", "absent", status=2)
    assert "no such folder" in call_neumo(capsys, "data", "check", "absent", "--lang", "en", status=2)


def test_neumo_lang_goes_before_the_locale(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setenv("NEUMO_LANG", "en")
    assert "no such folder" in call_neumo(capsys, "data", "check", "absent", status=2)


def test_a_language_that_is_not_spoken_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "'fr' is not one of 'en', 'es'" in call_neumo(capsys, "--lang", "fr", "doctor", status=2)
    monkeypatch.setenv("NEUMO_LANG", "fr")
    assert "NEUMO_LANG: 'fr' is not known; use one of en, es" in call_neumo(capsys, "doctor", status=2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("read",), "Falta el argumento 'RUTA...'."),
        (
            ("read", "x", "--thread", "3"),
            "No existe la opción --thread (opciones posibles: --replay, --threads)",
        ),
        (
            ("read", "x", "--threads", "0"),
            "Valor no válido para '--threads': 0 no está en el intervalo x>=1.",
        ),
        (("read", "x", "--threads", "no"), "'no' no es un número entero válido."),
        (("read", "x", "--bundle"), "La opción '--bundle' necesita un valor."),
        (("token", "remove", "a", "b"), "Sobran argumentos (b)"),
        (("archive", "search"), "Falta la opción '--database' (variable de entorno: 'NEUMO_ARCHIVE')."),
        (("archive", "search", "--database", "x", "--verdict", "y"), "'y' no es uno de 'pneumonia',"),
        (("user", "verifier", "ana", "--data", "d"), "indique --name y --organization, o --remove"),
        (("archive", "show", "1", "--database", "/absent/x"), "/absent/x: no existe tal archivo"),
        (("read", "x", "--resume"), "--resume: necesita --json ARCHIVO, cuyas lecturas se saltan"),
        (("data", "check", "absent"), "absent: no existe tal carpeta ni manifiesto"),
        (("bundle", "verify", "absent"), "absent: no hay tal carpeta de paquete ni paquete instalado"),
    ],
)
def test_complaints_and_errors_are_spanish(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = call_neumo(capsys, "--lang", "es", *words, status=2)
    assert told in re.sub(r"\s+", " ", said.replace("│", " "))


def test_typers_own_titles_are_english_again_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    call_neumo(capsys, "--lang", "es", "--help")
    assert "Options" in call_neumo(capsys, "--help")
    assert chosen_language() == "en"


def test_what_typer_says_is_still_what_is_translated() -> None:
    """Where an upgrade of Typer changes its words, src/neumo/texts/es/typer.yaml has to follow."""
    from typer import rich_utils

    titles = {value for name, value in vars(rich_utils).items() if name.isupper() and isinstance(value, str)}
    assert set(load_area("typer", "es")["titles"]) <= titles


def test_only_the_option_is_taken_out_of_a_command_line() -> None:
    words = ["read", "--lang", "es", "a", "--lang=en", "--lang", "fr", "--", "--lang", "es", "--lang"]
    assert without_language(words) == ("en", ["read", "a", "--lang", "fr", "--", "--lang", "es", "--lang"])
    assert without_language(["read", "--lang"]) == (None, ["read", "--lang"])


def test_help_keeps_its_paragraphs() -> None:
    assert paragraphs("CSV file.\n\nNo such\nparagraph.", "es") == "Archivo CSV.\n\nNo such paragraph."


def test_a_reading_and_its_refusal_are_spanish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.png").write_bytes(b"no image")
    told = call_neumo(capsys, "read", tmp_path / "x.png", "--lang", "es", status=1)
    assert "no se pudo leer" in told and "1 de 1 archivos no se pudieron leer" in told


_SHOWING = {"echo", "print", "add_task", "add_column", "add_row", "Table", "BadParameter", "prompt"}
_UNTRANSLATED = {"neumo ", "[bold red]error:[/] ", "error: ", " (AUROC)"}


def test_nothing_is_shown_past_the_translations() -> None:
    """What commands show is `said`; a literal in words, or an f-string with words, would stay English."""
    words = re.compile(r"[A-Za-z]{3,}")
    past = {}
    for file in sorted((NEUMO / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            shown = getattr(node.func, "attr", getattr(node.func, "id", "")) in _SHOWING
            f_string_said = getattr(node.func, "id", "") in SAYING
            for argument in node.args if shown or f_string_said else ():
                parts = (
                    argument.values if isinstance(argument, ast.JoinedStr) else [argument] if shown else []
                )
                texts = {p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)}
                if any(words.search(text) for text in texts - _UNTRANSLATED) and "said(" not in ast.unparse(
                    argument
                ):
                    past[f"{file.name}:{node.lineno}"] = ast.unparse(argument)
    assert past == {}
