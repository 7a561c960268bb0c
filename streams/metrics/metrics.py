"""What a process tells Prometheus: every metric declared once, counted per batch, on a registry of ours."""

import time
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry

from streams.metrics.families import Families
from streams.metrics.serving import Serving

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
RECOVERY = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)


class Metrics:
    """The metrics of one process, on `registry`. Counts are of a batch, seconds are floats, partitions are numbers.

    Methods are called from one thread; a scrape reads from another.
    """

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.time) -> None:
        self.registry = registry
        self._clock = clock
        families = Families(registry)
        self.declared = families.declared
        self._declare_latencies(families)
        self._declare_inputs(families)
        self._declare_decisions(families)
        self._declare_protocol(families)
        self._declare_dispatch(families)
        self.serving = Serving(families)

    def _declare_latencies(self, families: Families) -> None:
        self._event_to_action = families.histogram(
            "event_to_action_seconds",
            "From the append time of the event that caused an action to the broker's acknowledgement of the action; "
            "actions of timers are not in it.",
            ("journey", "channel"),
            LATENCY,
        )
        self._parts = families.histogram(
            "event_to_action_part_seconds",
            "What event_to_action is made of: fetch (append to decided), proof (decided to durable), publish (durable "
            "to acknowledged).",
            ("part",),
            LATENCY,
        )
        self._timer_lateness = families.histogram(
            "timer_lateness_seconds", "From the instant a timer was due to its firing.", (), LATENCY
        )

    def _declare_inputs(self, families: Families) -> None:
        self._events = families.counter("events", "Touchpoints decoded, by channel.", "channel")
        self._inputs = families.counter("inputs", "Events, ticks and timers applied.")
        self._applying = families.counter("applying_seconds", "Time spent on applying inputs: decoding and deciding.")
        self._duplicates = families.counter("duplicates", "Events dropped because their id was seen before.")
        self._repeated = families.counter(
            "repeated_inputs", "Inputs read again after a crash or a rebalance, and skipped as applied."
        )
        self._forwards = families.counter("forwards", "Events brought to the home partition of their customer.")
        self._clamped = families.counter(
            "clamped_instants", "Events from the future, set back to when they were received."
        )
        self._unnamed = families.counter(
            "unnamed_events", "Events without an id, named by topic, partition and offset."
        )
        self._extra_fields = families.counter("extra_fields", "Unknown fields at the top of events, kept.")
        self._identities = families.counter("linked_identities", "Identities that events linked to a customer.")
        self._dead_letters = families.counter("dead_letters", "Records that could not be processed, by code.", "code")

        self._fanout_customers = families.counter(
            "fanout_customers",
            "Customers whom a fan-out met, by event type; types that no journey takes to everyone are `other`.",
            "type",
        )
        self._fanouts_active = families.gauge("fanouts_active", "Fan-outs that go or wait, each partition for itself.")
        self._runs_skipped = families.counter(
            "schedule_runs_skipped", "Runs of schedules that were missed or overtaken, in each partition."
        )

    def _declare_decisions(self, families: Families) -> None:
        self._decisions = families.counter("decisions", "Decisions taken, for events and timers.")
        self._actions = families.counter("actions", "Actions acknowledged by the broker.", "journey", "channel")
        self._refusals = families.counter("refusals", "Proposals that the policy refused, by code.", "code")
        self._errors = families.counter(
            "errors", "Expressions and definitions that failed in a decision, by code.", "journey", "code"
        )
        self._held = families.counter(
            "held_proposals", "Proposals held while a partition was catching up; one held again counts again."
        )
        self._definitions_release = families.gauge(
            "definitions_release", "The release of the definitions in use; 0 for none."
        )
        self._context = families.gauge("context_records", "Things known of a kind of context.", "kind")
        self._outcomes = families.counter("outcomes_learned", "Offers whose time for an answer was over, counted.")
        self._outcomes_open = families.gauge("open_outcomes", "Offers made whose outcome the learner waits for.")
        self._models_version = families.gauge("models_version", "The version of what the learner published last.")

        self._budget_left = families.gauge(
            "budget_left_ratio",
            "What nobody has drawn yet of a journey's budget in its period of now, of 1; leases that workers hold are "
            "drawn.",
            "journey",
        )
        self._leases = families.counter("budget_leases", "Leases of budgets drawn.")

    def _declare_protocol(self, families: Families) -> None:
        self._lag_records = families.gauge("lag_records", "Records not yet applied.", "topic", "partition")
        self._lag_seconds = families.gauge(
            "lag_seconds", "Age of the oldest record not yet applied; 0 when all are.", "topic", "partition"
        )
        self._epochs = families.counter("epochs", "Partitions taken over.")
        self._fencings = families.counter("fencings", "Epochs ended by another owner's marker.")
        self._heals = families.counter("heals", "Customers written again because a stray record followed theirs.")
        self._recovery = families.histogram(
            "recovery_seconds", "From a marker to the first input of its partition.", (), RECOVERY
        )
        self._recovered = families.counter("recovered_records", "Changelog records read by take-overs.")
        self._outbox = families.gauge(
            "outbox_outputs", "Outputs decided and not yet known to be published.", "partition"
        )
        self._unwritten = families.gauge("unwritten_records", "Records changed and not yet written.", "partition")
        self._publication_age = families.gauge(
            "publication_age_seconds", "Age of the oldest output that is durable and not acknowledged; 0 for none."
        )
        self._timers = families.gauge("pending_timers", "Customers with a timer that is to come.", "partition")
        self._stuck = families.gauge(
            "overdue_timers", "Customers who stand still: a timer of theirs is due and has not fired.", "partition"
        )
        self._overdue = families.gauge(
            "timer_overdue_seconds", "How long the earliest timer has been due and not fired; 0 for none.", "partition"
        )
        self._state = families.gauge("state_records", "Customers and routers in the store, about.", "partition")
        self._recovering = families.gauge(
            "recovering_records", "Changelog records that a take-over still has to read.", "partition"
        )
        self._rebalances = families.counter("rebalances", "Times that the group gave partitions anew.")
        self._commit_age = families.gauge("commit_age_seconds", "Time since positions were last proven.", "partition")

    def _declare_dispatch(self, families: Families) -> None:
        self._dispatches = families.counter(
            "dispatches", "Actions taken by the dispatcher, by outcome.", "channel", "code"
        )
        self._provider = families.histogram(
            "provider_seconds", "From handing a message over to the provider's answer.", ("provider",), LATENCY
        )
        self._to_provider = families.histogram(
            "action_to_provider_seconds",
            "From the append time of an action to the provider's word that it has it.",
            ("journey", "channel"),
            LATENCY,
        )
        self._provider_errors = families.counter(
            "provider_errors", "Hand-overs that did not succeed, by code; tried again or not.", "provider", "code"
        )
        self._conflicts = families.counter(
            "ledger_conflicts", "Answers of the ledger that another process holds the action."
        )
        self._redis_away = families.gauge("redis_away", "1 while Redis does not answer, else 0.")
        self._calls = families.counter("calls", "Calls answered, by outcome: done, or a code.", "service", "outcome")
        self._call_seconds = families.histogram(
            "call_seconds", "From a request to a service to its answer, one value a try.", ("service",), LATENCY
        )
        self._service_away = families.gauge(
            "service_away", "1 while a service fails again and again and is hardly asked, else 0.", "service"
        )
        self._provider_away = families.gauge(
            "provider_away", "1 while a provider fails again and again and is hardly tried, else 0.", "provider"
        )
        self._parked = families.counter(
            "actions_parked", "Actions put on a waiting topic, since their provider had no room.", "provider"
        )
        self._unresolved = families.gauge("unresolved_reserves", "Actions of this process of unknown fate.")

    def action_acknowledged(
        self, journey: str, channel: str, latencies_seconds: Sequence[float], slowest: str = ""
    ) -> None:
        """Latencies of actions of one journey and channel that an event caused (docs/events.md, `event_to_action`).

        `slowest` is the id of the trace behind the greatest, shown as its exemplar.
        """
        cell = self._event_to_action.at(journey, channel)
        cell.observe_all(latencies_seconds)
        if slowest:
            cell.exemplify(max(latencies_seconds), {"trace_id": slowest}, self._clock())

    def action_parts(self, part: str, seconds: Iterable[float]) -> None:
        """One part, `fetch`, `proof` or `publish`, of the latencies of actions that an event caused."""
        self._parts.at(part).observe_all(seconds)

    def applied(self, inputs: int, seconds: float) -> None:
        """Inputs applied, and how long that took."""
        self._inputs.at().inc(inputs)
        self._applying.at().inc(seconds)

    def timers_fired(self, lateness_seconds: Iterable[float]) -> None:
        """From due to fired, one value a timer."""
        self._timer_lateness.at().observe_all(lateness_seconds)

    def events(self, channel: str, count: int) -> None:
        """Touchpoints decoded."""
        self._events.at(channel).inc(count)

    def decisions(self, count: int) -> None:
        """Decisions taken."""
        self._decisions.at().inc(count)

    def actions(self, journey: str, channel: str, count: int) -> None:
        """Actions acknowledged, whatever caused them."""
        self._actions.at(journey, channel).inc(count)

    def refusals(self, code: str, count: int = 1) -> None:
        """Proposals that the policy refused."""
        self._refusals.at(code).inc(count)

    def errors(self, journey: str, code: str, count: int = 1) -> None:
        """Failures of an expression or a definition in decisions."""
        self._errors.at(journey, code).inc(count)

    def fanned_out(self, type_: str, customers: int) -> None:
        """Customers whom a fan-out met."""
        self._fanout_customers.at(type_).inc(customers)

    def fanouts(self, active: int) -> None:
        """Fan-outs of all partitions of this process that go or wait."""
        self._fanouts_active.at().set(active)

    def runs_skipped(self, count: int) -> None:
        """Runs of schedules that never began."""
        self._runs_skipped.at().inc(count)

    def held_proposals(self, count: int) -> None:
        """Proposals held until their partition has caught up."""
        self._held.at().inc(count)

    def duplicates(self, count: int) -> None:
        """Events dropped for a repeated id."""
        self._duplicates.at().inc(count)

    def repeated_inputs(self, count: int) -> None:
        """Inputs skipped since the record says that they were applied."""
        self._repeated.at().inc(count)

    def forwards(self, count: int) -> None:
        """Events sent to their home partition."""
        self._forwards.at().inc(count)

    def clamped_instants(self, count: int) -> None:
        """Events set back from the future."""
        self._clamped.at().inc(count)

    def unnamed_events(self, count: int) -> None:
        """Events without an id."""
        self._unnamed.at().inc(count)

    def extra_fields(self, count: int) -> None:
        """Unknown fields at the top of events."""
        self._extra_fields.at().inc(count)

    def linked_identities(self, count: int) -> None:
        """Identities linked."""
        self._identities.at().inc(count)

    def dead_letters(self, code: str, count: int = 1) -> None:
        """Records sent to a dead-letter topic."""
        self._dead_letters.at(code).inc(count)

    def budget_left(self, journey: str, ratio: float) -> None:
        """How much of a journey's budget nobody has drawn in its period of now."""
        self._budget_left.at(journey).set(ratio)

    def leases_drawn(self, count: int) -> None:
        """Leases of budgets were drawn."""
        self._leases.at().inc(count)

    def context(self, kind: str, things: int) -> None:
        """How many things of a kind of context are known."""
        self._context.at(kind).set(things)

    def learned(self, outcomes: int, still_open: int, version: int) -> None:
        """What a round of the learner counted, what it waits for, and what it published last."""
        self._outcomes.at().inc(outcomes)
        self._outcomes_open.at().set(still_open)
        self._models_version.at().set(version)

    def definitions_release(self, release: int) -> None:
        """The release in use."""
        self._definitions_release.at().set(release)

    def lag(self, topic: str, partition: int, records: int, seconds: float) -> None:
        """What is not yet applied of one partition."""
        self._lag_records.at(topic, str(partition)).set(records)
        self._lag_seconds.at(topic, str(partition)).set(seconds)

    def taken_over(self, seconds: float, records: int) -> None:
        """A partition was recovered: how long that took and how many records it read."""
        self._epochs.at().inc()
        self._recovery.at().observe_all((seconds,))
        self._recovered.at().inc(records)

    def fenced(self) -> None:
        """An epoch ended by another owner."""
        self._fencings.at().inc()

    def heals(self, count: int) -> None:
        """Customers written again over stray records."""
        self._heals.at().inc(count)

    def outbox(self, partition: int, outputs: int) -> None:
        """Outputs of one partition not yet known to be published."""
        self._outbox.at(str(partition)).set(outputs)

    def unwritten(self, partition: int, records: int) -> None:
        """Records of one partition that are changed and not yet written."""
        self._unwritten.at(str(partition)).set(records)

    def publication_age(self, seconds: float) -> None:
        """How long the oldest durable output has waited for its acknowledgement."""
        self._publication_age.at().set(seconds)

    def timers(self, partition: int, pending: int, overdue: int, overdue_seconds: float) -> None:
        """Timers of one partition, how many are overdue, and how long the earliest has been."""
        self._stuck.at(str(partition)).set(overdue)
        self._timers.at(str(partition)).set(pending)
        self._overdue.at(str(partition)).set(overdue_seconds)

    def state(self, partition: int, records: int) -> None:
        """Records in the store of one partition."""
        self._state.at(str(partition)).set(records)

    def recovering(self, partition: int, records: int) -> None:
        """What a take-over of one partition still has to read."""
        self._recovering.at(str(partition)).set(records)

    def rebalanced(self) -> None:
        """The group gave partitions anew."""
        self._rebalances.at().inc()

    def committed(self, partition: int) -> None:
        """The positions of a partition are proven now; their age grows from here, also when nobody calls again."""
        at = self._clock()
        self._commit_age.at(str(partition)).set_function(lambda: max(0.0, self._clock() - at))

    def partition_left(self, partition: int) -> None:
        """Forgets the gauges of a partition that this process no longer owns."""
        for gauge in (
            self._lag_records, self._lag_seconds, self._outbox, self._commit_age, self._timers, self._overdue,
            self._stuck, self._state, self._recovering, self._unwritten,
        ):  # fmt: skip
            gauge.drop(str(partition))

    def dispatches(self, channel: str, code: str, count: int = 1) -> None:
        """Actions taken by the dispatcher: sent, or refused or skipped with this code."""
        self._dispatches.at(channel, code).inc(count)

    def provider_answered(self, provider: str, seconds: Iterable[float]) -> None:
        """How long the provider took, one value a message."""
        self._provider.at(provider).observe_all(seconds)

    def action_to_provider(self, journey: str, channel: str, seconds: Iterable[float]) -> None:
        """How long actions took to their provider, one value a message that left."""
        self._to_provider.at(journey, channel).observe_all(seconds)

    def provider_error(self, provider: str, code: str) -> None:
        """A hand-over that did not succeed."""
        self._provider_errors.at(provider, code).inc()

    def call(self, service: str, outcome: str) -> None:
        """A call has its answer, or none."""
        self._calls.at(service, outcome).inc()

    def call_tried(self, service: str, seconds: float) -> None:
        """How long one try took."""
        self._call_seconds.at(service).observe_all((seconds,))

    def service_away(self, service: str, away: bool) -> None:
        """Whether the breaker of a service keeps tries back."""
        self._service_away.at(service).set(away)

    def provider_away(self, provider: str, away: bool) -> None:
        """Whether the breaker of a provider keeps hand-overs back."""
        self._provider_away.at(provider).set(away)

    def parked(self, provider: str, count: int) -> None:
        """Actions wait on a topic of their own for their provider."""
        self._parked.at(provider).inc(count)

    def ledger_conflicts(self, count: int) -> None:
        """Another process holds these actions."""
        self._conflicts.at().inc(count)

    def redis_away(self, away: bool) -> None:
        """Whether Redis does not answer."""
        self._redis_away.at().set(away)

    def unresolved_reserves(self, count: int) -> None:
        """Actions whose fate is unknown, all in all."""
        self._unresolved.at().set(count)
