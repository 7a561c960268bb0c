"""From blobs to what runs: journeys, segments and messages, each built once and kept."""

from collections.abc import Mapping

import msgspec

from engine.compile import compile_journey, compile_offers, compile_segment
from engine.hours import compile_hours
from engine.program import CompiledJourney, MessageSpec, OfferCatalog, SegmentRule
from journeys.faq import Answers
from journeys.load import load_faq, load_journey, load_offers, load_segment
from journeys.messages.model import Message
from journeys.messages.render import channels_of, recipient_of, variables_of
from journeys.messages.spoken import Spoken
from journeys.model import Hours, Journey
from streams.definitions.shelf import JourneyBlob, MissingBlob, OffersBlob, SegmentBlob, ShelfFault


class Builder:
    """Builds from `blobs` (by digest), which may grow meanwhile. Raises ShelfFault for what cannot be built."""

    def __init__(self, blobs: Mapping[str, bytes]) -> None:
        self._blobs = blobs
        self._messages: dict[str, Message] = {}
        self._journeys: dict[tuple[str, str], CompiledJourney] = {}
        self._segments: dict[str, SegmentRule] = {}
        self._offers: dict[str, OfferCatalog] = {}

    def journey(self, name: str, version: str) -> CompiledJourney:
        """One version of one journey, compiled."""
        found = self._journeys.get((name, version))
        if found is None:
            found = self._journeys[name, version] = self._compile(name, version)
        return found

    def model(self, name: str, version: str) -> Journey:
        """One version of one journey as it was written, its ids filled in."""
        return _model(name, version, self._journey_blob(name, version))

    def segment(self, name: str, version: str) -> SegmentRule:
        """One version of one segment, compiled."""
        found = self._segments.get(version)
        if found is None:
            found = self._segments[version] = self._compile_segment(name, version)
        return found

    def offers(self, name: str, version: str) -> OfferCatalog:
        """One version of one catalog of offers, compiled."""
        found = self._offers.get(version)
        if found is None:
            found = self._offers[version] = self._compile_offers(name, version)
        return found

    def message(self, name: str) -> Message:
        """The message of a digest."""
        found = self._messages.get(name)
        if found is None:
            found = self._messages[name] = self._read_message(name)
        return found

    def _blob(self, name: str) -> bytes:
        found = self._blobs.get(name)
        if found is None:
            raise MissingBlob(f"blob {name} is named and not on the topic")
        return found

    def _read_message(self, name: str) -> Message:
        try:
            return Message.from_dict(msgspec.json.decode(self._blob(name)))
        except (KeyError, TypeError, ValueError) as fault:
            raise ShelfFault(f"blob {name} is no message that can be read here: {fault}", name) from fault

    def _journey_blob(self, name: str, version: str) -> JourneyBlob:
        try:
            return msgspec.json.decode(self._blob(version), type=JourneyBlob)
        except msgspec.MsgspecError as fault:
            raise ShelfFault(
                f"journey {name}: blob {version} is no journey that can be read here: {fault}", version
            ) from fault

    def _compile(self, name: str, version: str) -> CompiledJourney:
        blob = self._journey_blob(name, version)
        model = _model(name, version, blob)
        specs = {message: self._spec(hash_) for message, hash_ in blob.messages.items()}
        try:
            hours = {key: compile_hours(Hours.model_validate(each), blob.zone) for key, each in blob.hours.items()}
            faqs = {key: _answers(key, text, blob.spoken.get(key)) for key, text in blob.faqs.items()}
            return compile_journey(model, version, specs, blob.zone, hours, blob.costs, faqs)
        except Exception as fault:
            # Whatever a compiler of today says of a text of another day, the worker goes on with what it has.
            raise ShelfFault(f"journey {name}: version {version} cannot be compiled: {fault}", version) from fault

    def _compile_segment(self, name: str, version: str) -> SegmentRule:
        try:
            blob = msgspec.json.decode(self._blob(version), type=SegmentBlob)
            model, problems = load_segment(f"segments/{name}.yaml", blob.text)
            if model is None:
                raise ValueError("; ".join(map(str, problems[:3])))
            return compile_segment(model, version)
        except Exception as fault:
            # As for a journey.
            raise ShelfFault(f"segment {name}: version {version} cannot be used: {fault}", version) from fault

    def _compile_offers(self, name: str, version: str) -> OfferCatalog:
        try:
            blob = msgspec.json.decode(self._blob(version), type=OffersBlob)
            model, problems = load_offers(f"offers/{name}.yaml", blob.text)
            if model is None:
                raise ValueError("; ".join(map(str, problems[:3])))
            specs = {message: self._spec(hash_) for message, hash_ in blob.messages.items()}
            return compile_offers(model, version, specs)
        except MissingBlob:
            raise
        except Exception as fault:
            # As for a journey.
            raise ShelfFault(f"catalog of offers {name}: version {version} cannot be used: {fault}", version) from fault

    def _spec(self, hash_: str) -> MessageSpec:
        message = self.message(hash_)
        try:
            channels = channels_of(message)
            variables = {channel: tuple(sorted(variables_of(message, channel))) for channel in channels}
            recipients = {channel: to for channel in channels if (to := recipient_of(message, channel))}
        except Exception as fault:
            raise ShelfFault(f"message {message.name}: blob {hash_} cannot be compiled: {fault}", hash_) from fault
        return MessageSpec(
            message.name,
            hash_,
            message.head.class_,
            variables,
            recipients,
            tuple(message.head.categories),
            message.languages,
            message,
            message.since,
            message.until,
        )


def _answers(name: str, text: str, spoken: Spoken | None) -> Answers:
    faq, problems = load_faq(f"faq/{name}.yaml", text)
    if faq is None:
        raise ValueError("; ".join(map(str, problems[:3])))
    return Answers(faq, spoken)


def _model(name: str, version: str, blob: JourneyBlob) -> Journey:
    model, _, problems = load_journey(f"journeys/{name}.yaml", blob.text)
    if model is None or problems:
        found = "; ".join(map(str, problems[:3]))
        raise ShelfFault(f"journey {name}: version {version} cannot be read by this program: {found}", version)
    if not name == model.journey == blob.journey:
        raise ShelfFault(f"journey {name}: blob {version} holds journey {model.journey}", version)
    return model
