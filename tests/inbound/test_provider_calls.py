"""Each provider: what it signs is heard, and nothing that was altered, is stale, or is signed by somebody else."""

import contextlib
import json
from typing import Any

import pytest
import signing
from signing import NOW, SIGNED, TIMED, URL, amazon, providers

from streams.inbound.call import STALE_SECONDS, Call, Garbled, Refused, digest, hex_hmac
from streams.inbound.told import UNSUBSCRIBED, Told
from streams.inbound.twilio import signature

PROVIDERS = providers()


async def heard(name: str, call: Call) -> tuple[Told, ...]:
    return (await PROVIDERS[name].hear(call, amazon)).told


async def one(name: str, call: Call) -> Told:
    (told,) = await heard(name, call)
    return told


@pytest.mark.parametrize("name", PROVIDERS)
async def test_what_it_signed_is_heard(name: str) -> None:
    assert PROVIDERS[name].fault == ""
    assert (await one(name, SIGNED[name](NOW))).type == "message.delivered"


@pytest.mark.parametrize("name", sorted(set(PROVIDERS) - {"gateway", "mailgun", "postmark"}))
async def test_a_body_that_was_altered_is_refused(name: str) -> None:
    call = SIGNED[name](NOW)
    # Amazon signs what the JSON says, and not how it is written.
    longer = [] if name == "ses" else [call.body + b" "]
    for body in (call.body.replace(b"eliver", b"ELIVER", 1).replace(b"OK", b"KO"), b"", *longer):
        with pytest.raises(Refused):
            await heard(name, call._replace(body=body))


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_call_without_its_signature_or_with_another_is_refused(name: str) -> None:
    call = SIGNED[name](NOW)
    unsigned = call._replace(headers={"content-type": call.headers.get("content-type", "")})
    wrong = call._replace(headers={key: f"x{value}" for key, value in call.headers.items()})
    if name in ("mailgun", "ses"):
        body = json.loads(call.body)
        place = body["signature"] if name == "mailgun" else body
        key = "signature" if name == "mailgun" else "Signature"
        wrong = call._replace(body=json.dumps({**body, **_with(body, place, key, "AAAA")}).encode())
        del place[key]
        unsigned = call._replace(body=json.dumps(body).encode())
    for each in (unsigned, wrong):
        with pytest.raises(Refused):
            await heard(name, each)


def _with(body: dict[str, Any], place: dict[str, Any], key: str, value: str) -> dict[str, Any]:
    return {key: value} if place is body else {"signature": {**place, key: value}}


@pytest.mark.parametrize("name", sorted(TIMED - {"mailgun", "sendgrid"}))
@pytest.mark.parametrize("seconds", [STALE_SECONDS + 3700, -STALE_SECONDS - 1])
async def test_an_old_signature_and_one_of_the_future_are_refused(name: str, seconds: int) -> None:
    with pytest.raises(Refused, match="stale"):
        await heard(name, SIGNED[name](NOW)._replace(now=NOW + seconds * 1000))


@pytest.mark.parametrize(("name", "hours"), [("mailgun", 8), ("sendgrid", 24)])
async def test_what_is_tried_again_for_hours_may_have_the_signature_of_the_first_time(name: str, hours: int) -> None:
    event = (
        {"event": "unsubscribed", "id": "1"} if name == "mailgun" else [{"event": "unsubscribe", "sg_event_id": "1"}]
    )
    call = signing.mailgun(NOW, event) if isinstance(event, dict) else signing.sendgrid(NOW, event)
    assert (await one(name, call._replace(now=NOW + hours * 3_600_000))).type == UNSUBSCRIBED
    for seconds in ((hours + 1) * 3600 + 1, -STALE_SECONDS - 1):
        with pytest.raises(Refused, match="stale"):
            await heard(name, call._replace(now=NOW + seconds * 1000))


def test_a_digest_is_of_what_is_said_and_what_is_too_deep_is_garbled() -> None:
    assert digest({"a": 1, "b": [{"c": 2, "d": 10**30}]}) == digest({"b": [{"d": 10**30, "c": 2}], "a": 1})
    assert digest({"a": 1, "b": 2}) != digest({"a": 2, "b": 1})
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(Garbled):
        digest(deep)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_signed_nonsense_is_garbled_and_never_a_fault_of_ours(name: str) -> None:
    nonsense: list[Any] = [[], {}, "x", 7, None, [None], {"entry": 7}, [{"event": {"a": 1}}], {"event": [1]}]
    for each in nonsense:
        calls = {
            "whatsapp": lambda each=each: signing.whatsapp(NOW, each),
            "gateway": lambda each=each: signing.gateway(NOW, each),
            "sendgrid": lambda each=each: signing.sendgrid(NOW, each),
            "mailgun": lambda each=each: signing.mailgun(NOW, each),
            "ses": lambda each=each: signing.ses(NOW, each),
            "postmark": lambda each=each: signing.postmark(NOW, each),
            "standard": lambda each=each: signing.standard(NOW, each),
        }
        if name in calls:
            with contextlib.suppress(Garbled):
                assert await heard(name, calls[name]()) == ()


