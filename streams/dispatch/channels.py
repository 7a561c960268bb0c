"""The channels that the settings give a provider to."""

from collections.abc import Callable
from pathlib import Path

from channels.channel import Channel
from channels.chat import ENDPOINT, Chat
from channels.email import Email
from channels.push import Push, ServiceAccount
from channels.sms import sms_channel
from channels.webhook import Webhook, read_endpoints
from channels.whatsapp import whatsapp_channel
from streams.secrets import read_secret
from streams.settings import Settings


def smtp_password(settings: Settings) -> Callable[[], str] | None:
    """What gives the password that the file holds; None where the URL has it, or none is needed."""
    path = settings.smtp_password_file
    return (lambda: read_secret(path, "SILLAGE_SMTP_PASSWORD_FILE")) if path else None


def channels_of(settings: Settings, now: Callable[[], float]) -> dict[str, Channel]:
    """By name: e-mail always, the others where a file says how.

    Raises PushCredentialsError, EndpointsError, AccountError.
    """
    found: list[Channel] = [Email(settings.smtp, now=now, password=smtp_password(settings))]
    if settings.push:
        found.append(Push(ServiceAccount(Path(settings.push)), url=settings.push_url, now=now))
    if settings.webhooks:
        endpoints = read_endpoints(Path(settings.webhooks))
        found.append(Webhook(endpoints, now=now))
        if ENDPOINT in endpoints:
            found.append(Chat(endpoints[ENDPOINT], now=now))
    if settings.sms:
        found.append(sms_channel(Path(settings.sms)))
    if settings.whatsapp:
        found.append(whatsapp_channel(Path(settings.whatsapp)))
    return {channel.name: channel for channel in found}
