"""The first page of a bad night: is it well, is it late, where does the time lie, what is stuck, what fails."""

from cli.dashboards.queries import HISTORY, RECENT, grown, in_time, mean, most, of, or_zero, quantile, rate, total
from cli.dashboards.shape import Dashboard, Row, lines, stat

_WELL = Row(
    "Is it well?",
    (
        stat(
            "In time", "Share of the actions that an event caused and that left within a second, over the time shown; "
            "99 % is the objective.", "percentunit", in_time(HISTORY), warn=0.999, alarm=0.99, falls=True,
            runbook="SillageLatencyBurnsFast",
        ),
        stat(
            "Event to action, p99", "From the append of an event to the acknowledgement of its action, over the time "
            "shown; no value where no event caused any.", "s",
            quantile(0.99, "event_to_action_seconds", over=HISTORY), warn=0.5, alarm=1,
            runbook="SillageLatencyBurnsFast",
        ),
        stat(
            "Lag", "Age of the oldest touchpoint that is not yet applied, over all topics; from 30 s on marketing is "
            "held.", "s", or_zero(most("lag_seconds")), warn=5, alarm=30, runbook="SillageLagging",
        ),
        stat(
            "Timers overdue", "How long the earliest timer that has not fired has been due.", "s",
            or_zero(most("timer_overdue_seconds")), warn=5, alarm=60, runbook="SillageTimersOverdue",
        ),
        stat(
            "Not let go", "Age of the oldest action that is decided for good and that the broker has not acknowledged.",
            "s", or_zero(most("publication_age_seconds")), warn=5, alarm=60, runbook="SillageOutputsWait",
        ),
        stat(
            "Partitions at work", "Partitions that a worker owns and has recovered; it should be SILLAGE_PARTITIONS.",
            "none", or_zero(f"count(count by (namespace, partition) ({of('commit_age_seconds')}))"),
            runbook="SillagePartitionsOrphaned",
        ),
        stat(
            "Fate unknown", "Messages that may have left or not, and are not sent again.", "none",
            or_zero(total("unresolved_reserves")), warn=1, alarm=10, runbook="SillageUnresolved",
        ),
        stat(
            "Redis away", "Processes for which Redis does not answer: only critical messages leave them.", "none",
            or_zero(total("redis_away")), warn=1, alarm=1, runbook="SillageRedisAway",
        ),
    ),
)  # fmt: skip
_LATE = Row(
    "Is it late, and where does the time lie?",
    (
        lines(
            "Event to action", "What a customer waits for us: half, 99 of 100, 999 of 1,000 actions were faster. A dot "
            "is the trace of a slow one; look its id up on the topic decisions.", "s",
            (quantile(0.5, "event_to_action_seconds"), "half"), (quantile(0.99, "event_to_action_seconds"), "p99"),
            (quantile(0.999, "event_to_action_seconds"), "p99.9"), alarm=1, runbook="SillageLatencyBurnsFast",
        ),
        lines(
            "Where the time lies", "The mean of each part: fetch is from append to decided (lag, or a slow decision), "
            "proof from decided to durable (the broker's writes of state), publish from durable to acknowledged.", "s",
            (mean("event_to_action_part_seconds", by="part"), "{{part}}"), stacked=True,
        ),
        lines(
            "Action to provider, p99", "From an action's append to its provider's word that it has it, by channel.",
            "s",
            (quantile(0.99, "action_to_provider_seconds", by="channel"), "{{channel}}"), runbook="SillageHandOversLate",
        ),
    ),
)  # fmt: skip
_FLOWS = Row(
    "What flows?",
    (
        lines("Touchpoints", "Decoded a second, by channel.",
              "eps", (rate("events_total", by="channel"), "{{channel}}"), stacked=True),
        lines("Actions", "Acknowledged by the broker a second, by journey.", "ops",
              (rate("actions_total", by="journey"), "{{journey}}"), stacked=True),
        lines("Dispatched", "What became of actions, a second: sent, or why not.", "mps",
              (rate("dispatches_total", by="code"), "{{code}}"), stacked=True),
    ),
)  # fmt: skip
_STUCK = Row(
    "What is stuck?",
    (
        lines("Lag by topic", "Age of the oldest touchpoint that is not yet applied.", "s",
              (most("lag_seconds", by="topic"), "{{topic}}"), alarm=30, width=6, runbook="SillageLagging"),
        lines("Overdue timers by partition", "How long the earliest has been due.", "s",
              (most("timer_overdue_seconds", by="partition"), "{{partition}}"), alarm=60, width=6,
              runbook="SillageTimersOverdue"),
        lines("Progress not proven", "Time since positions were last durable, by partition. It grows harmlessly where "
              "nothing comes in; beside a lag it means that the partition stands still.", "s",
              (most("commit_age_seconds", by="partition"), "{{partition}}"), width=6, runbook="SillagePartitionStuck"),
        lines("Still to recover", "Changelog records that take-overs have yet to read; no input of theirs is applied "
              "before.", "short", (total("recovering_records", by="partition"), "{{partition}}"), width=6, stacked=True,
              runbook="SillageRecoveryLong"),
    ),
)  # fmt: skip
_FAILS = Row(
    "What is refused, what fails? (counts of the last minutes)",
    (
        lines("Refused by policy", "Proposals that did not become actions, by code: consent, caps, quiet hours. It is "
              "the policy at work; a jump is worth a question.", "short",
              (grown("refusals_total", by="code", over=RECENT), "{{code}}"), width=6),
        lines("Dead letters", "Records that could not be processed, by code; each lies on its .dead topic with the "
              "reason.", "short", (grown("dead_letters_total", by="code", over=RECENT), "{{code}}"), width=6, alarm=1,
              runbook="SillageDeadLetters"),
        lines("Errors in definitions", "Expressions and messages that failed in a decision, by journey and code.",
              "short",
              (grown("errors_total", by="journey, code", over=RECENT), "{{journey}} {{code}}"), width=6, alarm=1,
              runbook="SillageDefinitionsFail"),
        lines("Provider errors", "Hand-overs that did not succeed, by channel and code; tried again or not.", "short",
              (grown("provider_errors_total", by="provider, code", over=RECENT), "{{provider}} {{code}}"), width=6,
              runbook="SillageHandOversFail"),
    ),
)  # fmt: skip

OVERVIEW = Dashboard(
    "overview", "Overview", "Is it well, is it late, what is stuck, what fails: begin here.",
    (_WELL, _LATE, _FLOWS, _STUCK, _FAILS),
)  # fmt: skip
