"""Answers of a FAQ in the words of the brand: filled in for who asks while its facts are true, checked as texts are."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cli.main import main
from journeys.checks import check
from journeys.faq import Answers
from journeys.load import load_project
from journeys.messages.render import render
from journeys.messages.spoken import Spoken, spoken
from journeys.model import Faq
from streams.definitions.plan import plan_deploy
from streams.definitions.shelf import JourneyBlob, Shelf

ASK = """\
journey: ask
topic: service
ttl: 2d
enter: {on: message.replied, where: has(event.text)}
steps:
  - answer: shop
    do:
      - send: said
        channel: conversation
      - exit: answered
  - exit: unknown
"""
SHOP = """\
faq: shop
entries:
  fee:
    questions: {en: [What does delivery cost?], fr: [Combien coûte la livraison ?]}
    answers:
      en: "{{ facts.delivery.price }} {{ facts.delivery.currency }}. {{ brand.signature }}"
      fr: "{{ facts.delivery.price }} euros. {{ brand.signature }}"
  hours:
    questions: {en: [When are you open?]}
    answers: {en: From nine to six.}
"""
BRAND = """\
brand: lumiere
title: Lumière
signature: Yours, Lumière
facts:
  delivery: {price: 3, until: 2026-03-31}
languages: {fr: {signature: "Bien à vous, Lumière"}}
"""
LIVES = """\
journey: ask
---
life: asks while it is true
play:
  - at: 2026-03-03T10:00
    channel: chat
    event: {type: message.replied, text: "What does delivery cost?"}
expect: {outcomes: [answered]}
---
life: asks when it is over
play:
  - at: 2026-04-03T10:00
    channel: chat
    event: {type: message.replied, text: "What does delivery cost?"}
