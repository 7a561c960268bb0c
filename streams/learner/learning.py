"""The learner as a value machine: records in, models out; what was counted once is never counted again."""

from collections.abc import Callable, Mapping

import msgspec

from engine.decision import Trace
from engine.models import OfferModel, SplitModel, rate_key
from streams.learner.logistic import Trainer
from streams.learner.outcomes import Outcomes, Rule, Settled
from streams.learner.reading import MARGIN_MS
from streams.learner.records import LEARNER, LOGISTIC, OFFER, SPLIT, Learned, Progress, encoded, read
from streams.touchpoints.decoder import Decoder
from streams.touchpoints.record import Record, Rejected

_WANTED = (b'"sent"', b'"goal"', b'"voided"', b'"exposed"', b'"held_out"')
REFUSED = "action.refused"
_trace = msgspec.json.Decoder(Trace)


class Learning:
    """What is known of offers, and what is still open. `rules` gives the rule of an offer; `published` what lies on
    `context.models`, by key, to go on from.
    """

    def __init__(
        self, rules: Callable[[str], Rule], published: Mapping[str, bytes] = {}, trainer: Trainer | None = None
    ) -> None:
        self.progress: Progress = Progress()
        self.unreadable = 0
        self.settled = 0
        self._rates: dict[str, dict[str, tuple[float, float]]] = {}
        self._over: dict[str, int] = {}
        self._changed: set[str] = set()
        self._trainer = trainer
        self._version = 0
        self._decoders: dict[str, Decoder] = {}
        self._latest = 0
        self.outcomes = Outcomes(rules, self._over_of)
        for key, value in published.items():
            self._restore(key, value)
        self._since = self.progress.horizon - MARGIN_MS

    @property
    def version(self) -> int:
        """Of what was published last."""
        return self._version

    def take_decision(self, record: Record) -> Trace | None:
        """Takes a record of `decisions`; gives the trace where it tells of anything that is learned from.

        One from before what is still needed counts for splits alone.
        """
        value = record.value or b""
        if not any(each in value for each in _WANTED):
            return None
        try:
            found = _trace.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.unreadable += 1
            return None
        self._latest = max(self._latest, found.at)
        if record.timestamp >= self._since:
            self.outcomes.decided(found, record.timestamp)
        return found

    def take_touchpoint(self, record: Record) -> None:
        """Takes a record of a touchpoint topic; what is no receipt costs a look at its bytes."""
        if b"action_id" not in (record.value or b""):
            return
        found = self._decoder(record.topic).decode(record)
        if isinstance(found, Rejected):
            self.unreadable += 1
            return
        action = found.properties.get("action_id")
        if isinstance(action, str) and (found.type.startswith("message.") or found.type == REFUSED):
            self._latest = max(self._latest, found.occurred_at)
            self.outcomes.told(found.type, action, found.occurred_at, record.timestamp)

    def latest(self) -> int:
        """The greatest instant (ms) that a record told, which is the clock of a replay."""
        return self._latest

    def settle(self, now: int) -> int:
        """Counts all outcomes whose time is over at `now` (ms), which never goes back; gives how many they are."""
        if now <= self.progress.at:
            return 0
        found = list(self.outcomes.settle(now))
        for each in found:
            self._count(each)
        if found and self._trainer is not None:
            self._trainer.learn(found)
        self.settled += len(found)
        self.progress = Progress(self._version, now, self.progress.horizon)
        return len(found)

    def publish(self, stamp: int, others: Mapping[str, SplitModel] = {}) -> list[tuple[str, bytes]]:
        """The records of what changed since the last time, in their order; `stamp` is the append time read up to (ms).

        `others` are models of splits of the same round. Empty where nothing changed. The progress is the last: what is
        read again after a crash before it is known to be counted by the `at` of the model itself.
        """
        told = [(SPLIT + name, encoded(model)) for name, model in sorted(others.items())]
        if not self._changed:
            return [*told, self.told(stamp)] if told else []
        self._version += 1
        version, at = self._version, self.progress.at
        found = [(OFFER + name, encoded(OfferModel(version, at, self._rates[name]))) for name in sorted(self._changed)]
        if self._trainer is not None and self._trainer.seen:
            found.append((LOGISTIC, encoded(self._trainer.published(version, at))))
        self._changed.clear()
        return [*found, *told, self.told(stamp)]

    def told(self, stamp: int) -> tuple[str, bytes]:
        """The record of how far this is."""
        self.outcomes.forget(stamp)
        self.progress = Progress(self._version, self.progress.at, self.outcomes.horizon(stamp))
        return LEARNER, encoded(self.progress)

    def _decoder(self, topic: str) -> Decoder:
        if topic not in self._decoders:
            self._decoders[topic] = Decoder(topic, topic.rpartition("touchpoints.")[2], lambda: self._latest)
        return self._decoders[topic]

    def _count(self, settled: Settled) -> None:
        shown, won = settled.shown, settled.won
        rates = self._rates.setdefault(shown.offer, {})
        keys = {rate_key(), rate_key("", shown.channel), rate_key(shown.segment, shown.channel)}
        for key in keys:
            wins, losses = rates.get(key, (0.0, 0.0))
            rates[key] = (wins + won, losses + (not won))
        self._changed.add(shown.offer)

    def _over_of(self, offer: str) -> int:
        return max(self._over.get(offer, 0), self.progress.at)

    def _restore(self, key: str, value: bytes) -> None:
        """One that cannot be read is learned anew, from what is read from now on."""
        try:
            if key.startswith(OFFER):
                model = read(OfferModel, value)
                self._rates[key.removeprefix(OFFER)] = dict(model.rates)
                self._over[key.removeprefix(OFFER)] = model.at
                self._version = max(self._version, model.version)
            elif key == LOGISTIC and self._trainer is not None:
                learned = read(Learned, value)
                self._trainer = Trainer(learned)
                self._version = max(self._version, learned.version)
            elif key == LEARNER:
                self.progress = read(Progress, value)
                self._version = max(self._version, self.progress.version)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.unreadable += 1