def test_twilio_signs_as_its_page_shows() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
        "To": "+18005551212",
    }  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, list(fields.items())) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


async def test_twilio_signature_covers_the_reference_in_the_url() -> None:
    call = SIGNED["twilio"](NOW)
    with pytest.raises(Refused):
        await heard("twilio", call._replace(url=f"{URL}/in/twilio?ref=other", query={"ref": "other"}))


async def test_twilio_tells_of_messages_and_of_what_people_write() -> None:
    lost = await one("twilio", signing.twilio(NOW, "r", MessageSid="S", MessageStatus="undelivered", ErrorCode="30005"))
    assert (lost.type, lost.reference, lost.properties) == ("message.bounced", "r", {"hard": True, "code": "sms_30005"})
    off = await one("twilio", signing.twilio(NOW, "r", MessageSid="S", MessageStatus="undelivered", ErrorCode="30003"))
    assert off.properties["hard"] is False
    wrote = await one("twilio", signing.twilio(NOW, MessageSid="S", SmsStatus="received", From="+336", Body="Stop"))
    assert (wrote.type, wrote.address, wrote.text, wrote.channel) == ("message.replied", "+336", "Stop", "sms")
    other = await one("twilio", signing.twilio(NOW, MessageSid="S", From="whatsapp:+336", Body="Hi"))
    assert (other.channel, other.address) == ("whatsapp", "+336")
    assert await heard("twilio", signing.twilio(NOW, "r", MessageSid="S", MessageStatus="sent")) == ()


async def test_whatsapp_answers_its_challenge_and_no_other() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "a-word-of-ours", "hub.challenge": "1158201444"}
    call = Call("GET", f"{URL}/in/whatsapp", {}, query, b"", NOW)
    assert (await PROVIDERS["whatsapp"].hear(call, amazon)).answer == "1158201444"
    for wrong in ({"hub.verify_token": "x"}, {"hub.challenge": "<script>"}, {"hub.mode": ""}):
        with pytest.raises(Refused):
            await PROVIDERS["whatsapp"].hear(call._replace(query={**query, **wrong}), amazon)


