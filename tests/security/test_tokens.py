"""Tokens from an endpoint: kept until shortly before their end, and a refusal that names what to look at."""

import pytest
from security.locked import PASSWORD, USER, TokenDesk

from streams.broker.tokens import TokenError, Tokens


@pytest.mark.parametrize(("life_seconds", "kept_seconds"), [(300, 269), (40, 35), (0, -1)])
def test_a_token_is_kept_until_shortly_before_its_end(life_seconds: int, kept_seconds: int) -> None:
    now = [100.0]
    with TokenDesk(life_seconds) as desk:
        tokens = Tokens(desk.url, USER, lambda: PASSWORD, seconds=lambda: now[0])
        first = tokens.token()
        now[0] += max(kept_seconds, 0)
        assert (tokens.token() == first) is (kept_seconds >= 0)
        now[0] += 2
        assert tokens.token() != first


def test_a_refused_client_is_told_without_its_secret() -> None:
    with TokenDesk() as desk:
        tokens = Tokens(desk.url, USER, lambda: "hunter2-hunter2")
        with pytest.raises(TokenError, match=r"answers 401 .*SILLAGE_KAFKA_USER and SILLAGE_KAFKA_PASSWORD") as refused:
            tokens.token()
    assert "hunter2" not in str(refused.value)


def test_an_endpoint_that_gives_no_token_is_told() -> None:
    with TokenDesk() as desk:
        desk.answer = lambda: {"token": "of another form"}  # type: ignore[method-assign]
        with pytest.raises(TokenError, match=r"gives no token \(KeyError\); look at SILLAGE_KAFKA_TOKEN_URL"):
            Tokens(desk.url, USER, lambda: PASSWORD).token()
    with pytest.raises(TokenError, match="look at SILLAGE_KAFKA_TOKEN_URL"):
        Tokens(desk.url, USER, lambda: PASSWORD).token()