expect: {sent: [], outcomes: [unknown]}
"""
FILES = {
    "project.yaml": "brand: lumiere\ncurrency: EUR\n",
    "brands/lumiere.yaml": BRAND,
    "faq/shop.yaml": SHOP,
    "journeys/ask.yaml": ASK,
    "messages/said/message.yaml": "title: What the bot says\nclass: service\n",
    "messages/said/chat.txt": "{{ vars.answer.text }}\n",
}
FOLDER = load_project(FILES)


def said(files: dict[str, str]) -> list[str]:
    return [str(each) for each in check(load_project({**FILES, **files}))]


def blob(files: dict[str, str]) -> JourneyBlob:
    plan = plan_deploy(Shelf(), load_project({**FILES, **files}), 1, "", "one")
    found = [each for each in plan.blobs if b'"journey":"ask"' in each]
    return msgspec.json.decode(found[0], type=JourneyBlob)


def test_an_answer_is_filled_in_for_the_brand_and_language_and_holds_as_long_as_its_facts() -> None:
    assert said({}) == []
    held = blob({}).spoken["shop"]
    assert held.texts == {"fee": {"en": "3 EUR. Yours, Lumière", "fr": "3 euros. Bien à vous, Lumière"}}
    assert held.spans == {"fee": (0, 1_775_001_600_000)}  # 2026-04-01T00:00Z
    faq = FOLDER.faqs["shop"].model
    shop = Answers(faq, held)
    near = shop.find("Combien coûte la livraison ?")
    assert near is not None and shop.answer(near) == ("fr", "3 euros. Bien à vous, Lumière")
    until = held.spans["fee"][1]
    assert [shop.holds(near, at) for at in (0, until - 1, until)] == [True, True, False]


def test_what_names_nothing_makes_no_other_version() -> None:
    plain = SHOP.replace(
        "{{ facts.delivery.price }} {{ facts.delivery.currency }}. {{ brand.signature }}", "It is free."
    )
    plain = plain.replace("{{ facts.delivery.price }} euros. {{ brand.signature }}", "Rien.")
    assert blob({"faq/shop.yaml": plain}).spoken == {}
    assert spoken(Faq.model_validate({"faq": "f", "entries": {"a": ONE}}), FOLDER.project, None) == Spoken()


ONE = {"questions": {"en": ["Why?"]}, "answers": {"en": "So."}}


def test_the_brand_is_that_of_the_journey_that_asks() -> None:
    other = BRAND.replace("lumiere", "maison").replace("Lumière", "Maison").replace("price: 3", "price: 5")
    asks = ASK.replace("topic: service", "brand: maison\ntopic: service")
    head = "class: service\nbrand: maison\n"
    files = {"brands/maison.yaml": other, "journeys/ask.yaml": asks, "messages/said/message.yaml": head}
    assert said(files) == []
    assert blob(files).spoken["shop"].texts["fee"]["en"] == "5 EUR. Yours, Maison"
    # One of two brands does not know it.
    nothing = {**files, "brands/maison.yaml": "brand: maison\n"}
    assert any("J016" in line and "signature" in line for line in said(nothing))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{{ facts.delivery.prize }}", "J016 `facts.delivery` has no `prize`; hint: did you mean `price`?"),
        ("{{ facts.none.price }}", "J016 `facts` has no `none`; hint: it has `delivery`"),
        ("{{ brand.slogan }}", "J016 `brand` has no `slogan`; hint: it has `signature` and `title`"),
        (
            "{{ customer.first_name }}",
            "J016 unknown name `customer.first_name`: an answer names only `brand` and `facts`; hint: write it in the "
            "message that says `vars.answer.text`",
        ),
        ("{{ brand.title | shout }}", "J015 unknown filter 'shout'; hint: did you mean `sort`?"),
    ],
)
def test_what_an_answer_cannot_name_is_told_as_in_a_message(text: str, line: str) -> None:
    [told] = said({"faq/shop.yaml": SHOP.replace("From nine to six.", f'"Nine. {text}"')})
    place, _, rest = told.partition(" ")
    assert rest == line
    assert place.startswith("faq/shop.yaml:10:") and int(place.split(":")[2]) > 20


CHARTER = BRAND + "words: {rather: {cheap*: affordable}}\nclaims: [the best price*]\n"
CURE = "say the same in all texts, best with a fact: `facts:` in the brand"


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"en": "Cheaper!"}, "J112 `cheap*` is a word that the brand `lumiere` never uses; hint: write `affordable`"),
        ({"en": "Best: the best prices."}, "J112 `the best price*` is a claim that the brand `lumiere` never uses"),
        ({"en": "It costs 3 €."}, "J111 `3 €` is written out, and is `facts.delivery.price`; hint: write"),
        ({"en": "{{ facts.delivery.price }}, or 5 €."}, "J110 `5 €` stands here, and the facts that the answer names"),
        ({"en": "10 % off.", "fr": "15 %."}, f"J110 `15 %` stands here, and `10 %` in `en`; hint: {CURE}"),
        ({"en": "10 % off.", "fr": "10% de remise, cheap."}, "J112 `cheap*` is a word that the brand `lumiere` never"),
    ],
)
def test_an_answer_is_held_to_the_charter_of_the_brand_as_a_message_is(answers: dict[str, str], line: str) -> None:
    written = "".join(f"\n      {language}: '{text}'" for language, text in answers.items())
    shop = SHOP.replace("{en: From nine to six.}", written).replace("[When are you open?]", "[Is it cheap?]")
    [told] = said({"faq/shop.yaml": shop, "brands/lumiere.yaml": CHARTER})
    place, _, rest = told.partition(" ")
    assert rest.startswith(line)
    assert place.startswith(f"faq/shop.yaml:{10 + len(answers)}:")
    # Who asks for another brand is held to that, and to no other; what both say is told once.
    maison = CHARTER.replace("lumiere", "maison")
    asks = ASK.replace("topic: service", "brand: maison\ntopic: service")
    head = "class: service\nbrand: maison\n"
    others = {"brands/maison.yaml": maison, "journeys/ask.yaml": asks, "messages/said/message.yaml": head}
    assert said({"faq/shop.yaml": shop, "brands/lumiere.yaml": CHARTER, **others}) == [
        told.replace("lumiere", "maison")
    ]


def test_a_template_that_cannot_be_read_stays_as_it_is_written() -> None:
    faq = Faq.model_validate({"faq": "f", "entries": {"a": {**ONE, "answers": {"en": "{{ oh"}}}})
    assert spoken(faq, FOLDER.project, FOLDER.brands["lumiere"].model).texts == {"a": {"en": "{{ oh"}}


def test_lives_see_the_fact_end_and_why_tells(tmp_path: Path) -> None:
    for name, text in {**FILES, "lives/ask.yaml": LIVES}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    played = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert played.output.splitlines()[-1] == "2 passed, 0 failed", played.output


def test_the_answer_that_is_over_takes_the_place_of_no_other() -> None:
    shop = Answers(FOLDER.faqs["shop"].model, Spoken({}, {"fee": (10, 20)}))
    near = shop.find("What does delivery cost?")
    assert near is not None and shop.reaches(near)
    assert [shop.holds(near, at) for at in (9, 10, 19, 20)] == [False, True, True, False]


def test_what_people_write_leaves_in_the_words_of_the_brand_and_is_checked_alike() -> None:
    over = ASK.replace(
        "  - exit: unknown\n", "  - {task: help, queue: care, due: 1h, hand_over: person-says}\n  - exit: done\n"
    )
    said_by = {"messages/person-says/message.yaml": "class: service\n", "journeys/ask.yaml": over}
    text = "{{ event.text }} {{ brand.signature }}"
    folder = load_project({**FILES, **said_by, "messages/person-says/chat.txt": text})
    assert check(folder) == []
    read = render(folder.messages["person-says"], "chat", {"event": {"text": "Yes."}})
    assert read.text == "Yes. Yours, Lumière"
    [told] = said({**said_by, "messages/person-says/chat.txt": "{{ event.text }} {{ brand.slogan }}"})
    assert "messages/person-says/chat.txt:1:21: J016 `brand` has no `slogan`" in told
