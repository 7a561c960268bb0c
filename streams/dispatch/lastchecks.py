"""The last checks before an action is reserved: age, void, quiet hours, channel, recipient, and whether it renders."""

import asyncio
import logging
from collections.abc import Callable, Container, Sequence

from engine.decision import Action
from engine.policy.quiet import quiet_until
from journeys.messages.model import Message
from journeys.messages.render import render
from journeys.messages.template import TemplateFault
from state.ledger import Status
from streams.dispatch.errand import MAX_AGE_MS, PAUSE_SECONDS, Errand, Patience
from streams.dispatch.linking import shelved
from streams.links.links import NO_LINKS, Given, Links, NoLinks, given

log = logging.getLogger(__name__)


class LastChecks:
    """What is known without the ledger. `by_event` takes the instant of the decision for now (replays);
    `links` makes those that a message names, None where no setting says how."""

    def __init__(
        self,
        channels: Container[str],
        message_of: Callable[[str], Message | None],
        clock: Callable[[], int],
        patience: Patience,
        *,
        by_event: bool,
        links: Links | None = None,
    ) -> None:
        self._channels = channels
        self._message_of = message_of
        self._clock = clock
        self._patience = patience
        self._by_event = by_event
        self._links = links

    def ready(self, errand: Errand) -> bool:
        """Renders the message, or sets the verdict that it shall not leave; false while the message is awaited."""
        action = errand.action
        errand.verdict = self._last_check(errand)
        if errand.verdict or errand.rendered:
            return True
        message = self._message_of(action.message_hash)
        if message is None:
            return self._await_message(errand)
        try:
            links = given(self._links, action, message, errand.turn)
            values = {**action.variables, **links.variables}
            errand.rendered = render(message, action.channel, values, action.language, action.journey)
            errand.unsubscribe = links.one_click
            self._track(errand, message, links)
            errand.verdict = self._closed(errand)
        except NoLinks as fault:
            log.warning("%s", fault, extra=errand.about(NO_LINKS))
            errand.verdict = Status.FAILED, NO_LINKS
        except TemplateFault as fault:
            log.warning("message %s cannot be rendered (%s)", action.message, fault, extra=errand.about("template"))
            errand.verdict = Status.FAILED, "template"
        return True

    def over(self, errand: Errand) -> bool:
        """Whether it shall not leave, by what is known without rendering it."""
        return self._last_check(errand) is not None

    async def kept(self, errands: Sequence[Errand]) -> Sequence[Errand]:
        """Those of ready errands whose links lead somewhere already; the others were put off."""
        return errands if self._links is None else await shelved(self._links, errands, self._patience)

    def _track(self, errand: Errand, message: Message, links: Given) -> None:
        if self._links is None or errand.rendered is None:
            return
        found = self._links.tracked(errand.action, message, errand.rendered, errand.turn)
        errand.rendered, errand.codes = found.rendered, {**links.codes, **found.codes}
        errand.reference = self._links.reference(errand.action)

    def _await_message(self, errand: Errand) -> bool:
        now = asyncio.get_running_loop().time()
        errand.first_tried_at = errand.first_tried_at or now
        if now - errand.first_tried_at >= self._patience.message_seconds:
            errand.verdict = Status.FAILED, "unknown_message"
            return True
        errand.put_off(PAUSE_SECONDS)
        return False

    def _last_check(self, errand: Errand) -> tuple[Status, str] | None:
        action, now = errand.action, self._clock()
        if now - errand.queued_at > MAX_AGE_MS:
            return Status.REFUSED, "age"
        if action.void_at and (action.decided_at if self._by_event else now) >= action.void_at:
            return Status.REFUSED, "void"
        if _quiet(action, action.decided_at if self._by_event else now):
            return Status.REFUSED, "quiet_hours"
        if action.channel not in self._channels:
            return Status.FAILED, "unknown_channel"
        return self._closed(errand) if action.recipient else (Status.FAILED, "no_recipient")

    def _closed(self, errand: Errand) -> tuple[Status, str] | None:
        """The time may be over by now in which what it states is true, or the person in conversation on WhatsApp."""
        rendered = errand.rendered
        if rendered is None:
            return None
        now = errand.action.decided_at if self._by_event else self._clock()
        if 0 < rendered.true_until <= now:
            return Status.REFUSED, "facts_expired"
        return (Status.REFUSED, "outside_window") if rendered.until is not None and now >= rendered.until else None


def _quiet(action: Action, at: int) -> bool:
    """Whether the quiet hours that the action was decided under, or others of another day, have begun meanwhile."""
    if action.quiet is None and not action.quiet_holidays:
        return False
    return bool(quiet_until(at, action.quiet, action.quiet_holidays, action.timezone))
