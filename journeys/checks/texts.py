"""What phones show: an SMS within its segments and with a way out, a WhatsApp message that is one thing."""

import re
from collections.abc import Iterator

from journeys.checks.variables import senders
from journeys.load import Folder
from journeys.messages import sms
from journeys.messages.model import Message
from journeys.messages.parts import WhatsappPart, read_part
from journeys.messages.template import WAYS_OUT, Template, TemplateFault, parse
from journeys.messages.utm import tagger
from journeys.model import SmsRules
from journeys.problem import Problem

SEGMENTS = 2
OPT_OUT = ("STOP",)
_SHOWN = 6
_SMS = re.compile(r"sms(\.[A-Za-z-]+)?\.txt")
_WHATSAPP = re.compile(r"whatsapp(\.[A-Za-z-]+)?\.yaml")
"""In the project's language, or as `sms.fr.txt` in another."""


def faults(folder: Folder) -> Iterator[Problem]:
    """Faults of each text of an SMS, and of each part for WhatsApp, that can be read."""
    sent = senders(folder) if any(message.utm for message in folder.messages.values()) else {}
    for name, message in folder.messages.items():
        for part, source in message.parts.items():
            if _SMS.fullmatch(part):
                campaign = max((each.journey for each in sent.get(name, [])), key=len, default="")
                yield from _sms(f"messages/{name}/{part}", source, message, folder.project.sms, campaign)
            if _WHATSAPP.fullmatch(part):
                yield from _whatsapp(f"messages/{name}/{part}", source)


def _sms(file: str, source: str, message: Message, usual: SmsRules | None, campaign: str) -> Iterator[Problem]:
    own = message.head.sms
    try:
        template = parse(source)
        text = template.render(message.constants.get("", {}))
        if message.utm is not None:
            text = tagger(message.utm, "sms", campaign, ()).text(text)
        text = sms.tidy(text)
    except TemplateFault:
        return
    most = next((each.segments for each in (own, usual) if each and each.segments), SEGMENTS)
    words = next((each.opt_out for each in (own, usual) if each and each.opt_out is not None), list(OPT_OUT))
    if sms.length(text).segments > most:
        yield _too_long(file, source, text, most)
    if message.head.class_ == "marketing" and words and not _way_out(source, template, words):
        what = f"a marketing SMS without {' or '.join(f'`{word}`' for word in words)}"
        hint = f"end it with a line such as `{words[0]} to end`, or with `{{{{ unsubscribe_url }}}}`"
        yield Problem(file, 1, 1, "J096", what, hint)


def _too_long(file: str, source: str, text: str, most: int) -> Problem:
    """At the character that makes it UCS-2 where that is why it is too long, else at the one too many."""
    found, foreign = sms.length(text), sms.foreign(text)
    what = f"the SMS takes {found.segments} segments of {found.encoding} before anything is filled in, {most} allowed"
    place = _overflow(source, most)
    hint = f"shorten it, or write `sms: {{segments: {found.segments}}}` in message.yaml"
    if foreign and sms.length("".join("x" if each in foreign else each for each in text)).segments <= most:
        place = min((at for each in foreign if (at := source.find(each)) >= 0), default=0)
        hint = f"write it without {', '.join(f'`{each}`' for each in foreign[:_SHOWN])}, for which GSM-7 has no sign"
    return Problem(file, source.count("\n", 0, place) + 1, place - source.rfind("\n", 0, place), "J095", what, hint)


def _overflow(source: str, most: int) -> int:
    """Where a text becomes too long; the start of one with Liquid, or whose links make it so: it leaves as another."""
    if "{{" in source or "{%" in source or sms.length(sms.tidy(source)).segments <= most:
        return 0
    low, high = 0, len(source)
    while low < high:
        middle = (low + high) // 2
        if sms.length(sms.tidy(source[: middle + 1])).segments > most:
            high = middle
        else:
            low = middle + 1
    return low


def _way_out(source: str, template: Template, words: list[str]) -> bool:
    if template.variables & WAYS_OUT:
        return True
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source, re.IGNORECASE) for word in words)


def _whatsapp(file: str, text: str) -> Iterator[Problem]:
    part, _, _ = read_part(file, text)
    if not isinstance(part, WhatsappPart):
        return
    if part.template and part.text:
        what, hint = "a template and a text", "write one: the template at any time, the text within 24 h of an answer"
    elif not part.template and not part.text:
        what, hint = "neither a template nor a text", "write `template: NAME` and `language: en`, or `text:`"
    elif part.text and (part.parameters or part.image):
        what, hint = "a text with the parameters of a template", "write `template: NAME` in the place of `text`"
    else:
        return
    yield Problem(file, 1, 1, "J097", what, hint)
