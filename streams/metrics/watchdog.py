"""The watchdog: whether this process should end itself because it stands still with work before it."""


class Watchdog:
    """Told of progress, lag, the broker and faults; gives a verdict. Instants are ms, and all come from the caller.

    Time counts as standing still only while records wait and the broker answers. Nothing waiting, progress, and a
    broker that comes back each start the patience anew, since clients need a moment to connect again.
    """

    def __init__(self, patience_ms: int, started_at: int) -> None:
        self._patience_ms = patience_ms
        self._waiting = 0
        self._broker_answers = True
        self._still_since = started_at
        self._fault: str | None = None

    def progressed(self, at: int) -> None:
        """Something was applied, published or proven at `at`."""
        self._still_since = max(self._still_since, at)

    def lagging(self, records: int, at: int) -> None:
        """`records` wait to be applied, seen at `at`; 0 when all are."""
        if not records or not self._waiting:
            self.progressed(at)
        self._waiting = records

    def broker(self, answers: bool, at: int) -> None:
        """Whether the broker answered a request at `at`."""
        if answers and not self._broker_answers:
            self.progressed(at)
        self._broker_answers = answers

    def fault(self, reason: str) -> None:
        """Something that the process cannot go on after. The first reason stays."""
        self._fault = self._fault or reason

    def verdict(self, now: int) -> str | None:
        """Why the process should end at `now`, in a sentence for its log, or None while it may go on."""
        if self._fault:
            return self._fault
        still_ms = now - self._still_since
        if not self._waiting or not self._broker_answers or still_ms < self._patience_ms:
            return None
        return (
            f"no progress for {still_ms // 1000} s while {self._waiting} records wait and the broker answers; "
            "the process ends so that another takes over"
        )
