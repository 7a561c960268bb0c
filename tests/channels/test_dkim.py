"""Mails signed by DKIM: the library that verifies them for others finds them sound, and any change not."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path

import dkim as verifier
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.accounts import AccountError
from channels.channel import Outgoing
from channels.dkim import Dkim, Key, read_dkim
from channels.email import Email
from channels.mime import compose
from journeys.messages.render import Rendered
from local.mailbox import Mailbox

RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
BOTH: dict[str, dict[str, Key]] = {"x.example": {"r26": RSA, "e26": ED}}
LINK = "https://mail.x.example/u/" + "a" * 700
SENDER = "Sillagé <hello@news.x.example>"


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    """The records that the owner of the domain publishes."""
    der = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    texts = {
        b"r26._domainkey.x.example.": b"v=DKIM1; k=rsa; p=" + base64.b64encode(der),
        b"e26._domainkey.x.example.": b"v=DKIM1; k=ed25519; p=" + base64.b64encode(ED.public_key().public_bytes_raw()),
    }
    return texts.get(name)


def holds(mail: bytes, at: int = 0) -> bool:
    try:
        return bool(verifier.DKIM(mail).verify(idx=at, dnsfunc=dns))
    except verifier.DKIMException:
        return False


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def outgoing(text: str = "Bonjour é  \n.a dot\n\n\n", subject: str = "Merci à vous " * 12) -> Outgoing:
    rendered = Rendered(subject, text, "<p>été</p>\n" * 40)
    return Outgoing("a1", "ann@example.org", rendered, SENDER, unsubscribe=LINK)


async def test_a_mail_arrives_signed_by_both_keys_also_its_way_out(mailbox: Mailbox) -> None:
    one = Email(mailbox.url, now=time.time, dkim=Dkim(BOTH))
    await one.send(outgoing())
    await one.close()
    [mail] = mailbox.mails
    assert holds(mail.content, 0) and holds(mail.content, 1)
    signed = [str(each).partition("h=")[2].partition(";")[0] for each in mail.message.get_all("DKIM-Signature") or []]
    assert all({"list-unsubscribe", "list-unsubscribe-post"} <= set(each.split(":")) for each in signed)
    assert mail.message["List-Unsubscribe"] == f"<{LINK}>"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda mail: mail.replace(b"/u/a", b"/u/b"),
        lambda mail: mail.replace(b"Bonjour", b"Bonsoir"),
        lambda mail: mail.replace(b"One-Click", b"Two-Click"),
        lambda mail: b"Subject: another\r\n" + mail,
        lambda mail: b"From: thief@example.org\r\n" + mail,
        lambda mail: mail + b"more\r\n",
    ],
)
def test_whoever_changes_it_is_found_out(tamper: Callable[[bytes], bytes]) -> None:
    mail = Dkim(BOTH).signed(compose(outgoing(), 1e9), "x.example", 1e9)
    assert (holds(mail), holds(mail, 1)) == (True, True)
    changed = tamper(mail)
    assert changed != mail
    assert (holds(changed), holds(changed, 1)) == (False, False)


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(max_size=200))
def test_whatever_it_says_its_signature_holds(text: str, subject: str) -> None:
    mail = Dkim({"x.example": {"e26": ED}}).signed(compose(outgoing(text, subject), 1e9), "news.x.example", 1e9)
    assert holds(mail)
    assert max(map(len, mail.split(b"\r\n"))) <= 998


def test_the_nearest_domain_signs_and_none_signs_for_another() -> None:
    dkim = Dkim({**BOTH, "news.x.example": {"r26": RSA}})
    found = {
        name: dkim.domain_for(name) for name in ("X.example", "a.x.example", "b.news.x.example", "ax.example", "y")
    }
    assert list(found.values()) == ["x.example", "x.example", "news.x.example", "", ""]
    assert dkim.signed(b"From: a\r\n\r\n", "ax.example", 1e9) == b"From: a\r\n\r\n"


def test_keys_are_read_from_beside_the_file_or_from_within(tmp_path: Path) -> None:
    (tmp_path / "r.pem").write_text(pem(RSA))
    path = tmp_path / "dkim.json"
    path.write_text(json.dumps({"x.example": {"r26": "r.pem", "e26": pem(ED)}}))
    mail = read_dkim(path, SENDER).signed(compose(outgoing(), 1e9), "x.example", 1e9)
    assert holds(mail) and holds(mail, 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no JSON"),
        ('{"x.example": {"s": "none.pem"}}', "No such file"),
        ('{"x.example": {"s": "-----BEGIN SECRET"}}', "no key that signs"),
        (json.dumps({"x.example": {"s": pem(ec.generate_private_key(ec.SECP256R1()))}}), "no key that signs"),
        ('{"X.example": {}}', "no domain"),
        ('{"x.example\\r\\nBcc: a": {}}', "no domain"),
        ('{"x.example": {"s; d=y": ""}}', "no selector"),
        (json.dumps({"y.example": {"s": pem(ED)}}), "no key is for news.x.example"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_sign_is_told_of_without_its_keys(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "dkim.json"
    path.write_text(content)
    with pytest.raises(AccountError, match=rf"SILLAGE_DKIM .*dkim\.json: .*{told}") as raised:
        read_dkim(path, SENDER)
    assert "BEGIN SECRET" not in str(raised.value) and "MC4C" not in str(raised.value)
