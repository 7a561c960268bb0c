"""Any gateway of SMS that calls back over HTTP: a file says where in its call each thing stands."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from streams.inbound.call import Call, Garbled, Refused, hex_hmac, ms_of, same, text, tree
from streams.inbound.postmark import iso_ms, refuse_other
from streams.inbound.told import BOUNCED, DELIVERED, FAILED, REPLIED, Fetch, Heard, Told

_TYPES = {"delivered": DELIVERED, "failed": FAILED, "bounced": BOUNCED, "dead": BOUNCED}
_MOST_FIELDS = 200


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="http"):
    """How it proves itself, one of three, and paths into its call: JSON, a form, or the query of a GET.

    `user` and `password` are basic auth; `header` with `secret` a word that stands there as it is, or with `hmac` the
    HMAC-SHA256 of the body in hexadecimal digits. `statuses` maps its words to delivered, failed, bounced, or dead for
    an address that is none; others are passed over. A call with a text is one that a person wrote.
    """

    user: str = ""
    password: str = ""
    header: str = ""
    secret: str = ""
    hmac: bool = False
    id: str = "id"
    status: str = "status"
    reference: str = "ref"
    at: str = "at"
    code: str = "code"
    sender: str = "from"
    text: str = "text"
    channel: str = "sms"
    statuses: dict[str, str] = {}

    @property
    def fault(self) -> str:
        if bool(self.password) == bool(self.secret) or bool(self.secret) != bool(self.header):
            return "nothing proves who calls, expected user and password, or header and secret"
        if len(self.password or self.secret) < 16:
            return "the password or secret has fewer than 16 characters"
        wrong = sorted(set(self.statuses.values()) - set(_TYPES))
        return f"statuses has {wrong[0]!r}, expected one of {', '.join(_TYPES)}" if wrong else ""

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        self._prove(call)
        fields = _fields(call)
        name, said = text(fields, self.id), text(fields, self.text)
        instant = text(fields, self.at)
        when = ms_of(instant, call.now) if instant.replace(".", "", 1).isdecimal() else iso_ms(instant, call.now)
        if not name:
            raise Garbled("there is no id")
        if said:
            number = text(fields, self.sender)
            number = f"+{number}" if number.isdecimal() else number
            return Heard((Told(REPLIED, name, when, "", self.channel, number, said),))
        word = self.statuses.get(text(fields, self.status), "")
        if not word:
            return Heard()
        code = text(fields, self.code, 40)
        more: dict[str, Any] = {"code": code} if code else {}
        if _TYPES[word] == BOUNCED:
            more["hard"] = word == "dead"
        reference = text(fields, self.reference) or call.query.get("ref", "")
        return Heard((Told(_TYPES[word], name, when, reference, self.channel, properties=more),))

    def _prove(self, call: Call) -> None:
        if self.password:
            refuse_other(call, self.user, self.password)
            return
        given = call.headers.get(self.header.lower(), "")
        if self.hmac and call.method == "GET":
            # The digest is of the body, and what is told stands in the query.
            raise Refused("unsigned")
        if not same(given, hex_hmac(self.secret, call.body) if self.hmac else self.secret):
            raise Refused("signature" if given else "unsigned")


def _fields(call: Call) -> Any:
    if call.method == "GET":
        return dict(call.query)
    if "json" in call.headers.get("content-type", ""):
        return tree(call.body)
    try:
        return dict(parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as fault:
        raise Garbled("the body is no form") from fault
