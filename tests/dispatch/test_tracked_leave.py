"""Through the dispatcher: what a provider repeats, and short links that lead somewhere before they leave."""

from collections.abc import Mapping, Sequence
from typing import Any

from dispatching import Office, action

from journeys.messages.model import Message
from journeys.model import MessageHead
from streams.links.links import Links
from streams.links.shelf import MemoryShelf, Reached, ShelfAway
from streams.links.tokens import REFERENCE, SCAN, Keys, Reference, Target

KEYS = Keys({"2026": "k" * 32})
URL = "https://m.shop.example"
SHOP = "https://shop.example/tea?a=1&b=2"
PLAIN = Message("tea", MessageHead(), {"email.txt": "Hi"})
NAMED = Message("tea", MessageHead(), {"email.txt": "{{ scan_url }}"})


class AwayFor(MemoryShelf):
    """Away for so many calls."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    async def keep(self, codes: Mapping[str, str], reached: Sequence[Reached]) -> set[str]:
        self.calls -= 1
        if self.calls >= 0:
            raise ShelfAway("refused by the test")
        return await super().keep(codes, reached)


async def sent(office: Office, wanted: Message, channel: str = "email", **changed: Any) -> tuple[Office, MemoryShelf]:
    shelf = changed.pop("shelf", None) or MemoryShelf()
    links = Links(URL, KEYS, shelf)
    other = await office.another(messages={wanted.content_hash: wanted}, links=links).open()
    await other.take(action(message="tea", message_hash=wanted.content_hash, channel=channel, **changed))
    return other, shelf


async def test_what_a_provider_repeats_says_whose_message_it_is(office: Office) -> None:
    office, _ = await sent(office, PLAIN)
    assert KEYS.read(REFERENCE, office.hatch.sent[0].reference, Reference) == ("ann", "a1", "tea", "email", 1000)


async def test_short_codes_are_kept_before_a_message_leaves(office: Office) -> None:
    wanted = Message("tea", MessageHead(scan=SHOP), {"email.txt": "Scan {{ scan_url }}"})
    office, shelf = await sent(office, wanted)
    ((code, token),) = shelf.codes.items()
    assert office.hatch.sent[0].rendered.text == f"Scan {URL}/q/{code}"
    assert KEYS.read(SCAN, token, Target) == ("ann", "a1", "tea", "email", 1000, SHOP)


async def test_a_code_that_stands_for_something_else_is_not_given_twice(office: Office) -> None:
    wanted = Message("tea", MessageHead(scan=SHOP), {"email.txt": "{{ scan_url }}"})
    shelf = MemoryShelf()
    (first,) = Links(URL, KEYS).scan(action(message="tea"), SHOP, 0)[1]
    shelf.codes[first] = "another"
    office, _ = await sent(office, wanted, shelf=shelf)
    assert shelf.codes[first] == "another" and len(shelf.codes) == 2
    assert first not in office.hatch.sent[0].rendered.text


async def test_while_redis_is_away_a_message_with_short_links_waits_and_a_critical_one_does_not(office: Office) -> None:
    wanted = Message("tea", MessageHead(scan=SHOP), {"email.txt": "{{ scan_url }}"})
    shelf = AwayFor(2)
    office, _ = await sent(office, wanted, shelf=shelf)
    assert len(office.hatch.sent) == 1 and len(shelf.codes) == 1
    shelf = AwayFor(1 << 20)
    office, _ = await sent(office, wanted, shelf=shelf, id_="a2", class_="critical")
    assert [each.action_id for each in office.hatch.sent][-1] == "a2"


async def test_a_message_that_names_a_scan_and_says_no_place_does_not_leave(office: Office) -> None:
    office, _ = await sent(office, NAMED)
    assert office.receipts() == [("message.failed", "a1", "no_links")]
