"""The channels that the settings give a provider to."""

from collections.abc import Callable
from pathlib import Path

from channels.channel import Channel
from channels.email import Email
from channels.push import Push, ServiceAccount
from channels.webhook import Webhook, read_endpoints
from streams.settings import Settings


def channels_of(settings: Settings, now: Callable[[], float]) -> dict[str, Channel]:
    """By name: e-mail always, push and webhooks where a file says how. Raises PushCredentialsError, EndpointsError."""
    found: list[Channel] = [Email(settings.smtp, now=now)]
    if settings.push:
        found.append(Push(ServiceAccount(Path(settings.push)), url=settings.push_url, now=now))
    if settings.webhooks:
        found.append(Webhook(read_endpoints(Path(settings.webhooks)), now=now))
    return {channel.name: channel for channel in found}
