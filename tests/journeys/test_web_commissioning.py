"""An administrator commissions a bundle in the browser: plan, table, run, record, acceptance, signature, bundle."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.commands import call_neumo_once
from tests.support.local_tables import rows_of_phantoms, write_rows
from tests.support.tiny_bundle import make_bundle
from tests.support.web_layout import cut_off
from tests.support.web_running import Running, running
from tests.support.web_steps import grave_violations
from tests.support.web_visitor import HEIGHTS, take_picture

from neumo.bundle.folder import load_bundle
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Iterator[Running]:
    base = tmp_path_factory.mktemp("journey-commissioning")
    bundle = make_bundle(base / "tiny", phantoms)
    with running(base / "data", bundle, commission__images=phantoms) as started:
        yield started


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    rows = [
        {**row, "path": str(Path(row["path"]).relative_to(phantoms))} for row in rows_of_phantoms(phantoms)
    ]
    return write_rows(tmp_path_factory.mktemp("table") / "films.csv", rows)


def test_from_plan_to_a_signed_site_bundle(page: Page, table: Path, tmp_path: Path) -> None:
    page.goto("/bundle")
    page.get_by_role("link", name="Commission", exact=True).click()
    page.get_by_role("button", name="Work it out").click()
    expect(page.get_by_role("row", name="Sensitivity")).to_contain_text("113")
    begin = page.get_by_role("button", name="Begin")
    expect(begin).to_be_disabled()
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(table.read_text() + "elsewhere.png,FLU,p,3\n")
    page.get_by_label("Table (CSV)").set_input_files(wrong)
    expect(page.get_by_role("alert")).to_contain_text("wrong.csv")
    expect(page.get_by_role("alert")).to_contain_text("unknown label 'FLU'")
    page.get_by_label("Table (CSV)").set_input_files(table)
    expect(page.get_by_text("60 radiographs of 60 patients")).to_be_visible()
    page.get_by_label("Hospital or department").fill("Hospital Ñuble")
    page.get_by_text("Acceptance criteria", exact=True).first.click()
    page.get_by_label("Resamples of patients for intervals").fill("40")
    begin.click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="4. Acceptance record: Hospital Ñuble")).to_be_visible(
        timeout=120_000
    )
    expect(page.get_by_role("heading", name="Verdict")).to_be_visible()
    expect(page.get_by_text("not shown").first).to_be_visible()
    expect(page.get_by_label("Hospital or department")).to_have_value("Hospital Ñuble")
    page.get_by_label("Name", exact=True).fill("A. García")
    page.get_by_label("Role", exact=True).fill("medical physicist")
    page.get_by_label("Reason").fill("a trial on phantoms")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("Accepted by A. García (medical physicist)").first).to_be_visible()
    call_neumo_once("bundle", "keygen", tmp_path / "hospital.key", "--name", "hospital")
    page.get_by_label("Sign with a key").set_input_files(tmp_path / "hospital.key.pub")
    expect(page.get_by_role("alert")).to_contain_text("no ed25519 key")
    page.get_by_label("Sign with a key").set_input_files(tmp_path / "hospital.key")
    expect(page.get_by_text("Signed with:")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download the site bundle").click()
    with zipfile.ZipFile(taken.value.path()) as archive:
        archive.extractall(tmp_path / "taken")
    (folder,) = (tmp_path / "taken").iterdir()
    bundle = load_bundle(folder, trusted=tmp_path / "hospital.key.pub")
    assert bundle.vouched == "signed by hospital"
    assert bundle.site is not None and bundle.site.site == "Hospital Ñuble"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_in_every_language_at_every_size(browser: Browser, served: Running, language: Any) -> None:
    context = browser.new_context(base_url=served.address, locale=language)
    context.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    page, t = context.new_page(), texts(language)
    page.goto("/commissioning")
    expect(page.get_by_role("heading", name=t("workbench.commissioning.plan"))).to_be_visible()
    for closed in page.locator("details").all():
        closed.evaluate("(each) => { each.open = true; }")
    for width, height in HEIGHTS.items():
        page.set_viewport_size({"width": width, "height": height})
        for panel in page.locator(".panel").all():
            panel.scroll_into_view_if_needed()
            take_picture(page, f"{language}-{width}")
        assert cut_off(page) == []
        assert grave_violations(page) == []
    context.close()
