"""`sillage offpolicy`: what another way of choosing offers would have brought, from the decisions of the past."""

import asyncio
import time
from collections.abc import Sequence
from importlib.util import find_spec

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
    from cli.offpolicyshown import estimated, left_out, shown
    from streams.learner.evaluate import read_log

    weights = _weights(weigh)
    log = asyncio.run(read_log(load_settings(), catalog, time.time_ns() // 1_000_000))
    found = estimated(log, policy, floor, weights, by, confidence)
    if as_json:
        click.echo(plain_json(found))
        return
    for line in shown(found, confidence):
        click.echo(line)
    if any(log.left_out.values()):
        click.echo(left_out(log.left_out), err=True)


def _weights(weigh: Sequence[str]) -> dict[str, float]:
    found = {}
    for each in weigh:
        offer, _, factor = each.partition("=")
        try:
            found[offer] = float(factor)
        except ValueError:
            raise CliError(f"--weigh {each!r}: expected OFFER=FACTOR such as shoes=2") from None
    return found
