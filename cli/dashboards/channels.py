"""The way of messages to their providers: what left, how providers answer, what is of unknown fate."""

from cli.dashboards.queries import CHANNEL, HISTORY, RECENT, buckets, grown, most, or_zero, quantile, rate, total
from cli.dashboards.shape import Dashboard, Row, heat, lines, stat, table

_PROVIDER = 'provider=~"$channel"'
_SENT = 'code="sent"'
_FAILING = (
    f"({rate('provider_errors_total', _PROVIDER, by='provider')} or "
    f"0 * {rate('provider_seconds_count', _PROVIDER, by='provider')}) / "
    f"({rate('provider_seconds_count', _PROVIDER, by='provider')} > 0)"
)

_SHOWN = Row(
    "In the time shown",
    (
        stat("Sent", "Messages that their provider has.", "short", grown("dispatches_total", CHANNEL, _SENT), width=4),
        stat("Not sent", "Actions that ended otherwise: voided, expired, refused at the last check, failed.", "short",
             grown("dispatches_total", CHANNEL, 'code!="sent"'), width=4),
        stat("Provider errors", "Hand-overs that did not succeed, tried again or not.", "short",
             grown("provider_errors_total", _PROVIDER), width=4, warn=1, runbook="SillageHandOversFail"),
        stat("Provider, p99", "From handing over to the answer.", "s",
             quantile(0.99, "provider_seconds", _PROVIDER, over=HISTORY), width=4, warn=1, alarm=10,
             runbook="SillageHandOversLate"),
        stat("Fate unknown", "Messages that may have left or not, now.", "none", or_zero(total("unresolved_reserves")),
             width=4, warn=1, alarm=10, runbook="SillageUnresolved"),
        stat("Redis away", "Processes for which Redis does not answer.", "none", or_zero(total("redis_away")), width=4,
             warn=1, alarm=1, runbook="SillageRedisAway"),
    ),
)  # fmt: skip
_DISPATCHED = Row(
    "What became of actions",
    (
        table("Outcomes", "By channel and code, in the time shown.", "short",
              grown("dispatches_total", CHANNEL, by="channel, code"), height=9),
        lines("Dispatched by channel", "Settled a second, whatever the outcome.", "mps",
              (rate("dispatches_total", CHANNEL, by="channel"), "{{channel}}"), stacked=True, height=9),
        lines("Not sent, by code", "Counts of the last minutes, by channel and code.", "short",
              (grown("dispatches_total", CHANNEL, 'code!="sent"', by="channel, code", over=RECENT),
               "{{channel}} {{code}}"), height=9),
    ),
)  # fmt: skip
_PROVIDERS = Row(
    "How providers answer",
    (
        lines("Provider, p99", "From handing a message over to the answer, good or bad.", "s",
              (quantile(0.99, "provider_seconds", _PROVIDER, by="provider"), "{{provider}}"),
              runbook="SillageHandOversLate"),
        lines("Share that fails", "Hand-overs that did not succeed, of all that were answered or given up.",
              "percentunit", (or_zero(_FAILING), "{{provider}}"), warn=0.05, alarm=0.5, runbook="SillageHandOversFail"),
        lines("Errors by code", "Counts of the last minutes; docs/channels.md says what each code means.", "short",
              (grown("provider_errors_total", _PROVIDER, by="provider, code", over=RECENT), "{{provider}} {{code}}"),
              runbook="SillageHandOversFail"),
        heat("Provider, spread", "Each column is a moment, each cell the answers of one span of time.",
             buckets("provider_seconds", _PROVIDER)),
        lines("Action to provider, p99", "From an action's append to its provider's word, by channel: waiting in the "
              "dispatcher and the provider's time.", "s",
              (quantile(0.99, "action_to_provider_seconds", CHANNEL, by="channel"), "{{channel}}"), width=16,
              runbook="SillageHandOversLate"),
        lines("Provider away", "1 while a process hardly tries a provider, since it fails again and again.", "none",
              (or_zero(most("provider_away", by="provider")), "{{provider}}"), width=12, warn=1),
        lines("Parked", "Actions a second that found no room at their provider, and wait on a topic.", "ops",
              (or_zero(rate("actions_parked_total", by="provider")), "{{provider}}"), width=12),
    ),
)  # fmt: skip
_SERVICES = Row(
    "Calls to services",
    (
        table("Calls", "By service and outcome, in the time shown; docs/calls.md says what each code means.", "short",
              grown("calls_total", by="service, outcome")),
        lines("Service, p99", "From a request to its answer, good or bad, one value a try.", "s",
              (or_zero(quantile(0.99, "call_seconds", by="service")), "{{service}}")),
        lines("Service away", "1 while a process hardly asks a service, since it fails again and again.", "none",
              (or_zero(most("service_away", by="service")), "{{service}}"), warn=1),
    ),
)  # fmt: skip
_LEDGER = Row(
    "The ledger",
    (
        lines("Fate unknown", "Reserves without a confirmation, by process.", "none",
              (total("unresolved_reserves", by="instance"), "{{instance}}"), runbook="SillageUnresolved"),
        lines("Held by another process", "Answers of the ledger that another process holds an action: some at a "
              "rebalance, else two dispatchers believe that they own one partition. Counts of the last minutes.",
              "short", (grown("ledger_conflicts_total", by="instance", over=RECENT), "{{instance}}"),
              runbook="SillageLedgerConflicts"),
        lines("Redis away", "1 while Redis does not answer a process.", "none",
              (most("redis_away", by="instance"), "{{instance}}"), alarm=1, runbook="SillageRedisAway"),
    ),
)  # fmt: skip
_COMING = Row(
    "What comes in",
    (
        lines("Touchpoints by channel", "Decoded a second.", "eps",
              (rate("events_total", CHANNEL, by="channel"), "{{channel}}"), stacked=True, width=12),
        lines("Touchpoints of the last minutes", "Counted by channel: a line that falls to 0 is a feed that broke.",
              "short", (grown("events_total", CHANNEL, by="channel", over=RECENT), "{{channel}}"), width=12),
    ),
)  # fmt: skip
_BACK = Row(
    "What comes back to sillage serve",
    (
        lines("Requests", "Answered a second, by route.", "ops",
              (or_zero(rate("serve_requests_total", by="route")), "{{route}}"), stacked=True),
        lines("Answers of 500 and more", "Counts of the last minutes: not kept, and asked again.", "short",
              (or_zero(grown("serve_requests_total", 'status=~"5.."', by="route, status", over=RECENT)),
               "{{route}} {{status}}"), warn=1),
        lines("Answered, p99", "From a request to its answer.", "s",
              (or_zero(quantile(0.99, "serve_seconds", by="route")), "{{route}}"), warn=1),
        lines("Refused calls", "Not signed, wrongly signed, stale: counts of the last minutes.", "short",
              (or_zero(grown("inbound_refused_total", by="provider, code", over=RECENT)), "{{provider}} {{code}}")),
        table("Told by providers", "By provider and type, in the time shown.", "short",
              grown("inbound_events_total", by="provider, type")),
        lines("About nobody", "What providers told of messages that nobody knows: counts of the last minutes.", "short",
              (or_zero(grown("inbound_unknown_total", by="provider", over=RECENT)), "{{provider}}")),
        table("Followed", "Links, opened mails and scans, by people and by which machine, in the time shown.", "short",
              grown("followed_total", by="what, by")),
        lines("Clicks given up", "Kafka did not answer in time: counts of the last minutes.", "short",
              (or_zero(grown("followed_lost_total", by="what", over=RECENT)), "{{what}}"), warn=1),
    ),
)  # fmt: skip

CHANNELS = Dashboard(
    "channels", "Channels", "The way of messages to their providers, and of touchpoints from their channels.",
    (_SHOWN, _DISPATCHED, _PROVIDERS, _SERVICES, _LEDGER, _COMING, _BACK), (("channel", "events_total"),),
)  # fmt: skip
