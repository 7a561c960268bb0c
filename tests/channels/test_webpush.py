"""The promise of a channel, kept by Web Push to a service and a browser that decrypts as the real ones do."""

import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from channels.accounts import AccountError
from channels.channel import Away, Declined, Outgoing, Permanent, Transient, Unknown
from channels.several import MOST
from channels.webpush import MAX_BYTES, SERVICES, Webpush, WebpushAccount, _called, _subscription, webpush_channel
from journeys.messages.render import Rendered
from local.webpush import DROP, HANG, WebpushService

RAIN = Rendered("Rain é", "An umbrella waits.", "", "https://shop.example/u", "https://shop.example/u.png", {"k": "v"})


@pytest.fixture
def service() -> Iterator[WebpushService]:
    with WebpushService() as found:
        yield found


@asynccontextmanager
async def channel(
    service: WebpushService, folder: Path, now: Any = time.time, seconds: float = 10.0
) -> AsyncIterator[Webpush]:
    one = webpush_channel(service.write_account(folder / "webpush.json", seconds), now)
    try:
        yield one
    finally:
        await one.close()


def outgoing(to: str, rendered: Rendered = RAIN, valid_ms: int = 0, class_: str = "marketing") -> Outgoing:
    return Outgoing("a1", to, rendered, "S <s@x.example>", valid_ms=valid_ms, class_=class_)


async def test_the_browser_reads_what_was_written_and_no_service_does(service: WebpushService, tmp_path: Path) -> None:
    async with channel(service, tmp_path) as one:
        sent = await one.send(outgoing(service.subscribe("ann")))
    [shown] = service.shown
    assert sent.reference.startswith(f"{service.url}/message/")
    assert shown.told == {
        "title": "Rain é", "body": "An umbrella waits.", "link": "https://shop.example/u",
        "image": "https://shop.example/u.png", "data": {"k": "v", "action_id": "a1"},
    }  # fmt: skip
    assert len(shown.headers["Topic"]) == 32
    assert shown.headers["Authorization"].endswith(f",k={one.public_key}")


