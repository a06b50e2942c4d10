"""The count of wrong passwords, by a clock that tests set."""

from neumo.web.people.rate_limit import LoginRateLimiter


def test_a_flood_of_invented_names_does_not_free_a_name_that_is_watched() -> None:
    limiter = LoginRateLimiter(3, clock=lambda: 100.0)
    for _ in range(4):
        limiter.record_failure("address 1", user="name ana")
    waiting = limiter.seconds_to_wait("name ana")
    assert waiting > 0
    for number in range(30_000):
        limiter.record_failure(f"name x{number}", f"address {number}")
    assert limiter.seconds_to_wait("name ana") == waiting
    assert limiter.seconds_to_wait("address 1") == 0, "what strangers invent is forgotten, the oldest first"


def test_the_right_password_ends_the_wait() -> None:
    limiter = LoginRateLimiter(1, clock=lambda: 100.0)
    limiter.record_failure("address 1", user="name ana")
    limiter.reset("name ana")
    assert limiter.seconds_to_wait("name ana") == 0
