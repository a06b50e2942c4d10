"""A workbench with `patients: hidden`: it offers and sends nothing that names a patient."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support.node_peers import Archive, destination
from tests.support.node_samples import written
from tests.support.web_running import Running, running
from tests.support.web_steps import drop
from tests.support.web_visitor import NAMES, Visitor, add_verifiers


@pytest.fixture(scope="module")
def visited(
    tmp_path_factory: pytest.TempPathFactory, journey_bundle: Path, pacs: Archive
) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("hidden") / "data"
    add_verifiers(data, NAMES.values())
    with running(
        data, journey_bundle, send__to=destination(pacs.port, timeout=20), patients="hidden"
    ) as started:
        yield started


def test_nothing_that_names_a_patient_is_offered_where_patients_are_hidden(
    visitor: Visitor, films: list[Path], tmp_path: Path
) -> None:
    page, say = visitor.page, visitor.say
    page.goto("/")
    drop(page, [written(visitor.patients(films[0]), tmp_path / "film.dcm")])
    expect(page.locator(".viewer[data-film=whole]")).to_be_visible()
    page.locator("input[value=NORMAL]").check()
    page.get_by_role("button", name=say("decision.save")).click()
    visitor.shows(say("decision.verified"), say("results.fhir_json"))
    expect(page.get_by_role("button", name=say("decision.send", pacs="pacs"))).to_have_count(0)
    for name in ("sr_dcm", "sc_dcm", "pdf_dcm"):
        expect(page.get_by_role("link", name=say(f"results.{name}"))).to_have_count(0)
    assert "Quijano" not in page.content()
    assert "Quijano" not in visitor.taken("report_html").read_text(encoding="utf-8")
