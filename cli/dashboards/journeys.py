"""For those who design journeys: what left, how fast, what was refused, and what in them fails."""

from cli.dashboards.queries import CHANNEL, JOURNEY, RECENT, buckets, grown, mean, most, or_zero, quantile, rate, total
from cli.dashboards.shape import Dashboard, Row, heat, lines, stat, table

_BOTH = (JOURNEY, CHANNEL)

_SHOWN = Row(
    "In the time shown",
    (
        stat("Actions", "Decided and acknowledged.", "short", grown("actions_total", *_BOTH), width=4),
        stat("Decisions", "Taken for events and timers, of all journeys.", "short", grown("decisions_total"), width=4),
        stat("Refused", "Proposals that the policy refused, of all journeys.",
        "short", grown("refusals_total"), width=4),
        stat("Held", "Proposals of marketing put off while a worker caught up; one put off twice counts twice.",
             "short", grown("held_proposals_total"), width=4, warn=1),
        stat("Errors", "Expressions and messages of these journeys that failed.", "short",
             grown("errors_total", JOURNEY), width=4, warn=1, alarm=10, runbook="SillageDefinitionsFail"),
        stat("Release in use", "Of the definitions; each deploy counts one up.", "none",
             or_zero(most("definitions_release")), width=4),
    ),
)  # fmt: skip
_LEFT = Row(
    "What left",
    (
        table("Actions by journey and channel", "Acknowledged by the broker, in the time shown.", "short",
              grown("actions_total", *_BOTH, by="journey, channel"), width=8, height=9),
        lines("Actions by journey", "Acknowledged a second.", "ops",
              (rate("actions_total", *_BOTH, by="journey"), "{{journey}}"), stacked=True, width=8, height=9),
        lines("Actions by channel", "Acknowledged a second.", "ops",
              (rate("actions_total", *_BOTH, by="channel"), "{{channel}}"), stacked=True, width=8, height=9),
    ),
)  # fmt: skip
_FAST = Row(
    "How fast",
    (
        lines("Event to action, p99 by journey", "From the append of the event to the acknowledgement of its action; "
              "what timers cause is not in it.", "s",
              (quantile(0.99, "event_to_action_seconds", *_BOTH, by="journey"), "{{journey}}"), alarm=1,
              runbook="SillageLatencyBurnsFast"),
        heat("Event to action, spread", "Each column is a moment, each cell the actions of one span of latency.",
             buckets("event_to_action_seconds", *_BOTH)),
        lines("Event to action, mean by channel", "Beside the 99th percentile it says whether all are slow, or few.",
              "s", (mean("event_to_action_seconds", *_BOTH, by="channel"), "{{channel}}")),
        lines("Action to provider, p99 by journey", "Until the mail server, push service or webhook has it; what is "
              "put off on purpose counts too.", "s",
              (quantile(0.99, "action_to_provider_seconds", *_BOTH, by="journey"), "{{journey}}"), width=12,
              runbook="SillageHandOversLate"),
        lines("Waits: how late their timers fire", "From the instant a timer was due to its firing, of all journeys; "
              "high after an outage, or where workers lag.", "s",
              (quantile(0.5, "timer_lateness_seconds"), "half"), (quantile(0.99, "timer_lateness_seconds"), "p99"),
              alarm=60, width=12, runbook="SillageTimersOverdue"),
    ),
)  # fmt: skip
_NOT = Row(
    "What did not happen, and why (counts of the last minutes)",
    (
        lines("Refusals by code", "Of all journeys: the policy at work, in the order of its rules.", "short",
              (grown("refusals_total", by="code", over=RECENT), "{{code}}")),
        lines("Errors by journey and code", "Where an expression or message fails, its branch counts as not true, or "
              "its message is not sent.", "short",
              (grown("errors_total", JOURNEY, by="journey, code", over=RECENT), "{{journey}} {{code}}"), alarm=1,
              runbook="SillageDefinitionsFail"),
        lines("Budgets left", "What nobody has drawn yet of each journey's budget in its period, of 1; at 0 its "
              "messages wait for the next. All is left where there is no budget.", "percentunit",
              (f'{most("budget_left_ratio", JOURNEY, by="journey")} or vector(1)', "{{journey}}")),
        lines("Leases of budgets", "Drawn by workers in the last minutes; many where budgets are small or near their "
              "end.", "short", (grown("budget_leases_total", over=RECENT), "leases"), width=12),
        lines("People who wait", "Customers with a timer that is to come.", "short",
              (or_zero(total("pending_timers")), "customers"), width=12),
    ),
)  # fmt: skip

JOURNEYS = Dashboard(
    "journeys", "Journeys", "What journeys do: what left, how fast, what was refused, what in them fails.",
    (_SHOWN, _LEFT, _FAST, _NOT), (("journey", "actions_total"), ("channel", "actions_total")),
)  # fmt: skip
