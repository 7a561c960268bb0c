"""What `sillage offpolicy` tells of a policy: estimates as plain values and as a table, and what was left out."""

from collections.abc import Mapping
from typing import Any

from cli.errors import CliError
from streams.learner.evaluate import Log
from streams.learner.offpolicy import NoSupport, Value, estimate
from streams.learner.policies import Policy


def estimated(
    log: Log, policy: str, floor: float, weights: dict[str, float], by: str, confidence: float
) -> dict[str, Any]:
    """What a log tells of a policy, as plain values. Raises CliError where it says too little."""
    wanted = Policy(policy, floor, weights)
    rows = [choice.logged(won, wanted, by_value=by == "value") for choice, won in log.choices]
    try:
        found = estimate(rows, confidence)._asdict()
    except NoSupport as reason:
        raise CliError("; ".join([f"{policy}: {reason}", *filter(None, [left_out(log.left_out)])])) from None
    told = {name: value._asdict() if isinstance(value, Value) else value for name, value in found.items()}
    return {"policy": policy, "by": by, **told, "left_out": dict(log.left_out)}


def shown(told: dict[str, Any], confidence: float) -> list[str]:
    """The estimates as a table, for people."""
    policy = told["policy"]
    unit = f"{told['by']} a decision"
    rows = [
        ("as it was", told["logged"]),
        (f"{policy}, inverse propensity", told["ips"]),
        (f"{policy}, self-normalised", told["snips"]),
        (f"{policy}, doubly robust", told["doubly_robust"]),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{unit}, {confidence:.0%} interval"]
    lines += [f"{name:<{width}}  {each['mean']:.4f}  {each['low']:.4f} to {each['high']:.4f}" for name, each in rows]
    lines.append(
        f"{told['decisions']} decisions weigh as much as {told['effective']:.0f}; the heaviest counts "
        f"{told['heaviest']:.1f} times"
    )
    return lines


def left_out(counted: Mapping[str, int]) -> str:
    """The choices that could not be used, by why; empty where there are none."""
    found = ", ".join(f"{count} ({why})" for why, count in sorted(counted.items()) if count)
    return f"left out: {found}" if found else ""
