"""The steps: what a journey's nodes become, each pointing at what follows it. `rescue` is true inside `on_error`."""

import msgspec

from engine.hours import OpenHours
from engine.program.messages import MessageSpec
from journeys.conditions import Compiled
from journeys.duration import Duration, Offset
from journeys.faq import Answers

Inputs = tuple[tuple[str, Compiled], ...]
"""Values by name, each an expression."""
Target = tuple[str, ...]
"""`customer` or `vars`, then the names down to what is written."""


class Opening(msgspec.Struct, frozen=True):
    """When a wait that is over may go on: in a window of the day (minutes), in open hours, after a spread by hash."""

    between: tuple[int, int] | None = None
    hours: OpenHours | None = None
    jitter: Duration | None = None


ALWAYS = Opening()


class ExitStep(msgspec.Struct, frozen=True):
    """Ends the enrollment with an outcome; the end of the steps is one, with `completed`."""

    outcome: str
    label: str
    rescue: bool = False


class WaitStep(msgspec.Struct, frozen=True):
    """Rests for a duration, begun anew by each event of `restart`. `label` is the node's id."""

    label: str
    duration: Duration
    then: "Step"
    rescue: bool = False
    opening: Opening = ALWAYS
    restart: frozenset[str] = frozenset()


class WaitUntilStep(msgspec.Struct, frozen=True):
    """Rests until a date, or until the next of some weekdays at a time of day (minutes).

    `past` says what a date already past does: go, skip (go on at `skipped`) or exit. `otherwise` follows where there is
    no date, or none any more; None ends the enrollment as `no_date`.
    """

    label: str
    date: Compiled | None
    weekdays: frozenset[int] | None
    minutes: int
    offset: Offset | None
    opening: Opening
    past: str
    then: "Step"
    skipped: "Step"
    otherwise: "Step | None"
    rescue: bool = False


class AwaitedEvent(msgspec.Struct, frozen=True):
    """One event that ends a `wait_for`: all of `where` must hold; `own` asks for what this enrollment sent.

    `number` is its place in the list, from 0, as the trace names it.
    """

    where: tuple[Compiled, ...]
    own: bool
    then: "Step"
    number: int = 0


class AwaitedState(msgspec.Struct, frozen=True):
    """A condition of the person that ends a `wait_for`; `number` as for an event."""

    when: Compiled
    then: "Step"
    number: int = 0


class WaitForStep(msgspec.Struct, frozen=True):
    """Rests until one of the events or states comes, at most `within`, then goes on at `otherwise`.

    `look_back` is how long before its arrival an event may have happened; `behind` is what stands behind the node.
    """

    label: str
    awaited: dict[str, tuple[AwaitedEvent, ...]]
    within: Duration
    otherwise: "Step"
    rescue: bool = False
    states: tuple[AwaitedState, ...] = ()
    look_back: Duration | None = None
    behind: "Step | None" = None


class ChooseStep(msgspec.Struct, frozen=True):
    """Goes on at the first branch that holds, else at `otherwise`. `label` is its path."""

    label: str
    branches: tuple[tuple[Compiled, "Step"], ...]
    otherwise: "Step"
    rescue: bool = False


class AnswerStep(msgspec.Struct, frozen=True):
    """Looks for the answer to what the person said last, kept as the variable `name`; `otherwise` for none."""

    label: str
    answers: Answers
    name: str
    then: "Step"
    otherwise: "Step"
    rescue: bool = False


class WinnerRule(msgspec.Struct, frozen=True):
    """How the shares of a split follow what is learned: fixed, z-test, sequential or thompson.

    Nothing is concluded before `min_exposures` people were in each arm; no arm gets less than `floor` of new people.
    """

    method: str
    min_exposures: int
    floor: float


class SplitStep(msgspec.Struct, frozen=True):
    """Goes on in an arm: (name, share of 1, step, control); `name` is what the hash and the memory go by."""

    label: str
    name: str
    arms: tuple[tuple[str, float, "Step", bool], ...]
    rescue: bool = False
    winner: WinnerRule | None = None


class Variant(msgspec.Struct, frozen=True):
    """One channel that a message may take; `recipient` is empty where it is the customer's address."""

    channel: str
    paths: tuple[tuple[str, ...], ...]
    recipient: str = ""


class FallbackRule(msgspec.Struct, frozen=True):
    """When the next channel of a message is tried: `after` the last one left the decision, unless it was answered.

    `unless` are the receipts that are an answer; one that tells more (`message.clicked` than `message.opened`) is too.
    """

    after: Duration
    unless: frozenset[str]


