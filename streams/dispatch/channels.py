"""The channels that the settings give a provider to."""

import ssl
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from channels.accounts import AccountError
from channels.channel import Channel
from channels.chat import ENDPOINT, Chat
from channels.crm import crm_channel
from channels.dkim import read_dkim
from channels.email import Email
from channels.inapp import InApp, Inbox
from channels.limits import PARALLEL, Limits, read_limits
from channels.mailserver import Server
from channels.postal import Postal
from channels.push import Push, ServiceAccount
from channels.sms import sms_channel
from channels.webhook import Webhook, read_endpoints
from channels.whatsapp import whatsapp_channel
from streams.redis_access import redis_options
from streams.secrets import read_secret
from streams.settings import Settings


def smtp_password(settings: Settings) -> Callable[[], str] | None:
    """What gives the password that the file holds; None where the URL has it, or none is needed."""
    path = settings.smtp_password_file
    return (lambda: read_secret(path, "SILLAGE_SMTP_PASSWORD_FILE")) if path else None


def email_channel(settings: Settings, now: Callable[[], float], connections: int = 0) -> Email:
    """The one of e-mail, which signs and trusts as the settings say. Raises AccountError."""
    return Email(
        settings.smtp,
        now=now,
        password=smtp_password(settings),
        connections=connections,
        tls_context=ssl.create_default_context(cafile=settings.smtp_ca) if settings.smtp_ca else None,
        dkim=read_dkim(Path(settings.dkim), settings.sender) if settings.dkim else None,
    )


def of_extra(name: str, variable: str) -> Any:
    """The module of a channel that needs an extra of its own name. Raises AccountError where that is not installed."""
    try:
        return import_module(f"channels.{name}")
    except ImportError as fault:
        cure = f"pip install 'sillage[{name}]'"
        raise AccountError(f"{variable}: {fault.name} is not installed; {cure}, or leave it empty") from None


def limits_of(settings: Settings) -> Mapping[str, Limits]:
    """By channel; those of e-mail that nothing is said of are the connections of its URL. Raises LimitsError."""
    return {"email": Limits(parallel=Server.parse(settings.smtp).connections), **read_limits(settings.limits)}


def channels_of(
    settings: Settings, now: Callable[[], float], limits: Mapping[str, Limits] | None = None
) -> dict[str, Channel]:
    """By name: e-mail always, others where a setting says how; with a connection for each hand-over at a time.

    Raises PushCredentialsError, EndpointsError, AccountError.
    """
    parallel = {name: one.parallel for name, one in (limits or limits_of(settings)).items()}
    found: list[Channel] = [email_channel(settings, now, parallel["email"])]
    if settings.push:
        account, connections = ServiceAccount(Path(settings.push)), parallel.get("push", PARALLEL)
        found.append(Push(account, url=settings.push_url, now=now, connections=connections))
    if settings.webhooks:
        endpoints = read_endpoints(Path(settings.webhooks))
        found.append(Webhook(endpoints, now=now, connections=parallel.get("webhook", PARALLEL)))
        if ENDPOINT in endpoints:
            found.append(Chat(endpoints[ENDPOINT], now=now, connections=parallel.get("chat", PARALLEL)))
    if settings.sms:
        found.append(sms_channel(Path(settings.sms), parallel.get("sms", PARALLEL)))
    if settings.whatsapp:
        found.append(whatsapp_channel(Path(settings.whatsapp), parallel.get("whatsapp", PARALLEL)))
    if settings.webpush:
        make = of_extra("webpush", "SILLAGE_WEBPUSH").webpush_channel
        found.append(make(Path(settings.webpush), now, parallel.get("webpush", PARALLEL)))
    if settings.apprise:
        found.append(of_extra("apprise", "SILLAGE_APPRISE").apprise_channel(Path(settings.apprise)))
    if settings.crm:
        found.append(crm_channel(Path(settings.crm), parallel.get("crm", PARALLEL)))
    if settings.postal:
        found.append(Postal(Path(settings.postal), now=now))
    if settings.inbox_size:
        found.append(InApp(inbox_of(settings), now=now, most=settings.inbox_size, days=settings.inbox_days))
    return {channel.name: channel for channel in found}


def inbox_of(settings: Settings) -> Inbox:
    """The inboxes of the app, in Redis; nothing is opened before the first use."""
    return Inbox(**redis_options(settings.redis_access), prefix=settings.prefix)
