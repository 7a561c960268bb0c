"""What `sillage serve` tells Prometheus: requests by route, calls of providers, and what people and machines follow."""

from streams.metrics.families import Families

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Serving:
    """Counts of one process; called from one thread."""

    def __init__(self, families: Families) -> None:
        self._requests = families.counter(
            "serve_requests", "Requests answered, by route and status.", "route", "status"
        )
        self._seconds = families.histogram("serve_seconds", "From a request to its answer.", ("route",), LATENCY)
        self._refused = families.counter(
            "inbound_refused",
            "Calls of providers refused, by code: not signed, wrongly signed, stale, replayed as another, too many.",
            "provider",
            "code",
        )
        self._told = families.counter("inbound_events", "What providers told, by type.", "provider", "type")
        self._unknown = families.counter(
            "inbound_unknown", "What providers told of messages and people that nobody knows.", "provider"
        )
        self._followed = families.counter(
            "followed", "Links followed, mails opened and codes scanned, by people or a machine.", "what", "by"
        )
        self._lost = families.counter(
            "followed_lost", "Those of which Kafka did not say in time that it has them.", "what"
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request."""
        self._requests.at(route, str(status)).inc()
        self._seconds.at(route).observe_all([seconds])

    def refused(self, provider: str, code: str) -> None:
        """A call that is not taken."""
        self._refused.at(provider, code).inc()

    def told(self, provider: str, type_: str) -> None:
        """One thing that a provider told."""
        self._told.at(provider, type_).inc()

    def unknown(self, provider: str, count: int) -> None:
        """Of so many nobody knows whom they are about."""
        self._unknown.at(provider).inc(count)

    def followed(self, what: str, machine: str) -> None:
        """`clicked`, `opened` or `scanned`; `machine` is why it was none of a person, empty for one."""
        self._followed.at(what, machine or "person").inc()

    def lost(self, what: str) -> None:
        """Kafka did not answer in time."""
        self._lost.at(what).inc()
