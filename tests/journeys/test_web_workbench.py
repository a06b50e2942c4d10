"""The workbench around reading: worklist, settings, languages, people, a server that is away."""

import csv
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from web_running import PASSWORD, Running, add_people, running
from web_steps import grave_violations, read_film

FIRST_PAGE_BYTES = 300 * 1024


@pytest.fixture(scope="module")
def filled(served: Running, films: list[Path]) -> Running:
    """The server with a dozen readings, one of them disagreed with."""
    with httpx.Client(base_url=served.address, timeout=60) as client:
        ids = [
            client.post("/api/readings", files={"f": (f.name, f.read_bytes())}).json()["id"] for f in films
        ]
        client.post(
            f"/api/readings/{ids[0]}/decisions",
            json={"decision": "disagree", "finding": "VIRAL_PNEUMONIA", "note": ""},
            headers={"If-Match": '"r0"'},
        ).raise_for_status()
    return served


def test_the_worklist_filters_sorts_and_exports(page: Page, filled: Running, films: list[Path]) -> None:
    page.goto("/worklist")
    rows = page.locator(".window .work-row")
    expect(page.get_by_role("status").filter(has_text=f"{len(films)} readings").first).to_be_visible()
    page.get_by_label("Disagreement").check()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text(films[0].name)
    assert "disagreement=true" in page.url
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Reset").click()
    page.get_by_label("Search").fill(films[1].name)
    expect(rows).to_have_count(1)
    page.get_by_label(f"Select {films[1].name}").check()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export 1 selected").click()
    exported = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert [row["file"].rsplit("/", 1)[-1] for row in exported] == [films[1].name]
    page.get_by_label("Search").fill("no such file")
    expect(page.get_by_role("heading", name="No reading matches")).to_be_visible()


def test_sorting_by_probability(page: Page, filled: Running) -> None:
    page.goto("/worklist")
    page.get_by_role("button", name="Pneumonia").click()
    expect(page.get_by_role("columnheader", name="Pneumonia")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".window .work-row .pneumonia").first).to_contain_text("%")
    shares = [float(s.rstrip("%")) for s in page.locator(".window .work-row .pneumonia").all_inner_texts()]
    assert shares == sorted(shares, reverse=True) and len(shares) > 3


def test_the_language_changes_everywhere_and_stays(page: Page, filled: Running) -> None:
    page.goto("/worklist")
    page.get_by_role("button", name="Español").click()
    try:
        expect(page.get_by_role("heading", name="Lista de trabajo")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        page.goto("/")
        expect(page.get_by_role("heading", name="Suelte aquí")).to_be_visible()
        expect(page.get_by_text("La decisión es del profesional")).to_be_visible()
    finally:
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Drop chest")).to_be_visible()


def test_settings_are_kept(page: Page, filled: Running) -> None:
    page.goto("/settings")
    page.get_by_role("spinbutton").fill("12.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Settings saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("spinbutton")).to_have_value("12.5")


@pytest.mark.parametrize("path", ["/worklist", "/settings", "/nothing-here"])
def test_axe_finds_nothing_grave(page: Page, filled: Running, path: str) -> None:
    if path == "/nothing-here":
        page.goto("/")
        page.evaluate(
            "history.pushState(null, '', '/nothing-here'); dispatchEvent(new PopStateEvent('popstate'))"
        )
    else:
        page.goto(path)
    expect(page.locator("main h1")).to_be_visible()
    if path == "/worklist":
        expect(page.locator(".window .work-row").first).to_be_visible()
    assert grave_violations(page) == []


def test_the_first_page_is_light(page: Page, filled: Running) -> None:
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body()) if answer.ok else 0))
    page.goto("/")
    expect(page.get_by_role("heading", name="Drop chest")).to_be_visible()
    assert 20_000 < sum(sizes) < FIRST_PAGE_BYTES


def test_people_log_in_and_out(
    browser: Browser, tmp_path: Path, journey_bundle: Path, films: list[Path]
) -> None:
    data = tmp_path / "data"
    add_people(data, ana="reader")
    with running(data, journey_bundle) as started:
        context = browser.new_context(base_url=started.address, locale="es-ES")
        page = context.new_page()
        page.goto("/worklist")
        expect(page.get_by_role("heading", name="Iniciar sesión")).to_be_visible()
        assert grave_violations(page) == []
        page.get_by_label("Nombre").fill("ana")
        page.get_by_label("Contraseña").fill("wrong")
        page.get_by_role("button", name="Entrar").click()
        expect(page.get_by_role("alert").filter(has_text="contraseña")).to_be_visible()
        page.get_by_label("Contraseña").fill(PASSWORD)
        page.get_by_role("button", name="Entrar").click()
        expect(page.get_by_role("heading", name="Lista de trabajo")).to_be_visible()
        read_film(page, films[0])
        page.get_by_role("button", name="Cerrar sesión").click()
        expect(page.get_by_role("heading", name="Iniciar sesión")).to_be_visible()
        page.goto("/readings/1")
        expect(page.get_by_role("heading", name="Iniciar sesión")).to_be_visible()
        context.close()


def test_a_server_that_goes_away_is_said_so(browser: Browser, tmp_path: Path, journey_bundle: Path) -> None:
    with running(tmp_path / "data", journey_bundle) as started:
        context = browser.new_context(base_url=started.address, locale="en-GB")
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_role("heading", name="Drop chest")).to_be_visible()
        context.set_offline(True)
        page.get_by_role("link", name="Settings").click()
        page.get_by_role("link", name="Read", exact=True).click()
        expect(page.get_by_text("The server does not answer").first).to_be_visible()
        context.set_offline(False)
        expect(page.locator(".banner")).to_be_hidden()
        context.close()
