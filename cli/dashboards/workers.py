"""The inside of workers: how busy they are, what their partitions hold, who owns them, and what is odd in the input."""

from cli.dashboards.queries import RECENT, grown, most, of, or_zero, quantile, quantile_grown, rate, total
from cli.dashboards.shape import Dashboard, Row, lines, stat

_SHARE = f"sum by (instance) (rate({of('applying_seconds_total')}[{RECENT}]))"
_EACH = f"{rate('applying_seconds_total')} / ({rate('inputs_total')} > 0)"

_BUSY = Row(
    "How busy?",
    (
        lines("Inputs applied", "Events, ticks and timers a second, by process.", "ops",
              (rate("inputs_total", by="instance"), "{{instance}}"), stacked=True, width=6),
        lines("Share of time spent deciding", "Of one core: near 1, the process has no time left, and more workers or "
              "fewer partitions each are the cure.", "percentunit", (_SHARE, "{{instance}}"), warn=0.7, alarm=0.9,
              width=6, runbook="SillageLagging"),
        lines("Time an input takes", "To decode and decide, on average.", "s", (or_zero(_EACH), "all"), width=6),
        lines("Decisions", "Taken a second, by process.", "ops",
              (rate("decisions_total", by="instance"), "{{instance}}"), stacked=True, width=6),
    ),
)  # fmt: skip
_PARTITIONS = Row(
    "Partitions: what waits, and what they hold",
    (
        lines("Lag in records", "Not yet applied, by topic and partition.", "short",
              (total("lag_records", by="topic, partition"), "{{topic}}/{{partition}}"), runbook="SillageLagging"),
        lines("Lag in time", "Age of the oldest not yet applied, by topic and partition.", "s",
              (most("lag_seconds", by="topic, partition"), "{{topic}}/{{partition}}"), alarm=30,
              runbook="SillageLagging"),
        lines("Progress not proven", "Time since positions were last durable. It grows harmlessly where nothing comes "
              "in.", "s", (most("commit_age_seconds", by="partition"), "{{partition}}"),
              runbook="SillagePartitionStuck"),
        lines("Outbox", "Outputs decided and not yet known to be published.", "short",
              (total("outbox_outputs", by="partition"), "{{partition}}"), stacked=True, runbook="SillageOutputsWait"),
        lines("Oldest output not let go", "Durable, and not acknowledged, by process.", "s",
              (most("publication_age_seconds", by="instance"), "{{instance}}"), alarm=60, runbook="SillageOutputsWait"),
        lines("Records not yet written", "Changed, and not yet on the changelog. From 21,600 of a worker on it applies "
              "no more until they are written.", "short",
              (total("unwritten_records", by="instance"), "{{instance}}"), warn=12_000, alarm=21_600,
              runbook="SillageLagging"),
        lines("Records in the store", "Customers and routers; uneven partitions are uneven keys.", "short",
              (total("state_records", by="partition"), "{{partition}}"), stacked=True),
        lines("Pending timers", "Customers with a timer that is to come.", "short",
              (total("pending_timers", by="partition"), "{{partition}}"), stacked=True),
        lines("Customers who stand still", "A timer of theirs is due and has not fired.", "short",
              (total("overdue_timers", by="partition"), "{{partition}}"), stacked=True,
              runbook="SillageTimersOverdue"),
        lines("Overdue timers", "How long the earliest has been due.", "s",
              (most("timer_overdue_seconds", by="partition"), "{{partition}}"), alarm=60,
              runbook="SillageTimersOverdue"),
        lines("Timer lateness", "From due to fired: half, and 99 of 100, are less late.", "s",
              (quantile(0.5, "timer_lateness_seconds"), "half"), (quantile(0.99, "timer_lateness_seconds"), "p99"),
              runbook="SillageTimersOverdue"),
    ),
)  # fmt: skip
_FANOUTS = Row(
    "Fan-outs",
    (
        lines("Customers met by fan-outs", "A second, by event type.", "ops",
              (or_zero(rate("fanout_customers_total", by="type")), "{{type}}"), stacked=True, width=12),
        stat("Fan-outs that go or wait", "Each partition counts its own.", "short", total("fanouts_active"), width=6),
        stat("Runs of schedules skipped", "Missed or overtaken, in the time shown.", "short",
             grown("schedule_runs_skipped_total"), width=6, warn=1),
    ),
)  # fmt: skip
_OWNERS = Row(
    "Ownership and recovery",
    (
        lines("Take-overs and rebalances", "Counts of the last minutes: partitions taken over, and times that the "
              "group gave them anew.", "short", (grown("epochs_total", over=RECENT), "taken over"),
              (grown("rebalances_total", over=RECENT), "rebalances"), width=6, runbook="SillageRebalancing"),
        lines("Fencings and heals", "Counts of the last minutes: epochs that another owner ended, and customers "
              "written again because a stray record followed theirs.", "short",
              (grown("fencings_total", over=RECENT), "fenced"), (grown("heals_total", over=RECENT), "healed"), width=6,
              runbook="SillageFencings"),
        lines("Recovery", "From a marker to the first input of its partition, over the time shown: half, and the "
              "slowest tenth.", "s", (quantile_grown(0.5, "recovery_seconds"), "half"),
              (quantile_grown(0.9, "recovery_seconds"), "p90"), width=6, runbook="SillageRecoveryLong"),
        lines("Recovery, records", "Read in the last minutes, and still to be read by take-overs under way.", "short",
              (grown("recovered_records_total", over=RECENT), "read"),
              (or_zero(total("recovering_records")), "to read"), width=6, runbook="SillageRecoveryLong"),
    ),
)  # fmt: skip
_INPUT = Row(
    "What is odd in the input (in the time shown)",
    (
        stat("Duplicates", "Events dropped, since their id was seen before.", "short", grown("duplicates_total")),
        stat("Read again", "Inputs skipped after a crash or a rebalance, since they were applied.", "short",
             grown("repeated_inputs_total")),
        stat("Brought home", "Events forwarded to the partition of their customer; many mean that producers do not key "
             "by customer.", "short", grown("forwards_total")),
        stat("From the future", "Events set back to when they were received: a clock of theirs is wrong.", "short",
             grown("clamped_instants_total"), warn=1),
        stat("Without an id", "Named by their place in the log, so that a repeat of theirs is not seen.", "short",
             grown("unnamed_events_total"), warn=1),
        stat("Unknown fields", "At the top of events; kept.", "short", grown("extra_fields_total")),
        stat("Linked identities", "Identities that events linked to a customer.", "short",
             grown("linked_identities_total")),
        stat("Dead letters", "Records that could not be processed; each lies on its .dead topic with the reason.",
             "short", grown("dead_letters_total"), warn=1, runbook="SillageDeadLetters"),
    ),
)  # fmt: skip

WORKERS = Dashboard(
    "workers", "Worker internals", "How busy workers are, what partitions hold, who owns them, what comes in odd.",
    (_BUSY, _PARTITIONS, _FANOUTS, _OWNERS, _INPUT),
)  # fmt: skip
