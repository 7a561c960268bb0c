"""The links of a message: what its templates know as `unsubscribe_url` and `preferences_url`."""

from collections.abc import Mapping
from typing import NamedTuple

from engine.decision import Action
from journeys.messages.model import Message
from journeys.messages.render import variables_of
from journeys.messages.template import LINKS
from streams.links.tokens import PREFERENCES, UNSUBSCRIBE, Keys, Subject, read_keys
from streams.secrets import SecretError
from streams.settings import Settings

ONE_CLICK_CHANNEL = "email"
PATHS = {UNSUBSCRIBE: "u", PREFERENCES: "p"}
NO_LINKS = "no_links"
"""The code of a message that names a link where none can be made."""


class Given(NamedTuple):
    """What a message gets: the values of the names in its templates, and the URL of one click, empty for none."""

    variables: Mapping[str, str]
    one_click: str


NOTHING = Given({}, "")


class NoLinks(Exception):
    """A message names a link, and no setting says where links lead and how they are sealed."""


class Links:
    """Makes the links that lie under `url`."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = url.rstrip("/")
        self._keys = keys

    def url(self, purpose: str, subject: Subject) -> str:
        """The link of one purpose, always the same for a subject."""
        return f"{self._url}/{PATHS[purpose]}/{self._keys.seal(purpose, subject)}"


def links_of(settings: Settings) -> Links | None:
    """What makes links, None where no setting says how. Raises SecretError."""
    if not settings.links_url:
        return None
    if not settings.links_keys:
        raise SecretError("SILLAGE_LINKS_URL: is set, and SILLAGE_LINKS_KEYS is not; links need both")
    return Links(settings.links_url, read_keys(settings.links_keys))


def given(links: Links | None, action: Action, message: Message) -> Given:
    """The links that a message names, and for marketing by e-mail that of one click. Raises NoLinks, TemplateFault."""
    named = LINKS & variables_of(message, action.channel)
    one_click = action.class_ == "marketing" and action.channel == ONE_CLICK_CHANNEL
    if links is None:
        if named:
            raise NoLinks(f"message {message.name} names {', '.join(sorted(named))}; set SILLAGE_LINKS_URL")
        return NOTHING
    if not named and not one_click:
        return NOTHING
    subject = Subject(action.customer, action.topic, action.channel)
    purposes = {purpose: links.url(purpose, subject) for purpose in PATHS}
    variables = {f"{purpose}_url": url for purpose, url in purposes.items()}
    return Given(variables, purposes[UNSUBSCRIBE] if one_click else "")
