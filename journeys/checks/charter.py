"""The charter of brands: words and claims that none of their texts has, and what each of them must have."""

from collections.abc import Iterable, Iterator, Mapping

from journeys.checks.facts import contradictions, faulty, journey_texts, repeated
from journeys.checks.phrases import found
from journeys.checks.reading import Said, brand_of, link_sign, read, said
from journeys.checks.variables import sent_by
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.messages.composed import constants_of, voice_of
from journeys.messages.languages import split
from journeys.messages.model import Message
from journeys.messages.template import WAYS_OUT
from journeys.model import Brand, Voice
from journeys.outline import is_slug
from journeys.problem import Problem, did_you_mean
from journeys.tree import Mapping as Keys
from journeys.tree import Scalar

_SIGNATURE = "the signature"
_SIGNED = "email"
"""The channel whose texts end with the signature of their brand."""


def faults(folder: Folder) -> Iterator[Problem]:
    """What the texts of messages, and those that journeys write, must not say, or leave out, or say in two ways."""
    senders = {draft.path: (draft, list(sent_by(folder, draft.positions.root))) for draft in folder.drafts}
    yield from faulty(folder)
    for draft, sent in senders.values():
        yield from _other_brand(folder, draft, sent)
        yield from _of_journey(folder, draft)
    for name, message in folder.messages.items():
        texts = said(folder, name)
        brands = _held_to(folder, message, (draft for draft, sent in senders.values() if name in sent))
        yield from _unknown(folder, message)
        yield from _bare(texts)
        for brand in brands:
            yield from (fault for each in texts for fault in never_said(each, brand))
            yield from _required(folder, message, texts, brand)
        yield from contradictions(folder, message, texts)


def _held_to(folder: Folder, message: Message, senders: Iterable[Draft]) -> list[Brand]:
    """The brand of a message, else those of the journeys that send it."""
    own = brand_of(folder, message.head)
    if own is not None:
        return [own]
    named = sorted({name.text for draft in senders if (name := _brand(draft))})
    return [folder.brands[name].model for name in named if name in folder.brands]


def _brand(draft: Draft) -> Scalar | None:
    root = draft.positions.root
    written = root.get("brand") if isinstance(root, Keys) else None
    return written if is_slug(written) and isinstance(written, Scalar) else None


def _unknown(folder: Folder, message: Message) -> Iterator[Problem]:
    head = folder.message_drafts[message.name].head
    named = _brand(head) if head else None
    known = _known(folder)
    if head and named and named.text not in known:
        hint = did_you_mean(named.text, known, f"write brands/{named.text}.yaml")
        yield problem(head.path, named.start, "J083", f"unknown brand `{named.text}`", hint)


def _known(folder: Folder) -> set[str]:
    """The brands of a folder, those that do not fit included."""
    return {name.text for draft in folder.brand_drafts if (name := _brand(draft))}


def _other_brand(folder: Folder, draft: Draft, sent: Iterable[str]) -> Iterator[Problem]:
    named = _brand(draft)
    speaks = named.text if named else folder.project.brand
    for name in dict.fromkeys(sent):
        message = folder.messages.get(name)
        other = (message.head.brand or folder.project.brand) if message else None
        if speaks and other and other != speaks:
            at = named.start if named else draft.positions.at()
            what = f"the journey speaks for `{speaks}`, and its message `{name}` for `{other}`"
            yield problem(draft.path, at, "J117", what, f"write `brand: {other}`, or send another message")


def _of_journey(folder: Folder, draft: Draft) -> Iterator[Problem]:
    """Texts that a journey writes into variables, for its messages to say."""
    named = _brand(draft)
    loaded = folder.brands.get(named.text if named else folder.project.brand or "")
    if loaded is not None:
        for each in journey_texts(draft):
            yield from never_said(each, loaded.model)
        yield from repeated(folder, draft, loaded.model.facts)


def _bare(texts: Iterable[Said]) -> Iterator[Problem]:
    for each in texts:
        for at in each.reading.bare:
            what = "a picture has no text in its place"
            hint = 'write `alt="..."` for those who do not see it, or `alt=""` where it only decorates'
            yield problem(each.file, each.place(at), "J114", what, hint)


def never_said(text: Said, brand: Brand) -> Iterator[Problem]:
    """Words and claims in a text that its brand does not use."""
    voice = voice_of(brand, text.language)
    words = voice.words
    wrong = [(each, "a word", "write it otherwise") for each in (words.never if words else [])]
    wrong += [(each, "a word", f"write `{other}`") for each, other in (words.rather if words else {}).items()]
    wrong += [(each, "a claim", "leave it out") for each in voice.claims or []]
    for phrase, kind, cure in wrong:
        for at in found(phrase, text.reading.text):
            what = f"`{phrase}` is {kind} that the brand `{brand.brand}` never uses"
            yield problem(text.file, text.mark(at), "J112", what, cure)


def _required(folder: Folder, message: Message, texts: Iterable[Said], brand: Brand) -> Iterator[Problem]:
    for part, text in _by_part(texts).items():
        language = split(part)[1]
        channel, voice = part.partition(".")[0], voice_of(brand, language)
        known = constants_of(message.head, folder.project, brand, language)
        for wanted, what in _wanted(voice, channel, marketing=message.head.class_ == "marketing"):
            times = len(list(found(read(wanted, known).text, text)))
            if times == 1 or (times and what != _SIGNATURE):
                continue
            verb, often = ("has", " twice") if times else ("lacks", "")
            told = f"{part} {verb} {what} of the brand `{brand.brand}`{often}"
            shown = "{{ brand.signature }}" if what == _SIGNATURE else " ".join(wanted.split())
            cure = "leave it to the layout" if times else f"write `{shown}` in it, or in its layout"
            yield Problem(f"messages/{message.name}/{part}", 1, 1, "J113", told, cure)


def _wanted(voice: Voice, channel: str, *, marketing: bool) -> Iterator[tuple[str, str]]:
    if voice.signature and channel == _SIGNED:
        yield voice.signature, _SIGNATURE
    for line in (voice.required or {}).get(channel, ()):
        # Only marketing has something to be unsubscribed from.
        if marketing or not any(link_sign(name) in read(line, {}).text for name in WAYS_OUT):
            yield line, "a required line"


def _by_part(texts: Iterable[Said]) -> Mapping[str, str]:
    """What is read of each part, with the layout around it."""
    parts: dict[str, list[str]] = {}
    for each in texts:
        if each.part:
            parts.setdefault(each.part, []).append(each.reading.text)
    return {part: "\n".join(several) for part, several in parts.items()}
