"""The door of the `sillage` command: every command by name, with the place of its code."""

import logging

import click

from cli.lazy import LazyGroup

COMMANDS = {
    "up": ("cli.services:up", "Start Kafka and Redis on this machine, or find those given."),
    "down": ("cli.services:down", "Stop what `up` started; the data stays."),
    "doctor": ("cli.doctor:doctor", "Say what is missing on this machine, with the cure."),
    "check": ("cli.check:check", "Find every fault of definitions, one line each."),
    "test": ("cli.test:test", "Play the lives beside the journeys in virtual time."),
    "preview": ("cli.preview:preview", "Show a message as a person reads it, and what it lacks."),
    "backtest": ("cli.backtest.command:backtest", "Play a definition over recorded events, in event time."),
    "graph": ("cli.graph:graph", "Draw journeys as flow charts, with counts where there are some."),
    "docs": ("cli.docs:docs", "Write a page for each journey in plain language."),
    "demo": ("cli.demo:demo", "Let a made-up town live, or real orders, and see messages leave."),
    "deploy": ("cli.deploy:deploy", "Check definitions and put them into use, without a restart."),
    "undeploy": ("cli.deploy:undeploy", "Close a journey: nobody enters, those inside finish."),
    "pause": ("cli.pausing:pause", "Let nobody enter a journey, and those inside stand still."),
    "resume": ("cli.pausing:resume", "Let a paused journey go on, and say what those past due do."),
    "journeys": ("cli.deploy:journeys", "List the journeys in use and how many people are inside."),
    "worker": ("cli.worker:worker", "Decide: take touchpoints and timers, publish actions and decisions."),
    "dispatcher": ("cli.worker:dispatcher", "Send: take actions to their channels, each once."),
    "learner": ("cli.worker:learner", "Learn: what became of what was decided, published as models."),
    "serve": ("cli.worker:serve", "Answer links of messages, calls of providers, and the app's inbox."),
    "offpolicy": ("cli.offpolicy:offpolicy", "Estimate what another way of choosing offers would have brought."),
    "all": ("cli.worker:all_", "Worker, dispatcher and learner in one process, for small use."),
    "tasks": ("cli.tasks:tasks", "List the work that journeys ask of people, answer in it, and tell how it ended."),
    "conversation": ("cli.conversation:conversation", "Show what was said lately with a customer, over every channel."),
    "fanouts": ("cli.fanouts:fanouts", "List what is being taken to every customer, and stop it."),
    "experiments": (
        "cli.experiments:experiments",
        "Compare the arms of splits, and who was held out with who was not.",
    ),
    "budgets": ("cli.budgets:budgets", "List what journeys have spent of their budgets."),
    "context": ("cli.context:context", "Put places and weather where every worker reads them."),
    "topics": ("cli.topics:topics", "Print the table of topics, plan changes of a broker, apply them."),
    "inbox": ("cli.inbox:inbox", "Show what a customer sees in the app's inbox."),
    "postal": ("cli.postal:postal", "Make batches of letters for the print house."),
    "dead": ("cli.dead:dead", "Look at what could not be processed, and put it back."),
    "lag": ("cli.lag:lag", "Show how far behind workers and dispatchers are."),
    "why": ("cli.why:why", "Say what was decided of a customer and why, and why nothing was."),
    "person": ("cli.person:person", "Export all that is kept of a person, or erase it, with a proof."),
    "state": ("cli.state:state", "Look into a customer's stored record, or accept other logs."),
    "hash": ("cli.hash:hash_", "Print the hash by which logs and traces name a customer."),
    "schema": ("cli.schema:schema", "Declare what events and customers hold, from what happened."),
    "schemas": ("cli.schemas:schemas", "Write the generated files of docs/ from the code."),
}


@click.group(cls=LazyGroup, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sillage")
def main() -> None:
    """Sillage, an event-driven omnichannel journey engine on Kafka."""
    # Short commands tell a fault once and with its cure; worker and dispatcher turn their clients' warnings on again.
    for client in ("aiokafka", "kafka"):
        logging.getLogger(client).setLevel(logging.CRITICAL)


if __name__ == "__main__":
    main()
