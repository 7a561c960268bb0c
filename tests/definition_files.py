"""A small designer's folder for the tests of deploying."""

from journeys.load import Folder, load_project

PROJECT = "zone: Europe/Paris\n"
HEAD = 'title: Hello\nclass: service\nsubject: "Hello {{ customer.name }}"\n'


def journey(name: str, wait: str = "1h", message: str = "hello", on: str = "account.created") -> str:
    """A journey of a wait and an e-mail."""
    head = f"journey: {name}\ntopic: offers\nttl: 9d\nenter:\n  on: {on}\n"
    return f"{head}steps:\n  - wait: {wait}\n  - send: {message}\n"


def files(**journeys: str) -> dict[str, str]:
    """A folder with the message `hello` and these journeys; `_` in a name stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in journeys.items()}
    return {
        "project.yaml": PROJECT,
        "messages/hello/message.yaml": HEAD,
        "messages/hello/email.txt": "Hello {{ customer.name }}, see {{ entry.basket }}.",
        **{f"journeys/{name}.yaml": text for name, text in named.items()},
    }


def folder(**journeys: str) -> Folder:
    """The same, loaded."""
    return load_project(files(**journeys))
