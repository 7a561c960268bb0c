"""Which provider of SMS a file names: Twilio, or a gateway over HTTP."""

from pathlib import Path

from channels.accounts import read_account, refuse
from channels.gateway import Gateway, HttpSms
from channels.twilio import Twilio, TwilioAccount

VARIABLE = "SILLAGE_SMS"
_EXAMPLE = '{"kind": "twilio", "account": "AC...", "token": "...", "sender": "+33..."} (or "kind": "http")'


def sms_channel(path: Path, connections: int = 16) -> Twilio | HttpSms:
    """The channel of the provider that the file names. Raises AccountError, without any secret."""
    account: TwilioAccount | Gateway = read_account(path, VARIABLE, TwilioAccount | Gateway, _EXAMPLE)  # type: ignore[arg-type]
    refuse(path, VARIABLE, account.fault)
    if isinstance(account, TwilioAccount):
        return Twilio(account, connections=connections)
    return HttpSms(account, connections=connections)