def test_the_browser_of_the_standard_decrypts() -> None:
    """RFC 8291, appendix A: what the stand-in decrypts with is held to the example of the standard."""

    def raw(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "==")

    key = derive_private_key(int.from_bytes(raw("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), SECP256R1())
    body = raw(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    found = http_ece.decrypt(body, private_key=key, auth_secret=raw("BTBZMqHH6r4Tts7J_aSIgg"))
    assert found == b"When I grow up, I want to be a watermelon"


async def test_it_is_kept_no_longer_than_it_is_worth_anything(service: WebpushService, tmp_path: Path) -> None:
    ann = service.subscribe("ann")
    async with channel(service, tmp_path) as one:
        await one.send(outgoing(ann, valid_ms=20 * 60_000, class_="critical"))
        await one.send(outgoing(ann, valid_ms=1))
        await one.send(outgoing(ann))
    told = [(shown.headers["TTL"], shown.headers["Urgency"]) for shown in service.shown]
    assert told == [("1200", "high"), ("0", "normal"), (str(28 * 24 * 3600), "normal")]


@pytest.mark.parametrize(
    ("status", "kind", "dead"),
    [
        (400, Permanent, False), (401, Declined, False), (403, Permanent, False), (404, Permanent, True),
        (410, Permanent, True), (413, Permanent, False), (429, Transient, False), (408, Transient, False),
        (302, Away, False), (503, Away, False), (500, Unknown, False), (502, Unknown, False),
    ],
)  # fmt: skip
async def test_each_answer_has_its_meaning(
    service: WebpushService, tmp_path: Path, status: int, kind: type[Exception], dead: bool
) -> None:
    ann = service.subscribe("ann")
    service.answers["ann"] = status
    async with channel(service, tmp_path) as one:
        with pytest.raises(kind, match=rf"^webpush_{status}$") as raised:
            await one.send(outgoing(ann))
        assert type(raised.value) is kind
        assert getattr(raised.value, "dead_address", False) is dead
        service.answers.clear()
        await one.send(outgoing(ann))


async def test_how_long_to_wait_is_the_word_of_the_service(service: WebpushService, tmp_path: Path) -> None:
    ann = service.subscribe("ann")
    service.answers["ann"] = 429
    async with channel(service, tmp_path) as one:
        for said, meant in ((None, 60.0), (7, 7.0)):
            service.retry_after = said
            with pytest.raises(Transient) as told:
                await one.send(outgoing(ann))
            assert told.value.retry_after == meant


async def test_no_answer_after_all_was_written_is_unknown(service: WebpushService, tmp_path: Path) -> None:
    service.answers |= {"slow": HANG, "cut": DROP}
    async with channel(service, tmp_path, seconds=1.0) as one:
        for name in ("slow", "cut"):
            with pytest.raises(Unknown, match="webpush_no_answer"):
                await one.send(outgoing(service.subscribe(name)))
    assert [shown.browser for shown in service.shown] == ["cut"]


async def test_who_subscribed_to_another_key_or_is_gone_gets_nothing(service: WebpushService, tmp_path: Path) -> None:
    other = service.subscribe("bob", generate_private_key(SECP256R1()))
    gone = service.subscribe("ann").replace("/push/ann", "/push/nobody")
    async with channel(service, tmp_path) as one:
        with pytest.raises(Permanent, match="webpush_403"):
            await one.send(outgoing(other))
        with pytest.raises(Permanent, match="webpush_410") as raised:
            await one.send(outgoing(gone))
    assert raised.value.dead_address


async def test_a_claim_serves_many_and_is_signed_anew_before_it_ends(service: WebpushService, tmp_path: Path) -> None:
    ann, instants = service.subscribe("ann"), [1e9]
    async with channel(service, tmp_path, lambda: instants[-1]) as one:
        for at in (0, 11 * 3600 - 1, 11 * 3600):
            instants.append(1e9 + at)
            await one.send(outgoing(ann))
    first, second, third = (shown.headers["Authorization"] for shown in service.shown)
    assert first == second != third


async def test_what_no_service_need_take_is_not_sent(service: WebpushService, tmp_path: Path) -> None:
    ann, rest = service.subscribe("ann"), len(json.dumps({"title": "", "data": {"action_id": "a1"}}))
    async with channel(service, tmp_path) as one:
        await one.send(outgoing(ann, Rendered("a" * (MAX_BYTES - rest), "", "")))
        with pytest.raises(Permanent, match="webpush_too_large"):
            await one.send(outgoing(ann, Rendered("a" * (MAX_BYTES - rest + 1), "", "")))


async def test_a_claim_that_was_refused_is_not_shown_again(service: WebpushService, tmp_path: Path) -> None:
    ann = service.subscribe("ann")
    async with channel(service, tmp_path) as one:
        await one.send(outgoing(ann))
        service.answers["ann"] = 401
        with pytest.raises(Transient):
            await one.send(outgoing(ann))
        service.answers.clear()
        await one.send(outgoing(ann))
    assert service.shown[0].headers["Authorization"] != service.shown[1].headers["Authorization"]


ELSEWHERE = [
    "https://evil.example/push", "http://fcm.googleapis.com/x", "https://fcm.googleapis.com.evil.example/x",
    "https://fcm.googleapis.com:8443/x", "https://notify.windows.com/x", "https://a.b.notify.windows.com/x",
    "https://169.254.169.254/latest", "gopher://fcm.googleapis.com/x",
]  # fmt: skip
NOWHERE = [
    "", "x", "https://", "file:///etc/passwd",
    "https://a@fcm.googleapis.com/", "https://fcm.googleapis.com\\@evil.example/", "https://[::1]/",
    "https://fcm.googleapis.com/\r\nX: y", "https://fcm.googleapis.com:99999/", "https://x%00.notify.windows.com/",
    "https://fcm.googleapis.com/" + "a" * 3000, "https://ﬀcm.googleapis.com/",
]  # fmt: skip


@pytest.mark.parametrize("endpoint", ELSEWHERE + NOWHERE)
def test_a_subscription_calls_no_other_address(endpoint: str) -> None:
    code = "webpush_unknown_service" if endpoint in ELSEWHERE else "webpush_bad_subscription"
    with pytest.raises(Permanent, match=code):
        _called(endpoint, SERVICES)


def test_the_services_of_the_browsers_are_called() -> None:
    chrome = ("https://fcm.googleapis.com", "fcm.googleapis.com")
    assert _called("https://FCM.googleapis.com/fcm/send/a:b", SERVICES) == chrome
    edge = ("https://wns2-am3p.notify.windows.com", "*.notify.windows.com")
    assert _called("https://wns2-am3p.notify.windows.com/w/?token=a", SERVICES) == edge


KEYS = {"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg"}  # fmt: skip


@pytest.mark.parametrize(
    "recipient",
    [
        "", "{}", "[]", "null", '{"endpoint": 7}', "[" * 5000, "\ud800",
        json.dumps({"endpoint": "https://web.push.apple.com/x"}),
        *(json.dumps({"endpoint": "https://web.push.apple.com/x", "keys": {**KEYS, **wrong}}) for wrong in (
            {"auth": "short"}, {"auth": "*" * 22}, {"auth": None}, {"p256dh": KEYS["auth"]}, {"p256dh": "é" * 87},
            {"p256dh": "B" + "A" * 86},
        )),
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused_and_dead(recipient: str) -> None:
    _subscription(json.dumps({"endpoint": "https://web.push.apple.com/x", "keys": KEYS, "expirationTime": 5}))
    with pytest.raises(Permanent, match="webpush_bad_subscription") as raised:
        _subscription(recipient)
    assert raised.value.dead_address


def test_each_service_is_a_provider_of_its_own_and_no_subscription_makes_another() -> None:
    key = base64.urlsafe_b64encode(bytes([1]) * 32).decode()

    def provider(endpoint: str) -> str:
        return one.provider_of(json.dumps({"endpoint": endpoint, "keys": KEYS}))

    one = Webpush(WebpushAccount(key, "mailto:a@b.example"), now=time.time)
    assert provider("https://web.push.apple.com/x") == "web.push.apple.com"
    regions = {provider(f"https://w{number}.notify.windows.com/x") for number in range(1000)}
    assert regions == {"*.notify.windows.com"}
    assert {provider(each) for each in (*ELSEWHERE, *NOWHERE)} == {""}
    assert {one.provider_of(each) for each in ("", "null", "[" * 5000, "\ud800")} == {""}
    many = WebpushAccount(key, "mailto:a@b.example", tuple(f"h{number}.example" for number in range(1000)))
    one = Webpush(many, now=time.time)
    assert len({provider(f"https://h{number}.example/x") for number in range(1000)}) == MOST


@given(st.text(st.characters(codec=None)) | st.from_regex(r"https://fcm\.googleapis\.com.{0,9}", fullmatch=True))
def test_whatever_an_endpoint_is_only_a_known_host_is_called(endpoint: str) -> None:
    try:
        assert _called(endpoint, SERVICES)[0] == "https://fcm.googleapis.com"
    except Permanent as fault:
        assert fault.code.startswith("webpush_")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"key": "secret"}, "key is none"), ({"key": "-----BEGIN PRIVATE KEY-----\nsecret"}, "key is none"),
        ({"key": "sécret"}, "key is none"), ({"contact": "me"}, "contact is none"), ({"more": 1}, "unknown field"),
        ({"services": ["http://a\r\nb"]}, "services"), ({"services": ["*"]}, "services"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_used_is_named_without_its_key(
    service: WebpushService, tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    path = service.write_account(tmp_path / "webpush.json")
    account = json.loads(path.read_text())
    path.write_text(json.dumps({**account, **changed}))
    with pytest.raises(AccountError, match=rf"SILLAGE_WEBPUSH .*{told}") as raised:
        webpush_channel(path, time.time)
    assert "secret" not in str(raised.value) and account["key"][30:60] not in str(raised.value)
