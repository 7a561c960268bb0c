"""The channels that the settings give a provider to."""

from collections.abc import Callable
from pathlib import Path

from channels.channel import Channel
from channels.email import Email
from channels.push import Push, ServiceAccount
from streams.settings import Settings


def channels_of(settings: Settings, now: Callable[[], float]) -> dict[str, Channel]:
    """By name: e-mail always, push where there is a service account. Raises PushCredentialsError."""
    found: list[Channel] = [Email(settings.smtp, now=now)]
    if settings.push:
        found.append(Push(ServiceAccount(Path(settings.push)), url=settings.push_url, now=now))
    return {channel.name: channel for channel in found}