class SendStep(msgspec.Struct, frozen=True):
    """Proposes one message on the first of its channels that policy lets through, or with `best` on the best of them.

    A proposal refused on all goes on at `blocked`, a held one stands here; with `defer` it is made again once a rule
    allows it, at most so long after the first time. With `follows` it leaves where the conversation is. `topic` is
    empty where it is the journey's; `offer` and `segment` are those of a message that makes an offer. With `fallback`
    the enrollment stands here until the message is answered or the channels are used up. `begins` are the channels on
    which a conversation begins where none is open, the first of them that can be had.
    """

    label: str
    message: MessageSpec
    variants: tuple[Variant, ...]
    void_after: Duration | None
    then: "Step"
    blocked: "Step"
    rescue: bool = False
    topic: str = ""
    offer: str = ""
    segment: str = ""
    defer: Duration | None = None
    best: bool = False
    fallback: FallbackRule | None = None
    follows: bool = False
    begins: tuple[Variant, ...] = ()


class BestOfferStep(msgspec.Struct, frozen=True):
    """Proposes the best `pick` of the offers of a catalog, kept as the variable `name`; `otherwise` for none.

    `defer` is as in a send, where rules refuse all of them.
    """

    label: str
    catalog: str
    pick: int
    name: str
    void_after: Duration | None
    defer: Duration | None
    then: "Step"
    otherwise: "Step"
    rescue: bool = False


class TaskStep(msgspec.Struct, frozen=True):
    """Work for a person: rests until an outcome comes or it is due, which goes on at `otherwise`.

    An outcome that is not among `outcomes` goes on at `then`; `data` are the expressions that the person gets to see.
    With `says` the conversation is theirs meanwhile: that is how what they write leaves. `due` is a time from arrival,
    or the expression of a date.
    """

    label: str
    title: str
    queue: str
    due: Duration | Compiled
    warn: Duration | None
    data: Inputs
    outcomes: dict[str, "Step"]
    then: "Step"
    otherwise: "Step"
    rescue: bool = False
    hours: OpenHours | None = None
    says: SendStep | None = None


class CallStep(msgspec.Struct, frozen=True):
    """Asks a service, and rests until it answers, at most `within`; `name` is the variable of the answer, or empty."""

    label: str
    service: str
    data: Inputs
    name: str
    within: Duration
    then: "Step"
    otherwise: "Step"
    rescue: bool = False


class SetStep(msgspec.Struct, frozen=True):
    """Writes to the person or to the enrollment's variables, or with `adds` adds to the numbers there."""

    label: str
    writes: tuple[tuple[Target, Compiled], ...]
    then: "Step"
    rescue: bool = False
    adds: bool = False


class TagStep(msgspec.Struct, frozen=True):
    """Puts tags on the person, or with `off` takes them off."""

    label: str
    tags: tuple[str, ...]
    off: bool
    then: "Step"
    rescue: bool = False


class EmitStep(msgspec.Struct, frozen=True):
    """An event to the same person, or with `topic` to whoever reads that topic."""

    label: str
    type: str
    data: Inputs
    topic: str
    then: "Step"
    rescue: bool = False


class RepeatStep(msgspec.Struct, frozen=True):
    """The head of a loop of at most `most` rounds; its body is `body` of the journey's loops, under this label.

    `until` ends it at `then`; the cap at `otherwise`.
    """

    label: str
    most: int
    until: Compiled | None
    then: "Step"
    otherwise: "Step"
    rescue: bool = False


class BackStep(msgspec.Struct, frozen=True):
    """The end of a loop's body: goes back to its head."""

    label: str
    head: str
    rescue: bool = False


class ParallelStep(msgspec.Struct, frozen=True):
    """Begins branches, and rests until so many (`needed`) of them are at their end."""

    label: str
    branches: tuple[tuple[str, "Step"], ...]
    needed: int
    then: "Step"
    rescue: bool = False


class JoinStep(msgspec.Struct, frozen=True):
    """The end of a branch of the parallel `fork`."""

    label: str
    fork: str
    rescue: bool = False


class StartStep(msgspec.Struct, frozen=True):
    """Starts another journey with inputs; with `within` it rests until that ends, at most so long."""

    label: str
    journey: str
    data: Inputs
    within: Duration | None
    then: "Step"
    otherwise: "Step"
    rescue: bool = False


class DigestStep(msgspec.Struct, frozen=True):
    """Collects what `keep` takes of events until the time is over, there are `most`, or an event of `flush` comes."""

    label: str
    types: frozenset[str]
    where: Compiled | None
    duration: Duration
    most: int
    flush: frozenset[str]
    keep: Inputs
    name: str
    then: "Step"
    otherwise: "Step"
    rescue: bool = False


RestStep = (
    WaitStep
    | WaitUntilStep
    | WaitForStep
    | SendStep
    | BestOfferStep
    | TaskStep
    | CallStep
    | ParallelStep
    | StartStep
    | DigestStep
)
"""Steps at which an enrollment can stand still."""
Step = (
    RestStep
    | ExitStep
    | ChooseStep
    | AnswerStep
    | SplitStep
    | SetStep
    | TagStep
    | EmitStep
    | RepeatStep
    | BackStep
    | JoinStep
)
