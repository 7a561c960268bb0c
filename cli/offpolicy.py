"""`sillage offpolicy`: what another way of choosing offers would have brought, from the decisions of the past."""

import asyncio
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import click

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain_json

POLICIES = ("thompson", "greedy", "uniform", "value", "propensity")


@click.command()
@click.argument("policy", type=click.Choice(POLICIES))
@click.option("--catalog", default="", help="Choices among the offers of this catalog alone.")
@click.option("--floor", default=0.05, type=click.FloatRange(0, 1), help="The new policy's exploration floor.")
@click.option("--weigh", multiple=True, metavar="OFFER=FACTOR", help="Multiply the score of an offer; may be repeated.")
@click.option("--by", default="wins", type=click.Choice(["wins", "value"]), help="What counts: wins, or their value.")
@click.option("--confidence", default=0.95, type=click.FloatRange(0.5, 0.999), help="Of the intervals.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def offpolicy(
    policy: str, catalog: str, floor: float, weigh: Sequence[str], by: str, confidence: float, as_json: bool
) -> None:
    """Estimate what a POLICY would have brought, from choices that were made by chance and are on the topic decisions.

    thompson draws as the engine does; greedy takes the greatest score by what was known; uniform takes any; value and
    propensity look at one part of the score alone. Each with --floor. Exit status 1 where the log says too little.
    """
    if find_spec("numpy") is None:
        raise CliError("offpolicy needs numpy, which is not there; pip install sillage[learner]")
    from streams.learner.evaluate import read_log
    from streams.learner.offpolicy import NoSupport, Value, estimate
    from streams.learner.policies import Policy

    wanted = Policy(policy, floor, _weights(weigh))
    log = asyncio.run(read_log(load_settings(), catalog, time.time_ns() // 1_000_000))
    rows = [choice.logged(won, wanted, by_value=by == "value") for choice, won in log.choices]
    try:
        found = estimate(rows, confidence)
    except NoSupport as reason:
        raise CliError(f"{policy}: {reason}{_left_out(log.left_out)}") from None
    told = {name: value._asdict() if isinstance(value, Value) else value for name, value in found._asdict().items()}
    if as_json:
        click.echo(plain_json({"policy": policy, "by": by, **told, "left_out": dict(log.left_out)}))
        return
    for line in shown(policy, by, confidence, told):
        click.echo(line)
    if log.left_out:
        click.echo(_left_out(log.left_out).removeprefix("; "), err=True)


def shown(policy: str, by: str, confidence: float, told: dict[str, Any]) -> list[str]:
    """The estimates as a table, for people."""
    unit = "wins a decision" if by == "wins" else "value a decision"
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


def _weights(weigh: Sequence[str]) -> dict[str, float]:
    found = {}
    for each in weigh:
        offer, _, factor = each.partition("=")
        try:
            found[offer] = float(factor)
        except ValueError:
            raise CliError(f"--weigh {each!r}: expected OFFER=FACTOR such as shoes=2") from None
    return found


def _left_out(left_out: dict[str, int]) -> str:
    found = ", ".join(f"{count} ({why})" for why, count in sorted(left_out.items()) if count)
    return f"; left out: {found}" if found else ""
