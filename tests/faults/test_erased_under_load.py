"""People are erased under load while worker and dispatcher are killed: after the proof nothing leaves for them."""

import asyncio
import json
import time
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import pytest
from breakable import SESSION_SECONDS, House, event, people
from definition_files import HEAD, files
from waiting import until

from journeys.load import load_project
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from state.ledger import SETTLED
from streams.definitions.deploy import deploy
from streams.links.shelf import RedisShelf
from streams.operations.erasure import Proof, erase
from streams.settings import Settings

WAITS = ("1s", "1s", "10s")
"""Before each of three messages; the last timer is set while people are erased, and falls due after it."""
JOURNEY = "journey: nag\ntopic: offers\nttl: 9d\nenter:\n  on: account.created\nsteps:\n" + "".join(
    f"  - wait: {wait}\n    id: w{n}\n  - send: hello\n    channel: email\n    id: s{n}\n"
    for n, wait in enumerate(WAITS)
)
SCANNED = {
    "messages/hello/message.yaml": f"{HEAD}scan: https://shop.example\n",
    "messages/hello/email.txt": "Scan {{ scan_url }}",
}
PEOPLE = people(30)
ERASED = PEOPLE[::3]


@pytest.mark.slow
async def test_nothing_leaves_for_an_erased_person_after_the_proof(
    kafka: str, redis_url: str, mailbox: Mailbox, prefix: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"2026": "k" * 32}))
    keys.chmod(0o400)
    settings = Settings(
        kafka=kafka, redis=redis_url, smtp=mailbox.url, prefix=prefix, data=tmp_path,
        partitions=2, channels="web,email", start="earliest", session_seconds=SESSION_SECONDS,
        links_url="https://m.example", links_keys=str(keys),
    )  # fmt: skip
    house = House(KafkaServer(tmp_path / "none"), RedisServer(tmp_path / "none"), mailbox, settings)
    await house.prepare()
    await deploy(settings, load_project({**files(nag=JOURNEY), **SCANNED}), time.time_ns() // 1_000_000, "test")
    house.start()
    try:
        await house.introduce([*PEOPLE, "first"])
        await house.publish([event("first", "account.created")])
        await until(lambda: _got(house)["first"], 60)
        await house.publish([event(name, "account.created") for name in PEOPLE])
        at_proof: dict[str, int] = {}
        proofs = [asyncio.create_task(_erase(house, name, at_proof)) for name in ERASED]
        # Some of the erasures are taken, and some of what they stop is in hand.
        await until(lambda: _taken(house), 30)
        for process in (house.dispatcher, house.worker):
            process.kill()
            process.start()
        found = await asyncio.gather(*proofs)
        assert [(each.customer, each.checks) for each in found if not each.complete] == []
        assert sum(at_proof.values()) < len(WAITS) * len(ERASED), "the erasures came too late to stop anything"
        await until(lambda: _all_settled(house), 60)
        assert {name: _got(house)[name] for name in ERASED} == at_proof
        codes = {_code(message) for message in mailbox.messages}
        assert codes and await _known(settings, codes) == codes
    finally:
        house.end()


async def _erase(house: House, name: str, at_proof: dict[str, int]) -> Proof:
    """Erases one; what came to them by the moment of the proof is in `at_proof`."""
    proof = await erase(house.settings, name, seconds=90)
    at_proof[name] = _got(house)[name]
    return proof


def _code(message: EmailMessage) -> str:
    """The short code of a mail, which the running dispatcher put there."""
    return message.get_content().strip().removeprefix("Scan https://m.example/q/")


async def _known(settings: Settings, codes: set[str]) -> set[str]:
    """Those that lead somewhere, by the shelf that `sillage serve` reads."""
    shelf = RedisShelf(settings.redis, settings.prefix)
    found = {code for code in codes if await shelf.code(code)}
    await shelf.close()
    return found


async def _taken(house: House) -> bool:
    return any(one["kind"] == "erase" for one in await house.values("actions"))


async def _all_settled(house: House) -> bool:
    """Whether the last message to each of the others was decided, and it is known what became of every one."""
    sends = {one["id"]: one for one in await house.values("actions") if one["kind"] == "send"}
    last = {one["customer"] for one in sends.values() if one["step"] == f"s{len(WAITS) - 1}"}
    settled = {one["key"] for one in await house.values("dispatches") if one["status"] in SETTLED}
    return last >= set(PEOPLE) - set(ERASED) and settled >= set(sends)


def _got(house: House) -> Counter[str]:
    """How many mails each person got."""
    return Counter(mail.recipients[0].split("@")[0] for mail in list(house.mailbox.mails))