async def test_whatsapp_tells_of_messages_and_of_what_people_write() -> None:
    statuses = [
        {"id": "w", "status": "read", "timestamp": str(NOW // 1000 - 5), "biz_opaque_callback_data": "r"},
        {"id": "w", "status": "failed", "errors": [{"code": 131026}]},
        {"id": "w", "status": "failed", "errors": [{"code": 131049}]},
        {"id": "w", "status": "sent"},
    ]
    messages = [
        {"from": "33612345678", "id": "m1", "type": "text", "text": {"body": "ARRÊT"}},
        {"from": "33612345678", "id": "m2", "type": "button", "button": {"text": "Stop"}},
    ]
    found = await heard("whatsapp", signing.whatsapp(NOW, {"statuses": statuses, "messages": messages}))
    assert [each.type.partition(".")[2] for each in found] == ["opened", "bounced", "failed", "replied", "replied"]
    assert (found[0].reference, found[0].at) == ("r", NOW - 5000)
    assert [(each.address, each.text) for each in found[3:]] == [("+33612345678", "ARRÊT"), ("+33612345678", "Stop")]


async def test_a_gateway_is_read_as_its_file_says() -> None:
    dead = await one("gateway", signing.gateway(NOW, {"id": 7, "status": "UNDELIV", "ref": "r", "code": 9}))
    assert (dead.type, dead.event, dead.properties) == ("message.bounced", "7", {"code": "9", "hard": True})
    wrote = await one("gateway", signing.gateway(NOW, {"id": "8", "from": "33612345678", "text": "stop"}))
    assert (wrote.type, wrote.address) == ("message.replied", "+33612345678")
    assert await heard("gateway", signing.gateway(NOW, {"id": "9", "status": "ENROUTE"})) == ()


async def test_a_digest_of_the_body_proves_no_query() -> None:
    kept = SIGNED["hmac-gateway"](NOW)
    for body in (kept.body, b""):
        headers = {"x-signature": hex_hmac(signing.SECRET, body)}
        with pytest.raises(Refused):
            told = {"id": "other", "from": "33612345678", "text": "stop"}
            await heard("hmac-gateway", kept._replace(method="GET", query=told, headers=headers, body=body))


async def test_mail_providers_tell_hard_bounces_complaints_opens_and_clicks() -> None:
    events = [
        {"event": "bounce", "sg_event_id": "1", "type": "bounce", "status": "5.1.1", "smtp-id": "<r@shop>"},
        {"event": "bounce", "sg_event_id": "2", "type": "blocked"},
        {"event": "spamreport", "sg_event_id": "3"},
        {"event": "open", "sg_event_id": "4", "sg_machine_open": True},
        {"event": "click", "sg_event_id": "5", "url": "https://shop.example/"},
        {"event": "processed", "sg_event_id": "6"},
    ]
    bounced, blocked, complained, fetched, clicked = await heard("sendgrid", signing.sendgrid(NOW, events))
    assert bounced.reference == "<r@shop>" and bounced.properties["hard"] and not blocked.properties["hard"]
    assert (complained.type, fetched.type) == ("message.complained", "message.fetched")
    assert clicked.properties == {"link": "https://shop.example/"}
    assert await heard("mailgun", signing.mailgun(NOW, {"event": "failed", "id": "1", "severity": "temporary"})) == ()
    failed = await one("mailgun", signing.mailgun(NOW, {"event": "failed", "id": "1", "severity": "permanent"}))
    assert failed.properties["hard"] is True
    apple = {"event": "opened", "id": "2", "client-info": {"bot": "apple"}}
    assert (await one("mailgun", signing.mailgun(NOW, apple))).properties["why"] == "apple"
    hard = {"RecordType": "Bounce", "Type": "HardBounce", "MessageID": "1", "BouncedAt": "2026-03-02T17:00:00Z"}
    told = await one("postmark", signing.postmark(NOW, hard))
    assert told.properties["hard"] is True and told.at == NOW - 3_600_000


@pytest.mark.parametrize("reason", ["suppress-complaint", "suppress-unsubscribe", "old", "espblock"])
async def test_mailgun_gives_up_a_mail_whose_address_lives(reason: str) -> None:
    event = {"event": "failed", "id": "1", "severity": "permanent", "reason": reason}
    assert (await one("mailgun", signing.mailgun(NOW, event))).properties["hard"] is False


async def test_postmark_stops_sending_after_a_bounce_and_that_is_no_word_of_the_person() -> None:
    change = {"RecordType": "SubscriptionChange", "MessageID": "1", "SuppressSending": True}
    for reason in ("ManualSuppression", "SpamComplaint", None):
        told = await one("postmark", signing.postmark(NOW, {**change, "SuppressionReason": reason}))
        assert told.type == UNSUBSCRIBED
    assert await heard("postmark", signing.postmark(NOW, {**change, "SuppressionReason": "HardBounce"})) == ()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_bytes_that_are_no_text_in_headers_and_url_are_refused_and_no_fault_of_ours(name: str) -> None:
    call = SIGNED[name](NOW)
    odd = {key: f"\udcff{value}" for key, value in call.headers.items() if key != "content-type"}
    for changed in (call._replace(headers=odd), call._replace(headers=odd, url=f"{call.url}\udcff")):
        if odd:
            with pytest.raises(Refused):
                await heard(name, changed)


async def test_ses_gives_the_message_id_that_the_mail_had() -> None:
    headers = [{"name": "Subject", "value": "x"}, {"name": "Message-ID", "value": "<r@shop>"}]
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "timestamp": "2026-03-02T17:00:00.000Z"}
    message = {"notificationType": "Bounce", "mail": {**signing.MAIL, "headers": headers}, "bounce": bounce}
    for version in ("1", "2"):
        told = await one("ses", signing.ses(NOW, message, version))
        assert (told.reference, told.properties) == ("<r@shop>", {"hard": True, "code": "General"})


async def test_ses_confirms_a_subscription_at_amazon_alone() -> None:
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        return await amazon(url)

    confirm = {
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?a",
    }
    assert (await PROVIDERS["ses"].hear(signing.ses(NOW, "", **confirm), fetch)).told == ()
    assert asked[-1] == confirm["SubscribeURL"]
    for url in (
        "https://evil.example/",
        "https://sns.eu-west-1.amazonaws.com.evil.example/",
        "http://sns.eu-west-1.amazonaws.com/",
    ):
        for changed in ({"SubscribeURL": url}, {"SigningCertURL": url}):
            with pytest.raises(Refused, match="certificate"):
                await PROVIDERS["ses"].hear(signing.ses(NOW, "", **{**confirm, **changed}), fetch)
    with pytest.raises(Refused, match="topic"):
        await heard("ses", signing.ses(NOW, {}, TopicArn="arn:aws:sns:eu-west-1:666:evil"))
    assert not any("evil" in url or url.startswith("http:") for url in asked)


async def test_standard_webhooks_speak_our_words_and_no_others() -> None:
    events = [
        {"type": "message.bounced", "customer": "c1", "action_id": "a1", "hard": True, "channel": "email"},
        {"type": "message.replied", "from": "+33612345678", "text": "stop", "id": "x"},
    ]
    bounced, replied = await heard("standard", signing.standard(NOW, events))
    assert (bounced.customer, bounced.action, bounced.event, bounced.properties) == (
        "c1",
        "a1",
        "msg-1/0",
        {"hard": True},
    )
    assert (replied.event, replied.address) == ("x", "+33612345678")
    with pytest.raises(Garbled, match="expected one of"):
        await heard("standard", signing.standard(NOW, {"type": "customer.erased", "customer": "c1"}))
