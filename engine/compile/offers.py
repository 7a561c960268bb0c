"""A catalog of offers becomes rules: the conditions of each offer in their stages, and the messages that make it."""

from collections.abc import Iterator, Mapping

from engine.compile.asks import variants_of
from engine.compile.errors import DefinitionError
from engine.program import MessageSpec
from engine.program.offers import OfferCatalog, OfferRule, OutcomeRule, lever
from journeys.conditions import Compiled, compile_condition, compile_expression
from journeys.conditions.needed import together_wanted
from journeys.model import Offers
from journeys.model.offers import Outcome


def compile_offers(model: Offers, version: str, messages: Mapping[str, MessageSpec]) -> OfferCatalog:
    """The catalog ready to be asked. Raises DefinitionError, or ConditionError for one that does not compile."""
    offers = tuple(_offer(model, name, messages) for name in sorted(model.offers))
    needs = [condition.needs for offer in offers for condition in _conditions(offer)]
    wanted = together_wanted([pair for each in needs for pair in each.counts.items()])
    return OfferCatalog.of(model.catalog, version, offers, tuple(model.segments), wanted)


def _offer(model: Offers, name: str, messages: Mapping[str, MessageSpec]) -> OfferRule:
    catalog, offer = model.catalog, model.offers[name]
    about = f"catalog of offers {catalog}, offer {name}"
    message = messages.get(offer.message)
    if message is None:
        raise DefinitionError(f"{about}: message {offer.message} is unknown; write messages/{offer.message}/")
    if message.class_ != "marketing":
        raise DefinitionError(f"{about}: message {message.name} is of class {message.class_}; offer one of marketing")
    variants = variants_of(message, offer.channel, offer.channels)
    if not variants:
        has = ", ".join(sorted(message.variables)) or "none"
        raise DefinitionError(f"{about}: its channels are not those of message {message.name}, which has {has}")
    written = {"eligible": offer.eligible, "applicable": offer.applicable, "suitable": offer.suitable}
    all_ = [one for each in written.values() if each is not None for one in ([each] if isinstance(each, str) else each)]
    return OfferRule(
        id=name,
        name=f"{catalog}/{name}",
        message=message,
        variants=variants,
        topic=offer.topic or "",
        value=float(offer.value),
        lever=lever(offer.priority),
        stages=tuple((code, compile_condition(each)) for code, each in written.items() if each is not None),
        context=None if offer.context is None else compile_expression(offer.context),
        again=offer.again,
        outcome=_outcome(offer.outcome or model.outcome),
        fits=compile_condition(all_).holds if all_ else None,
    )


def _outcome(written: Outcome | None) -> OutcomeRule | None:
    if written is None:
        return None
    return OutcomeRule(tuple(each if each == "goal" else f"message.{each}" for each in written.by), written.within)


def _conditions(offer: OfferRule) -> Iterator[Compiled]:
    yield from (condition for _, condition in offer.stages)
    if offer.context is not None:
        yield offer.context
