"""Who may call, read from one JSON file: a name, which is part of the URL, and how they prove who they are."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from streams.inbound.gateway import Gateway
from streams.inbound.mailgun import Mailgun
from streams.inbound.postmark import Postmark
from streams.inbound.sendgrid import SendGrid
from streams.inbound.ses import Ses
from streams.inbound.standard import Standard
from streams.inbound.told import Provider
from streams.inbound.twilio import Twilio
from streams.inbound.whatsapp import Whatsapp
from streams.secrets import SecretError

VARIABLE = "SILLAGE_INBOUND"
Known = Twilio | Whatsapp | Gateway | SendGrid | Mailgun | Ses | Postmark | Standard
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_EXAMPLE = 'JSON such as {"twilio": {"kind": "twilio", "token": "..."}}'


def read_providers(path: str) -> Mapping[str, Provider]:
    """The providers by name. Raises SecretError, which holds none of what the file does."""
    try:
        found = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, Known])
    except OSError as fault:
        cure = "give a file that this process may read"
        raise SecretError(f"{VARIABLE}={path}: cannot be read ({fault.strerror}); {cure}") from None
    except msgspec.ValidationError as fault:
        raise SecretError(f"{VARIABLE}={path}: {fault}; expected {_EXAMPLE}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise SecretError(f"{VARIABLE}={path}: no JSON; expected {_EXAMPLE}") from None
    for name, provider in found.items():
        wrong = provider.fault if _NAME.fullmatch(name) else "is no name, expected small letters, digits and -"
        if wrong:
            raise SecretError(f"{VARIABLE}={path}: {name[:40]}: {wrong}")
    return dict(found)
