"""`sillage doctor`: what this machine lacks, line by line, with the cure."""

import click

from cli.settings import load_settings
from local.checkup import check_up
from local.doctor import Finding, examine


@click.command()
def doctor() -> None:
    """Look at Python, Java, Maven, Docker, kcat, Kafka and Redis; exit 1 when something needed lacks.

    Where they answer and the topics are there, also at the table of topics, leaders and copies of partitions, who is in
    the groups of workers and dispatchers, and how far the clocks lie apart.
    """
    settings = load_settings()
    findings = [*examine(settings), *check_up(settings)]
    for finding in findings:
        click.echo(f"{mark(finding):<5} {finding.subject:<13} {finding.words}")
    if any(not finding.ok and finding.needed for finding in findings):
        raise click.exceptions.Exit(1)


def mark(finding: Finding) -> str:
    """OK, `-` for a lack that harms nothing, or FAIL."""
    if finding.ok:
        return "OK"
    return "FAIL" if finding.needed else "-"
