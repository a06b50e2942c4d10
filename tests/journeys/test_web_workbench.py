"""The workbench around reading: worklist, settings, languages, people, a server that is away."""

import csv
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.web_running import PASSWORD, Running, add_people, running
from tests.support.web_steps import grave_violations, read_film
from tests.support.web_visitor import Visitor

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
            json={"conclusion": "WRONG_IMAGE"},
            headers={"If-Match": '"r0"'},
        ).raise_for_status()
    return served


@pytest.fixture(scope="module")
def visited(filled: Running) -> Running:
    return filled


def test_the_worklist_filters_sorts_and_exports(visitor: Visitor, films: list[Path]) -> None:
    page, say = visitor.page, visitor.say
    page.goto("/worklist")
    rows, normal = page.locator(".window .work-row"), say("worklist.verdict_no_pneumonia")
    count = page.request.get("/api/readings").json()["count"]
    expect(page.get_by_text(say("worklist.count", count=count, shown=count)).first).to_be_visible()
    visitor.unfold_filters()
    page.get_by_label(say("worklist.disagreement")).check()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text(films[0].name)
    visitor.shows(films[0].name, normal)
    assert "disagreement=true" in page.url
    page.reload()
    expect(rows).to_have_count(1)
    visitor.unfold_filters()
    page.get_by_role("button", name=say("worklist.reset")).click()
    verdict = page.locator("select[name=verdict]")
    verdict.select_option(label=normal)
    expect(page).to_have_url(re.compile("verdict=no_pneumonia"))
    expect(rows.first.get_by_role("cell").nth(1)).to_have_text(normal)
    visitor.shows(normal)
    verdict.select_option(label=say("worklist.verdict_undetermined"))
    expect(rows.filter(has_text=normal)).to_have_count(0)
    page.get_by_role("button", name=say("worklist.reset")).click()
    search = page.get_by_label(say("worklist.search"), exact=True)
    search.fill(films[1].name)
    expect(rows).to_have_count(1)
    page.get_by_label(say("worklist.select_row", file=films[1].name)).check()
    visitor.shows(say("worklist.export_some", count=1), say("worklist.deselect"))
    with page.expect_download() as download:
        page.get_by_role("link", name=say("worklist.export_some", count=1)).click()
    exported = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert [(Path(row["file"]).name, row["verdict"]) for row in exported] == [(films[1].name, "no_pneumonia")]
    search.fill("no such file")
    visitor.shows(say("worklist.none_match"))


