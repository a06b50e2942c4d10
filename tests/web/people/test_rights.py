"""Authorization: limits of tokens and researchers, and cross-site requests, against real servers."""

from collections.abc import Callable
from pathlib import Path

import httpx
from tests.support.web_running import Running, add_people, logged_in

from neumo.web.people.accounts import Scope, add_token, open_accounts


def test_a_token_changes_no_settings_of_its_person(start: Callable[..., Running], tmp_path: Path) -> None:
    add_people(tmp_path / "data", ana="reader")
    accounts = open_accounts(tmp_path / "data")
    token = add_token(accounts, "script", "ana", list(Scope))
    accounts.dispose()
    address = start().address
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}) as script:
        answer = script.patch("/api/me", json={"blinded": True})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert script.get("/api/me").json()["blinded"] is False


def test_another_sites_page_embeds_nothing_of_the_api(web: httpx.Client) -> None:
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for path in ("/api/readings", "/api/export", "/api/readings/1", "/api/readings/1/image.png"):
        answer = web.get(path, headers=embedded)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), path


def test_links_from_other_sites_open_pages(web: httpx.Client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert web.get("/readings/1", headers=followed).status_code == 200
    assert web.get("/api/docs", headers=followed).status_code == 200


def test_researchers_decide_nothing(
    start: Callable[..., Running], tmp_path: Path, radiographs: list[Path]
) -> None:
    add_people(tmp_path / "data", rita="researcher", ana="reader")
    address = start().address
    with logged_in(address, "rita") as rita, logged_in(address, "ana") as ana:
        content = radiographs[0].read_bytes()
        reading = ana.post("/api/readings", content=content, headers={"Content-Type": "image/jpeg"})
        where = f"{reading.headers['location']}/decisions"
        body, revision = {"conclusion": "NORMAL"}, {"If-Match": '"r0"'}
        refused = rita.post(where, json=body, headers=revision)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert ana.post(where, json=body, headers=revision).status_code == 201
