"""What every process follows beside events: places, weather, definitions; and whether all know the same."""

from cli.dashboards.queries import RECENT, grown, most, of, or_zero
from cli.dashboards.shape import Dashboard, Row, lines, stat

_APART = f"max by (kind) ({of('context_records')}) - min by (kind) ({of('context_records')})"
_RELEASES_APART = f"{most('definitions_release')} - min ({of('definitions_release')})"


def _known(kind: str) -> str:
    matcher = f'kind="{kind}"'
    return or_zero(most("context_records", matcher))


_NOW = Row(
    "Now",
    (
        stat("Places known", "Stores and whatever else has a place; journeys ask for near and nearest.", "short",
             _known("places"), width=4),
        stat("Weather known", "Areas with an observation; 0 makes every condition on the weather false.", "short",
             _known("weather"), width=4),
        stat("Workers apart", "The greatest difference between what two workers know of a kind; back at 0 within "
             "seconds of a change.", "short", or_zero(f"max ({_APART})"), width=4, warn=1),
        stat("Release in use", "Of the definitions; each deploy counts one up.", "none",
             or_zero(most("definitions_release")), width=4),
        stat("Releases apart", "Between the newest and the oldest that a process uses; 0 within seconds of a deploy.",
             "none", or_zero(_RELEASES_APART), width=4, warn=1, runbook="SillageDefinitionsDiffer"),
        stat("Values refused", "Places and weather that could not be used, in the time shown; what was known before "
             "stays.", "short", grown("dead_letters_total", 'code="context"'), width=4, warn=1,
             runbook="SillageDeadLetters"),
    ),
)  # fmt: skip
_TIME = Row(
    "Over time",
    (
        lines("Things known", "By kind; a line falls only where somebody removes things.", "short",
              (most("context_records", by="kind"), "{{kind}}")),
        lines("Release by process", "All lines lie on one another, but for seconds after a deploy.", "none",
              (most("definitions_release", by="instance"), "{{instance}}"), runbook="SillageDefinitionsDiffer"),
        lines("Things known by process", "By kind and process; a line apart is a worker that does not follow.", "short",
              (most("context_records", by="kind, instance"), "{{kind}} {{instance}}")),
        lines("Values refused", "Counts of the last minutes.", "short",
              (grown("dead_letters_total", 'code="context"', over=RECENT), "context"), alarm=1, width=12,
              runbook="SillageDeadLetters"),
        lines("Outcomes learned", "Offers whose time for an answer was over, in the last minutes.", "short",
              (grown("outcomes_learned_total", over=RECENT), "outcomes"), width=12),
        lines("Outcomes open", "Offers made whose outcome the learner waits for; days of them are as it should be.",
              "short", (most("open_outcomes"), "open"), width=12),
        lines("Models by process", "The version that the learner published last.", "none",
              (most("models_version", by="instance"), "{{instance}}"), width=12),
        lines("Identities", "Identities linked to customers in the last minutes.", "short",
              (grown("linked_identities_total", over=RECENT), "linked"), width=12),
    ),
)  # fmt: skip

CONTEXT = Dashboard(
    "context", "Context", "Places, weather, definitions: what every process follows, and whether all know the same.",
    (_NOW, _TIME),
)  # fmt: skip