def test_what_is_typed_right_after_a_reset_is_searched(
    page: Page, filled: Running, films: list[Path]
) -> None:
    page.goto("/worklist")
    rows = page.locator(".window .work-row")
    expect(rows).to_have_count(len(films))
    reset = page.get_by_role("button", name="Reset")
    reset.evaluate(
        """(button, name) => {
            button.click();
            const field = button.form.querySelector("input[name=q]");
            field.value = name;
            field.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        films[1].name,
    )
    expect(rows).to_have_count(1)
    expect(page.get_by_label("Search")).to_have_value(films[1].name)


def test_n_and_p_follow_the_filtered_list_also_after_a_decision(visitor: Visitor) -> None:
    page, say = visitor.page, visitor.say
    undecided = page.request.get("/api/readings?decided=false").json()["count"]
    page.goto("/worklist?sort=time")
    visitor.unfold_filters()
    page.locator("select[name=decided]").select_option(label=say("worklist.without_decision"))
    expect(page.get_by_text(say("worklist.count", count=undecided, shown=undecided)).first).to_be_visible()
    links = page.locator(".window .work-row .file a")
    names = links.all_inner_texts()
    links.nth(1).click()
    file = page.locator(".answer-file")
    expect(file).to_have_text(names[1])
    visitor.shows(say("reading.from_worklist"))
    page.locator("[value=AGREE]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    expect(page.locator(".history li")).to_have_count(1)
    page.locator(".viewer").focus()
    page.keyboard.press("n")
    expect(file).to_have_text(names[2])
    page.keyboard.press("p")
    expect(file).to_have_text(names[0])
    page.get_by_role("link", name=say("reading.from_worklist")).click()
    left = say("worklist.count", count=undecided - 1, shown=undecided - 1)
    expect(page.get_by_text(left).first).to_be_visible()


def test_sorting_by_probability(page: Page, filled: Running) -> None:
    page.goto("/worklist")
    page.get_by_role("button", name="Pneumonia").click()
    expect(page.get_by_role("columnheader", name="Pneumonia")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".window .work-row .pneumonia").first).to_contain_text("%")
    shares = [float(s.rstrip("%")) for s in page.locator(".window .work-row .pneumonia").all_inner_texts()]
    assert shares == sorted(shares, reverse=True) and len(shares) > 3


def test_settings_are_kept(page: Page, filled: Running) -> None:
    page.goto("/settings")
    expect(page.get_by_text("not stated; whoever runs neumo sets read.prevalence")).to_be_visible()
    page.locator("select[name=theme]").select_option("light")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Settings saved.")).to_be_visible()
    page.reload()
    expect(page.locator("select[name=theme]")).to_have_value("light")


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


def test_a_server_that_goes_away_is_said_so(page: Page, filled: Running) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Drop chest")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Read", exact=True).click()
    expect(page.get_by_text("The server does not answer").first).to_be_visible()
    expect(page.get_by_role("heading", name="Drop chest")).to_be_visible()
    for untrue in ("Nothing has been read yet", "Try three sample radiographs"):
        expect(page.get_by_text(untrue)).to_have_count(0)
    page.context.set_offline(False)
    expect(page.locator(".banner")).to_be_hidden()


_PLAY = """
const pages = window.fetch;
window.fetch = async (path, options) => {
  const asked = new URL(path, location.origin);
  if (asked.pathname !== "/api/readings") return pages(path, options);
  const start = Number(asked.searchParams.get("cursor") ?? 0);
  const end = Math.min(start + 2000, 100000);
  const readings = Array.from({length: end - start}, (_, index) => ({
    id: start + index + 1, time: "2026-01-01T00:00:00Z", file: `film-${start + index}.png`, source: "web",
    status: "read", finding: "NORMAL", pneumonia: 0.1, prediction_set: ["NORMAL"], decisions: 0, decision: null,
    agrees: null, withheld: false,
  }));
  const first = start === 0 ? {count: 10000, sources: ["web"]} : {count: null, sources: null};
  return Response.json({readings, next: end < 100000 ? String(end) : null, count_is_exact: false, ...first});
};
"""


def test_a_hundred_thousand_rows_scroll_while_few_exist(page: Page, filled: Running) -> None:
    """The server's share is measured elsewhere; here its pages are played to the list, larger ones than it asks for."""
    page.add_init_script(_PLAY)
    page.goto("/worklist")
    expect(page.get_by_text("More than 10,000 readings").first).to_be_visible()
    page.evaluate("""async () => {
      const list = document.querySelector(".window");
      const body = document.querySelector(".window-body");
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      while (body.offsetHeight < 100000 * 44) {
        list.scrollTop = body.offsetHeight;
        await frame();
      }
      list.scrollTop = body.offsetHeight;
    }""")
    expect(page.locator(".window")).to_contain_text("film-99999.png")
    assert page.locator(".window .work-row").count() < 100


def test_files_are_picked_too(page: Page, filled: Running, films: list[Path]) -> None:
    page.goto("/")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(films[2])
    expect(page.locator(".answer-file")).to_have_text(films[2].name)


@pytest.mark.parametrize("width", [1024, 420])
def test_on_a_tablet_and_a_telephone_nothing_is_cut_off(page: Page, films: list[Path], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    read_film(page, films[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    save = page.get_by_role("button", name="Save")
    save.scroll_into_view_if_needed()
    expect(save).to_be_in_viewport()
    assert grave_violations(page) == []


def test_the_login_page_offers_the_provider_where_there_is_one(page: Page, filled: Running) -> None:
    stranger = {
        "status": 401,
        "code": "not_logged_in",
        "language": "en",
        "languages": ["en", "es"],
        "oidc": True,
    }
    page.route("**/api/me", lambda route: route.fulfill(status=401, json=stranger))
    page.goto("/")
    link = page.get_by_role("link", name="Log in with your organisation")
    expect(link).to_have_attribute("href", "/api/session/oidc")
    page.goto("/login?problem=unknown_person")
    expect(page.get_by_role("alert")).to_contain_text("you were not added here")
    page.goto("/login?problem=<b>made up</b>")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="made up")).to_have_count(0)


def test_a_file_name_never_becomes_markup(page: Page, tmp_path: Path, films: list[Path]) -> None:
    hostile = tmp_path / "<img src=x onerror=alert(1)>.jpeg"
    hostile.write_bytes(films[3].read_bytes() + b"\0")  # other bytes: a reading of its own
    read_film(page, hostile)
    assert page.locator(".answer img").count() == 0


def test_an_archive_that_is_away_is_no_login(page: Page, filled: Running) -> None:
    away = {"status": 503, "code": "archive_unavailable", "detail": "The archive cannot be reached now."}
    page.route("**/api/me", lambda route: route.fulfill(status=503, json=away))
    page.goto("/worklist")
    expect(page.get_by_text("The archive cannot be reached now.")).to_be_visible()
    page.unroute("**/api/me")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def test_a_session_that_ended_elsewhere_leads_to_the_login(page: Page, filled: Running) -> None:
    page.goto("/settings")
    ended = {"status": 401, "code": "not_logged_in", "detail": "Log in first.", "language": "en"}
    for path in ("**/api/me", "**/api/readings?*"):
        page.route(path, lambda route: route.fulfill(status=401, json=ended))
    page.get_by_role("link", name="Worklist").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.url.endswith("/login?next=%2Fworklist")
