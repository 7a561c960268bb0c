"""Tokens of links: what they hold, that nobody else reads or alters them, and keys that change."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.links.tokens import LEAST_SECRET, PREFERENCES, UNSUBSCRIBE, Keys, Subject, read_keys
from streams.secrets import SecretError

OLD, NEW = "o" * LEAST_SECRET, "n" * LEAST_SECRET
KEYS = Keys({"2026": NEW})
ANN = Subject("ann@example.org", "offers", "email")


@given(st.builds(Subject, st.text(min_size=1, max_size=50), st.text(max_size=20), st.text(max_size=20)))
def test_a_token_gives_back_what_it_was_made_of_and_is_always_the_same(subject: Subject) -> None:
    token = KEYS.seal(UNSUBSCRIBE, subject)
    assert KEYS.open(UNSUBSCRIBE, token) == subject
    assert KEYS.seal(UNSUBSCRIBE, subject) == token


def test_nothing_of_the_person_stands_in_a_token() -> None:
    token = KEYS.seal(UNSUBSCRIBE, ANN)
    raw = base64.urlsafe_b64decode(token.partition(".")[2] + "==")
    assert all(text.encode() not in raw and text not in token for text in ("ann", "example", "offers", "email"))


@given(st.integers(min_value=0), st.sampled_from("Az09-_.=%/ é"))
def test_a_token_that_was_altered_anywhere_opens_nothing(at: int, other: str) -> None:
    token = KEYS.seal(UNSUBSCRIBE, ANN)
    at %= len(token)
    altered = token[:at] + other + token[at + 1 :]
    assert altered == token or KEYS.open(UNSUBSCRIBE, altered) is None


def test_a_second_spelling_of_the_same_bytes_is_no_token() -> None:
    named = (Subject("a" * size, "offers", "email") for size in (1, 2, 3))
    tokens = [KEYS.seal(UNSUBSCRIBE, subject) for subject in named]
    others = [(token, token[:-1] + last) for token in tokens for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij-_"]
    same = [other for token, other in others if other != token and _raw(other) == _raw(token)]
    assert same
    assert [KEYS.open(UNSUBSCRIBE, other) for other in same] == [None] * len(same)


def _raw(token: str) -> bytes:
    text = token.partition(".")[2]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("token", ["", ".", "2026.", "2026.A", "2026.AAAA", "x" * 10_000, "2026." + "A" * 40, "é.é"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    assert KEYS.open(UNSUBSCRIBE, token) is None


def test_a_token_is_good_for_one_purpose() -> None:
    assert KEYS.open(PREFERENCES, KEYS.seal(UNSUBSCRIBE, ANN)) is None


def test_a_new_key_seals_and_the_old_one_opens_until_it_is_gone() -> None:
    token = Keys({"2025": OLD}).seal(UNSUBSCRIBE, ANN)
    both = Keys({"2026": NEW, "2025": OLD})
    assert both.open(UNSUBSCRIBE, token) == ANN
    assert both.seal(UNSUBSCRIBE, ANN).startswith("2026.")
    assert KEYS.open(UNSUBSCRIBE, token) is None
    # Another key under the same id is another key.
    assert Keys({"2025": NEW}).open(UNSUBSCRIBE, token) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "holds no key"),
        ('{"a b": "' + NEW + '"}', "no id of a key"),
        ('{"2026": "hunter2"}', "fewer than 32"),
        ("[]", "holds no secrets by name"),
    ],
)
def test_a_file_that_holds_no_keys_is_refused_and_not_repeated(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(SecretError, match=said) as raised:
        read_keys(str(path))
    assert "hunter2" not in str(raised.value)
    assert NEW not in str(raised.value)
