"""Password checks never block other requests, and too many at once are refused."""

import asyncio
import statistics
import threading
import time
from pathlib import Path

import pytest

from neumo.web.http.problems import Problem
from neumo.web.people.accounts import Role, add_user, begin_session, open_accounts
from neumo.web.people.password_checks import PasswordChecks


def test_a_bounded_number_waits_and_the_loop_goes_on() -> None:
    async def flood() -> None:
        checks, gate = PasswordChecks(), threading.Event()
        try:
            waiting = [asyncio.ensure_future(checks.run(gate.wait)) for _ in range(18)]
            await asyncio.sleep(0)
            with pytest.raises(Problem) as refused:
                await checks.run(gate.wait)
            assert refused.value.status == 429
            waiting[0].cancel()  # a browser that goes away frees no thread
            await asyncio.sleep(0)
            with pytest.raises(Problem):
                await checks.run(gate.wait)
            # Threads that all other requests run in are free.
            assert await asyncio.to_thread(lambda: "other") == "other"
            gate.set()
            assert await asyncio.gather(*waiting[1:]) == [True] * 17
            assert await checks.run(lambda: "next") == "next"
        finally:
            gate.set()
            checks.stop()

    asyncio.run(flood())


def test_who_has_no_password_is_answered_as_slowly_as_others(tmp_path: Path) -> None:
    accounts = open_accounts(tmp_path)
    add_user(accounts, "ana", "correct horse battery", Role.READER)
    add_user(accounts, "oidc", None, Role.READER)
    seconds: dict[str, list[float]] = {"ana": [], "oidc": [], "nobody": []}
    for _ in range(5):
        for name, times in seconds.items():
            begun = time.process_time()
            assert begin_session(accounts, name, "wrong", 1) is None
            times.append(time.process_time() - begun)
    accounts.dispose()
    usual = statistics.median(seconds["ana"])
    assert all(statistics.median(times) > usual / 2 for times in seconds.values())
