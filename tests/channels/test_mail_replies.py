"""What each reply of a mail server means, and which addresses are none."""

import unicodedata

import pytest
from aiosmtplib import SMTPResponseException
from hypothesis import example, given
from hypothesis import strategies as st

from channels.channel import Away, Declined, Permanent, Transient
from channels.mime import address
from channels.replies import verdict


@pytest.mark.parametrize(
    ("code", "text", "kind", "told"),
    [
        (421, "4.3.2 too many connections", Away, "smtp_421_4.3.2"),
        (450, "4.2.1 receives mail too quickly", Declined, "smtp_450_4.2.1"),
        (450, "greylisted", Declined, "smtp_450"),
        (451, "4.7.1 try later", Declined, "smtp_451_4.7.1"),
        (451, "4.3.0 local error", Transient, "smtp_451_4.3.0"),
        (452, "4.2.2 over quota", Declined, "smtp_452_4.2.2"),
        (452, "4.3.1 no room", Away, "smtp_452_4.3.1"),
        (454, "4.7.0 no login now", Away, "smtp_454_4.7.0"),
        (530, "5.7.0 STARTTLS first", Away, "smtp_530_5.7.0"),
        (535, "5.7.8 bad credentials", Away, "smtp_535_5.7.8"),
        (550, "5.7.8 bad credentials", Away, "smtp_550_5.7.8"),
        (550, "5.1.1 no such user", Permanent, "smtp_550_5.1.1"),
        (550, "no such user", Permanent, "smtp_550"),
        (550, "5.0.0 no", Permanent, "smtp_550"),
        (550, "2.1.1 confused", Permanent, "smtp_550"),
        (552, "5.2.2 mailbox full", Permanent, "smtp_552_5.2.2"),
        (552, "5.3.4 too big", Permanent, "smtp_552_5.3.4"),
        (553, "5.1.3 bad syntax", Permanent, "smtp_553_5.1.3"),
        (554, "5.7.1 spam, say we", Permanent, "smtp_554_5.7.1"),
        (550, "5.7.26 unauthenticated", Permanent, "smtp_550_5.7.26"),
        (550, "5.1.1111 no code", Permanent, "smtp_550"),
    ],
)
def test_each_reply_has_its_meaning(code: int, text: str, kind: type[Exception], told: str) -> None:
    found = verdict(SMTPResponseException(code, text))
    assert (type(found), str(found)) == (kind, told)


def test_only_what_says_that_the_address_is_none_says_so() -> None:
    gone = ("550 5.1.1 a", "550 5.1.2 a", "553 5.1.3 a", "551 5.1.6 a", "556 5.1.10 a")
    not_gone = ("450 5.1.1 a", "550 a", "550 5.2.1 too quickly", "552 5.2.2 full", "550 5.7.1 5.1.1", "550 5.1.11 a")
    for text, expected in [*((each, True) for each in gone), *((each, False) for each in not_gone)]:
        code, _, rest = text.partition(" ")
        fault = verdict(SMTPResponseException(int(code), rest))
        assert getattr(fault, "dead_address", False) is expected, text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann@example.org", "ann@example.org"),
        ("o'hara+tag@Example.ORG", "o'hara+tag@Example.ORG"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@faß.example", "ann@xn--fa-hia.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("józef@example.org", "józef@example.org"),
        ("用户@例え.jp", "用户@xn--r8jz45g.jp"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)  # fmt: skip
def test_an_address_goes_as_it_is_its_domain_in_ascii(text: str, found: str) -> None:
    assert address(text) == found


WRONG = [
    "", "ann", "@", "ann@", "@example.org", "ann@@example.org", "ann@b@example.org", "ann@example.org.", "ann@.org",
    "ann@ex..org", "ann@-ex.org", "ann@ex_a.org", "ann@[127.0.0.1]", "ann@example.org,bob@example.org",
    "ann@example.org;bob@example.org", "ann@example.org bob@example.org", "Ann <ann@example.org>", "<ann@example.org>",
    '"a b"@example.org', "a b@example.org", ".ann@example.org", "ann.@example.org", "a..b@example.org",
    "ann@example.org\r\nBcc: a@b.example", "ann\n@example.org", "ann\x00@example.org", "ann@example\x00.org",
    "ann＠example.org", "ann@ｅxample.org", "ann@example。org", "ann@exam\u200bple.org", "an\u200bn@example.org",
    "ann\u202e@example.org", "ａnn@example.org", "ann＠x.example@y.example", "ann\ud800@example.org", "ann@\ud800.org",
    "ann@☃.example", "a" * 65 + "@example.org", "é" * 33 + "@example.org", "ann@" + "a" * 64 + ".org",
    "ann@" + "a." * 130 + "org", "a" * 60 + "@" + "abcdefghi." * 19 + "example", "ann@example.org\u2028", "\u00a0a@b.c",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_is_no_address_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(Permanent, match=r"^bad_address$") as raised:
        address(text)
    assert raised.value.dead_address


@given(st.text(st.characters(codec=None), max_size=40) | st.from_regex(r"[^@]{1,9}@[^@]{1,12}", fullmatch=True))
@example("K@k.example")
def test_whatever_is_taken_is_one_address_on_one_line(text: str) -> None:
    try:
        found = address(text)
    except Permanent as fault:
        assert fault.code == "bad_address"
        return
    local, _, domain = found.partition("@")
    assert local == text.partition("@")[0] and domain.isascii()
    assert not set(found) & set(' <>()[],;:\\"\r\n\x00') and unicodedata.normalize("NFKC", found) == found
