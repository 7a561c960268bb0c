"""Chat: what is said in a conversation goes to the chat front end, as a signed webhook that it may get twice.

The recipient is what the front end calls its session: it came with the person's own words, as `from`.
"""

from collections.abc import Callable

from channels.channel import Away, Declined, Outgoing, Permanent, Sent
from channels.http import Http
from channels.webhook import Endpoint, call, event_body

ENDPOINT = "chat"
"""The endpoint of the file of webhooks that the front end listens at."""
SAID = "chat.said"
"""The type of the event that it gets."""
LONGEST_RECIPIENT = 512
_NO_SESSION = "chat_404"


class Chat:
    """The chat channel. `now` gives seconds since the epoch."""

    name = "chat"
    at_most_once = False

    def __init__(self, endpoint: Endpoint, *, now: Callable[[], float], connections: int = 16) -> None:
        self._endpoint = endpoint
        self._now = now
        self._http = Http(connections)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Calls the front end; it drops an id that it had. A text without words is never sent."""
        recipient, text = outgoing.recipient, outgoing.rendered.text.strip()
        if not recipient or len(recipient) > LONGEST_RECIPIENT or not recipient.isprintable():
            raise Permanent("chat_no_session")
        if not text:
            raise Permanent("chat_empty")
        now = int(self._now())
        body = event_body(SAID, now, {"to": recipient, "text": text, "action_id": outgoing.action_id})
        try:
            return await call(self._http, self._endpoint, outgoing.action_id, now, body, self.name)
        except Away as fault:
            if fault.code != _NO_SESSION:
                raise
            # It may mean this session alone, which must not keep the words of all others back.
            raise Declined(fault.code, fault.retry_after) from fault

    async def close(self) -> None:
        await self._http.close()
