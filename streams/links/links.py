"""The links of a message: what its templates know as `unsubscribe_url` and `preferences_url`."""

from collections.abc import Mapping
from typing import NamedTuple

from channels.channel import Away
from engine.decision import Action
from journeys.messages.model import Message
from journeys.messages.render import Rendered, variables_of
from journeys.messages.template import LINKS, SCAN_URL
from streams.links.addresses import address_hashes, plain_address
from streams.links.shelf import Reached, RedisShelf, Shelf, ShelfAway
from streams.links.tokens import PREFERENCES, UNSUBSCRIBE, Keys, Subject, read_keys
from streams.links.tracking import Tracked, reference, scan_code, tracked
from streams.redis_access import redis_options
from streams.secrets import SecretError
from streams.settings import Settings

ONE_CLICK_CHANNEL = "email"
ANSWERED = frozenset({"sms", "whatsapp"})
"""Channels on which people answer by their number alone."""
PATHS = {UNSUBSCRIBE: "u", PREFERENCES: "p"}
NO_LINKS = "no_links"
"""The code of a message that names a link where none can be made."""


class Given(NamedTuple):
    """What a message gets: the values of the names in its templates, the URL of one click, empty for none, and codes.

    `codes` are the tokens that short codes among the values stand for.
    """

    variables: Mapping[str, str]
    one_click: str
    codes: Mapping[str, str] = {}


NOTHING = Given({}, "")


class NoLinks(Exception):
    """A message names a link, and no setting says where links lead and how they are sealed."""


class Links:
    """Makes the links that lie under `url`; `shelf` remembers what stands behind short ones."""

    name = "links"
    """As what keeps something of people (Keeper)."""

    def __init__(self, url: str, keys: Keys, shelf: Shelf | None = None) -> None:
        self._url = url.rstrip("/")
        self._keys = keys
        self.shelf = shelf

    async def close(self) -> None:
        """Gives the connections of the shelf back."""
        if self.shelf is not None:
            await self.shelf.close()

    async def forget(self, customer: str) -> None:
        """Takes away that they were written to at their numbers. Raises Away."""
        if self.shelf is not None:
            try:
                await self.shelf.forget(self._keys.hashes(customer))
            except ShelfAway as fault:
                raise Away("links_shelf") from fault

    def url(self, purpose: str, subject: Subject) -> str:
        """The link of one purpose, always the same for a subject."""
        return f"{self._url}/{PATHS[purpose]}/{self._keys.seal(purpose, subject)}"

    def scan(self, action: Action, url: str, turn: int) -> tuple[str, Mapping[str, str]]:
        """What the code on a letter says, and the code with its token."""
        code, token = scan_code(self._keys, action, url, turn)
        return f"{self._url}/q/{code}", {code: token}

    def tracked(self, action: Action, message: Message, rendered: Rendered, turn: int) -> Tracked:
        """The message as it leaves, with what it wants tracked."""
        return tracked(self._url, self._keys, action, message, rendered, turn)

    def reference(self, action: Action) -> str:
        """What a provider repeats with what it tells of this message."""
        return reference(self._keys, action)

    def reached(self, action: Action) -> Reached | None:
        """Who is to be found when they answer, None on channels where nobody does by a number."""
        address = plain_address(action.recipient) if action.channel in ANSWERED else ""
        if not address:
            return None
        hashed = address_hashes(self._keys, action.channel, address)[0]
        return Reached(hashed, self._keys.hashes(action.customer)[0], self.reference(action))


def links_of(settings: Settings) -> Links | None:
    """What makes links, on the shelf that `sillage serve` reads; None where no setting says how. Raises SecretError."""
    if not settings.links_url:
        return None
    if not settings.links_keys:
        raise SecretError("SILLAGE_LINKS_URL: is set, and SILLAGE_LINKS_KEYS is not; links need both")
    keys = read_keys(settings.links_keys)
    return Links(settings.links_url, keys, RedisShelf(**redis_options(settings.redis_access), prefix=settings.prefix))


def given(links: Links | None, action: Action, message: Message, turn: int = 0) -> Given:
    """The links that a message names, and for marketing by e-mail that of one click. Raises NoLinks, TemplateFault.

    Another `turn` gives other short codes.
    """
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
    codes: Mapping[str, str] = {}
    if SCAN_URL in named:
        if message.head.scan is None:
            raise NoLinks(f"message {message.name} names {SCAN_URL}; write in its message.yaml where it leads, as scan")
        variables[SCAN_URL], codes = links.scan(action, message.head.scan, turn)
    return Given(variables, purposes[UNSUBSCRIBE] if one_click else "", codes)
