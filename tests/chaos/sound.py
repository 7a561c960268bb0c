"""Evidence of a run in which nothing went wrong, made without any process, for the tests of the oracle to spoil."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from chaos.evidence import INPUTS, OTHERS, Evidence
from chaos.shop import catalog
from chaos.story import EAGER, LAZY, Story, Touch

from engine.customer import Customer, next_due
from engine.decide import decide, new_customer
from engine.decision import Action
from engine.event import Event, EventArrived, Input, TimerFired
from state.changelog import marker_key
from state.codec import encode
from state.ledger import Entry, Status
from state.record import Record
from streams.dispatch.receipts import receipt_of
from streams.settings import Settings
from streams.touchpoints.decoder import Decoder, Rejected, dead_letter, home

STEP_MS = 40
START = 1_790_000_000_000
SETTINGS = Settings(prefix="sound", partitions=4, channels="web,app,email")

_json = msgspec.json.Encoder().encode


class Row(NamedTuple):
    """A record as a broker would give it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp_type: int = 1


class Sound:
    """A house without processes: each touch is applied at once, and what is decided leaves at once."""

    def __init__(self) -> None:
        self.rows: defaultdict[str, list[Row]] = defaultdict(list)
        self.mails: list[str] = []
        self._catalog = catalog()
        self._customers: dict[str, Customer] = {}
        self._now = START

    def play(self, touches: Sequence[Touch]) -> None:
        """Applies the touches, and what they lead to."""
        for touch in touches:
            self._now += STEP_MS
            self._take(touch.topic, touch.partition, touch.out.key, touch.out.value)

    def evidence(self) -> Evidence:
        """All that is there once every timer has fired, each topic partition by partition."""
        self._now += 5_000
        for name in list(self._customers):
            self._fire(name)
        for number in range(SETTINGS.partitions):
            self._append("state", number, marker_key(str(number)), b"")
        for name, customer in self._customers.items():
            record = encode(Record(customer), 0)
            self._append("state", home(name, SETTINGS.partitions), name.encode(), record)
        names = [*INPUTS, *OTHERS, *(f"{name}.dead" for name in INPUTS)]
        rows = {name: sorted(self.rows[name], key=lambda row: (row.partition, row.offset)) for name in names}
        return Evidence(SETTINGS.partitions, rows, self.mails)

    def _take(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        row = self._append(topic, partition, key, value)
        given = Decoder(row.topic, topic.rpartition(".")[2], lambda: self._now).decode(row)
        if isinstance(given, Rejected):
            out = dead_letter(row, given.code, given.reason)
            self._append(f"{topic}.dead", partition, out.key, out.value, out.headers)
            return
        self._arrive(given)

    def _arrive(self, event: Event) -> None:
        if event.customer not in self._customers:
            self._customers[event.customer] = new_customer(event.customer, self._now)
        self._fire(event.customer)
        self._decide(event.customer, EventArrived(event, self._now))

    def _fire(self, name: str) -> None:
        while (due := next_due(self._customers[name])) and due <= self._now:
            self._decide(name, TimerFired(due))

    def _decide(self, name: str, given: Input) -> None:
        decision = decide(self._catalog, self._customers[name], given, trace_all=True)
        self._customers[name] = decision.customer
        partition = home(name, SETTINGS.partitions)
        if decision.trace is not None:
            self._append("decisions", partition, name.encode(), _json(decision.trace))
        for output in decision.outputs:
            self._append("actions", partition, name.encode(), _json(output))
            if isinstance(output, Action):
                self._send(output, partition)

    def _send(self, action: Action, partition: int) -> None:
        entry = Entry(action.id, Status.SENT, self._now, class_=action.class_)
        self._append("dispatches", partition, action.id.encode(), _json(entry))
        self.mails.append(action.id)
        receipt = receipt_of(action, entry, SETTINGS)
        self._take("touchpoints.email", receipt.partition, receipt.out.key, receipt.out.value)

    def _append(
        self,
        name: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> Row:
        offset = sum(row.partition == partition for row in self.rows[name])
        row = Row(SETTINGS.topic(name), partition, offset, self._now, key, value, headers)
        self.rows[name].append(row)
        return row


def sound_evidence(seed: int = 1, touches: int = 150) -> Evidence:
    """A short story of both mixes, with forwards, repeats and bad records, in which nothing goes wrong."""
    story, house = Story(seed, 6, SETTINGS.partitions), Sound()
    house.play(story.introduction())
    house.play([story.next(EAGER if number % 2 else LAZY) for number in range(touches)])
    return house.evidence()
