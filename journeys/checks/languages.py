"""The languages of messages: that each has all that its channel has, and a text for everybody else."""

import re
from collections.abc import Iterator

from journeys.load import Folder, MessageDraft
from journeys.messages.languages import TAG, in_language, split
from journeys.messages.model import Message
from journeys.messages.parts import FOR_SYSTEMS
from journeys.problem import Problem, listed
from journeys.tree import Mapping, Mark

_FIRST = Mark()


def faults(folder: Folder) -> Iterator[Problem]:
    """Languages that cannot be one, that lack a file, or that some channels of the message have and others not."""
    for name, message in folder.messages.items():
        if message.languages:
            yield from _message(f"messages/{name}/", message, folder.message_drafts[name])


def _message(base: str, message: Message, draft: MessageDraft) -> Iterator[Problem]:
    files = {part: split(part) for part in message.parts}
    plain = {file for file, (_, language) in files.items() if not language}
    wrong = False
    for part, (file, language) in files.items():
        if language and not re.fullmatch(TAG, language):
            wrong = True
            hint = f"name it as {in_language(file, 'fr')} or {in_language(file, 'fr-CA')}"
            yield Problem(f"{base}{part}", 1, 1, "J098", f"`{language}` is no language", hint)
        elif language and file not in plain:
            wrong = True
            hint = f"write {file} as well, for those who speak no other language of the message"
            yield Problem(f"{base}{part}", 1, 1, "J098", f"{part} stands alone, without {file}", hint)
    if not wrong:
        yield from _missing(base, message, plain, draft)


def _missing(base: str, message: Message, plain: set[str], draft: MessageDraft) -> Iterator[Problem]:
    """Half a message in one language and half in another is read as a mistake, so each file is in each language."""
    for language in message.languages:
        read = sorted(plain - set(FOR_SYSTEMS))
        has = [file for file in read if in_language(file, language) in message.parts]
        lacks = [file for file in read if file not in has]
        if lacks:
            where = listed(has, "and") or "its subject alone"
            what = f"the message speaks `{language}` in {where}, and not in {listed(lacks, 'and')}"
            told = f"{base}{in_language(has[0], language)}" if has else f"{base}message.yaml"
            missing = [in_language(file, language) for file in lacks]
            yield Problem(told, 1, 1, "J098", what, f"write {listed(missing, 'and')}, or remove the language")
        elif message.head.subject and language not in (message.head.subjects or {}):
            yield _subject(base, language, draft)


def _subject(base: str, language: str, draft: MessageDraft) -> Problem:
    root = draft.head.positions.root if draft.head else None
    entry = root.entry("subject") if isinstance(root, Mapping) else None
    at = entry.value.start if entry else _FIRST
    hint = f'write `subjects: {{{language}: "..."}}`'
    return Problem(
        f"{base}message.yaml", at.line, at.column, "J098", f"the message has no subject in `{language}`", hint
    )
