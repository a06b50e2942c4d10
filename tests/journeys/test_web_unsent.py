"""Nothing typed is lost: network, session, reload, language, keys; files wait for the server."""

from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete
from tests.support.web_running import PASSWORD, Running, add_people, running
from tests.support.web_steps import drop, grave_violations, read_film

from neumo.records.database import writing_session
from neumo.web.people.accounts import open_accounts
from neumo.web.people.schema import SessionRow

NOTE = "hilar mass, see García 4711"
_STORED = """() => Object.entries(localStorage).map(([name, text]) => `${name} ${text}`).join(" ")"""


def write_draft(page: Page, note: str = NOTE) -> None:
    page.get_by_role("radio", name="Another abnormality").check()
    page.get_by_label("Which abnormality").fill("hilar mass")
    page.get_by_label("Note").fill(note)
    expect(page.get_by_text("Draft kept on this device, encrypted.")).to_be_visible()


def expect_draft(page: Page, note: str = NOTE, *, named: str = "Note") -> None:
    expect(page.get_by_label(named)).to_have_value(note)
    expect(page.locator("[name=abnormality]")).to_have_value("hilar mass")
    expect(page.locator("[value=OTHER_ABNORMAL]")).to_be_checked()


def test_a_draft_survives_reload_language_and_the_keys(page: Page, films: list[Path]) -> None:
    read_film(page, films[0])
    read_film(page, films[1])
    write_draft(page)
    page.reload()
    expect_draft(page)
    expect(page.get_by_text("Your draft, not saved yet.")).to_be_visible()
    assert grave_violations(page) == []
    page.get_by_role("button", name="Español").click()
    expect_draft(page, named="Nota")
    expect(page.get_by_text("Su borrador, aún sin guardar.")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect_draft(page)
    first = page.url
    page.locator("body").press("n")
    expect(page).not_to_have_url(first)
    expect(page.get_by_label("Note")).to_have_value("")
    page.locator("body").press("p")
    expect_draft(page)
    stored = page.evaluate(_STORED)
    assert "neumo.local.decision." in stored and "García" not in stored and "hilar" not in stored
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".history")).to_contain_text(NOTE)
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("")
    assert "neumo.local.decision." not in page.evaluate(_STORED)


def test_a_decision_made_offline_waits_and_is_sent(page: Page, films: list[Path]) -> None:
    read_film(page, films[2])
    page.context.set_offline(True)
    write_draft(page)
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("Not saved yet: the server does not answer.")).to_be_visible()
    expect(page.get_by_text("What you typed is kept").first).to_be_visible()
    assert page.locator(".history").count() == 0, "nothing is said to be saved that is not"
    page.context.set_offline(False)
    expect(page.get_by_text("which waited for the server, is saved.")).to_be_visible()
    expect(page.locator(".history")).to_contain_text(NOTE)
    expect(page.locator(".history li")).to_have_count(1)
    expect(page.get_by_label("Note")).to_have_value("")


def test_who_was_decided_before_meanwhile_is_told_and_keeps_the_draft(
    page: Page, films: list[Path], served: Running
) -> None:
    read_film(page, films[3])
    number = page.url.rsplit("/", 1)[-1]
    page.context.set_offline(True)
    write_draft(page)
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    httpx.post(
        f"{served.address}api/readings/{number}/decisions",
        json={"conclusion": "NORMAL", "note": "a colleague"},
        headers={"If-Match": '"r0"'},
    ).raise_for_status()
    page.context.set_offline(False)
    expect(page.get_by_text("is not saved but kept as a draft: Somebody decided meanwhile")).to_be_visible()
    expect(page.locator(".history")).to_contain_text("a colleague")
    expect_draft(page)
    page.get_by_role("button", name="Save another decision").click()
    expect(page.locator(".history li")).to_have_count(2)
    expect(page.locator(".history")).to_contain_text(NOTE)


def test_a_waiting_decision_can_be_withdrawn(page: Page, films: list[Path]) -> None:
    read_film(page, films[4])
    page.context.set_offline(True)
    write_draft(page)
    page.get_by_role("button", name="Save decision").click()
    page.get_by_role("button", name="Do not send").click()
    expect(page.get_by_text("Draft kept on this device")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".banner")).to_be_hidden()
    expect_draft(page)
    assert page.locator(".history").count() == 0


def test_files_dropped_offline_wait_and_are_sent(page: Page, films: list[Path]) -> None:
    page.goto("/")
    expect(page.locator(".view-reading .rail")).to_be_visible()
    page.context.set_offline(True)
    drop(page, films[5:8])
    waiting = page.locator(".rail-item", has_text="Waits for the server")
    expect(waiting).to_have_count(3)
    page.context.set_offline(False)
    for film in films[5:8]:
        expect(page.locator(".rail a", has_text=film.name)).to_be_visible()


def test_a_draft_survives_the_end_of_the_session(
    browser: Browser, tmp_path: Path, journey_bundle: Path, films: list[Path]
) -> None:
    data = tmp_path / "data"
    add_people(data, ana="reader", ben="reader")

    def log_in(page: Page, name: str) -> None:
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    with running(data, journey_bundle) as started:
        context = browser.new_context(base_url=started.address, locale="en-GB")
        page = context.new_page()
        page.goto("/")
        log_in(page, "ana")
        expect(page.get_by_role("heading", name="Drop chest")).to_be_visible()
        read_film(page, films[0])
        write_draft(page)
        address = page.url
        page.get_by_role("heading", name="Your decision").click()
        page.keyboard.press("?")
        expect(page.locator("dialog[open]")).to_be_visible()
        accounts = open_accounts(data)
        with writing_session(accounts) as session:
            session.execute(delete(SessionRow))
        accounts.dispose()
        # Whatever asks the server next, this or the page by itself, meets the end of the session.
        page.evaluate("document.querySelector('form.decision')?.requestSubmit()")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        expect(page.locator("dialog")).to_have_count(0)  # else nobody could log in
        # Somebody else at the same machine finds nothing of it.
        log_in(page, "ben")
        expect(page.get_by_label("Note")).to_have_value("")
        page.get_by_role("button", name="Log out").click()
        log_in(page, "ana")
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        page.goto(address)
        expect_draft(page)
        page.get_by_role("button", name="Save decision").click()
        expect(page.locator(".history")).to_contain_text(NOTE)
        context.close()


def test_without_encryption_in_the_browser_the_server_keeps_the_draft(page: Page, films: list[Path]) -> None:
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined})")
    read_film(page, films[9])
    page.get_by_role("radio", name="Another abnormality").check()
    page.get_by_label("Which abnormality").fill("hilar mass")
    page.get_by_label("Note").fill(NOTE)
    expect(page.get_by_text("Draft kept on the server, for you alone.")).to_be_visible()
    page.reload()
    expect_draft(page)
    assert "neumo.local.decision." not in page.evaluate(_STORED)
    page.get_by_role("button", name="Save decision").click()
    expect(page.locator(".history")).to_contain_text(NOTE)
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("")
