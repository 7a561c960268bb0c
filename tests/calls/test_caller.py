"""From a call to its answer, over real HTTP: what is sent, what is tried again, what waits for whom."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from calls.desk import Desk, call, row, wall_ms
from calls.misbehaving import Service, after, breaks_off, closes, endless, hangs, says, sends
from dispatching import Row
from waiting import until

from journeys.model.folder import Service as Named
from streams.broker.publish import PublishError
from streams.calls.answer import LATE
from streams.calls.breaker import FAILURES
from streams.calls.caller import erasure_of
from streams.calls.gate import PARALLEL, Gate
from streams.calls.trying import attempt
from streams.settings import Settings


async def test_the_question_and_its_answer(desk: Desk, service: Service) -> None:
    service.script["/score"] = [says({"score": 7.5, "tags": ["a"]})]
    (answer,) = await desk.take(call("c1", data={"tier": "gold", "n": 3}))
    (asked,) = service.asked["/score"]
    assert asked["body"] == {"tier": "gold", "n": 3}
    assert asked["headers"]["Idempotency-Key"] == "c1"
    assert asked["headers"]["Accept-Encoding"] == "identity"
    assert answer["type"] == "call.done"
    assert answer["properties"] == {
        "call_id": "c1", "service": "score", "status": 200, "body": {"score": 7.5, "tags": ["a"]},
    }  # fmt: skip
    assert desk.outcomes == {("score", "done"): 1}
    assert desk.tried == {"score": 1}


async def test_a_get_carries_its_data_in_the_query(desk: Desk, service: Service) -> None:
    desk.names("stock", "/stock", method="GET")
    await desk.take(call("c1", "stock", data={"sku": "a b&c", "n": 3, "new": True, "tags": ["x"], "none": None}))
    (asked,) = service.asked["/stock"]
    assert asked["query"] == {"sku": "a b&c", "n": "3", "new": "true", "tags": '["x"]', "none": "null"}
    assert asked["body"] is None


@pytest.mark.parametrize("status", [500, 502, 503, 408, 409, 425, 429])
async def test_what_passes_is_asked_again_under_the_same_key(desk: Desk, service: Service, status: int) -> None:
    service.script["/score"] = [says({}, status), says({}, status), says({"score": 1})]
    (answer,) = await desk.take(call("c1"))
    assert answer["type"] == "call.done"
    assert service.keys == {("/score", "c1"): 3}


@pytest.mark.parametrize("status", [300, 302, 400, 401, 404, 422])
async def test_what_stays_is_not(desk: Desk, service: Service, status: int) -> None:
    service.script["/score"] = [says({}, status, Location=service.url + "/elsewhere")]
    (answer,) = await desk.take(call("c1"))
    assert (answer["type"], answer["properties"]["code"]) == ("call.failed", f"http_{status}")
    assert answer["properties"]["status"] == status
    assert service.keys == {("/score", "c1"): 1}


async def test_tries_end_with_the_retries_of_the_service(desk: Desk, service: Service) -> None:
    service.script["/score"] = [says({}, 500)]
    desk.names("once", "/once", retries=0)
    service.script["/once"] = [says({}, 500)]
    await desk.take(call("c1"), call("c2", "once"))
    assert desk.codes() == {"c1": "http_500", "c2": "http_500"}
    assert service.keys == {("/score", "c1"): 4, ("/once", "c2"): 1}


@pytest.mark.parametrize("behaviour", [closes, breaks_off])
async def test_a_connection_that_breaks_is_made_again(desk: Desk, service: Service, behaviour: object) -> None:
    service.script["/score"] = [behaviour, behaviour, says({"score": 1})]  # type: ignore[list-item]
    await desk.take(call("c1"))
    assert desk.codes() == {"c1": "done"}
    service.script["/score"] = [behaviour]  # type: ignore[list-item]
    await desk.take(call("c2"))
    assert desk.codes()["c2"] == "no_answer"


async def test_a_get_whose_connection_breaks_is_made_no_oftener_than_the_retries_say(
    desk: Desk, service: Service
) -> None:
    desk.names("once", "/once", method="GET", retries=0)
    service.script["/once"] = [closes]
    await desk.take(call("c1", "once"))
    assert desk.codes() == {"c1": "no_answer"}
    assert service.keys == {("/once", "c1"): 1}


async def test_nobody_there_is_tried_again_too(desk: Desk, unused: int) -> None:
    desk.services["gone"] = {"url": f"http://127.0.0.1:{unused}/", "retries": 2}
    await desk.take(call("c1", "gone"))
    assert desk.codes() == {"c1": "unreachable"}
    assert desk.tried == {"gone": 3}


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (endless, "too_large"),
        (sends(b'"' + b"x" * 65_534 + b'"'), "done"),
        (sends(b'"' + b"x" * 65_535 + b'"'), "too_large"),
        (sends(b"<html></html>"), "not_json"),
        (sends(b"\x1f\x8b\x08\x00", **{"Content-Encoding": "gzip"}), "not_json"),
        (sends(b"[" * 40 + b"]" * 40), "too_deep"),
        (sends(b"", 204), "done"),
    ],
)
async def test_a_body_counts_that_is_small_flat_json(
    desk: Desk, service: Service, behaviour: object, code: str
) -> None:
    service.script["/score"] = [behaviour]  # type: ignore[list-item]
    await desk.take(call("c1"))
    assert desk.codes() == {"c1": code}
    assert service.keys == {("/score", "c1"): 1}


async def test_a_later_try_waits_as_long_as_the_service_asks(desk: Desk, service: Service) -> None:
    service.script["/score"] = [says({}, 429, **{"Retry-After": "1"}), says({})]
    began_at = wall_ms()
    await desk.take(call("c1"))
    assert desk.codes() == {"c1": "done"}
    assert wall_ms() - began_at >= 1_000


async def test_no_try_begins_after_its_time(desk: Desk, service: Service) -> None:
    service.script["/score"] = [says({}, 503, **{"Retry-After": "60"})]
    began_at = wall_ms()
    await desk.take(call("c1"), call("late", within_ms=0))
    assert desk.codes() == {"c1": "http_503", "late": "late"}
    assert service.keys == {("/score", "c1"): 1}
    assert wall_ms() - began_at < 25_000


async def test_a_place_is_given_to_nobody_whose_time_is_over() -> None:
    gate, now = Gate(lambda _away: None), asyncio.get_running_loop().time
    assert await gate.enter(now()) == LATE
    assert [await gate.enter(now() + 60) for _ in range(PARALLEL)] == [""] * PARALLEL


async def test_no_time_at_all_is_a_time_limit_too(desk: Desk, service: Service) -> None:
    service.script["/score"] = [hangs]
    asked = Gate(lambda _away: None)
    answer = await attempt(asked.session, Named(url=f"{service.url}/score"), {}, call("c1"), 0.0)
    await asked.close()
    assert answer.code == "time_out"


async def test_a_service_that_hangs_is_given_up_at_its_time_out_or_when_nobody_waits_any_more(
    desk: Desk, service: Service
) -> None:
    desk.names("slow", "/slow", timeout="1s", retries=1)
    service.script["/slow"] = service.script["/score"] = [hangs]
    began_at = wall_ms()
    await desk.take(call("c1", "slow"), call("c2", within_ms=2_000))
    assert desk.codes() == {"c1": "time_out", "c2": "time_out"}
    assert service.keys == {("/slow", "c1"): 2, ("/score", "c2"): 1}
    assert 2_000 <= wall_ms() - began_at < 20_000


async def test_a_service_that_hangs_slows_nobody_else(desk: Desk, service: Service) -> None:
    desk.names("quick", "/quick")
    desk.names("score", timeout="5m")
    service.script["/score"] = [hangs]
    stuck = asyncio.create_task(desk.take(*(call(f"s{n}", within_ms=300_000) for n in range(100))))
    await until(lambda: service.most["/score"] == PARALLEL)
    await desk.take(*(call(f"q{n}", "quick", within_ms=300_000) for n in range(200)))
    assert [desk.codes().get(f"q{n}") for n in range(200)] == ["done"] * 200
    assert not stuck.done()
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)
    assert service.most["/score"] == PARALLEL
    assert {code for name, code in desk.codes().items() if name.startswith("s")} == set()


async def test_a_service_that_fails_is_left_alone_and_the_answers_that_are_there_do_not_wait(
    desk: Desk, service: Service
) -> None:
    service.script["/score"] = [says({}, 500)]
    await desk.take(*(call(f"c{n}", within_ms=3_000) for n in range(300)))
    asked = sum(service.keys.values())
    assert FAILURES <= asked <= FAILURES + PARALLEL
    assert set(desk.codes().values()) == {"http_500", "service_away"}
    assert len(desk.answers) == 300
    assert desk.away == [("score", False), ("score", True)]


async def test_when_it_answers_again_those_that_waited_are_served(desk: Desk, service: Service) -> None:
    service.script["/score"] = [*[says({}, 500)] * FAILURES, says({"score": 1})]
    await desk.take(*(call(f"c{n}") for n in range(PARALLEL)))
    assert set(desk.codes().values()) == {"done"}
    assert desk.away[-1] == ("score", False)


@pytest.mark.parametrize(("status", "there"), [(409, True), (425, True), (408, False), (429, False)])
async def test_a_service_that_answers_of_one_call_is_there_for_the_others(
    desk: Desk, service: Service, status: int, *, there: bool
) -> None:
    desk.names("score", "/score", retries=FAILURES)
    service.script["/score"] = [*[says({}, 500)] * (FAILURES - 1), says({}, status), says({}, 500)]
    await desk.take(call("c1", within_ms=60_000))
    assert desk.codes() == {"c1": "http_500"}
    assert desk.away[-1] == ("score", not there)


async def test_an_answer_leaves_before_another_that_takes_long(desk: Desk, service: Service) -> None:
    turn = asyncio.Event()
    desk.names("slow", "/slow")
    service.script["/slow"] = [after(turn, {})]
    taking = asyncio.create_task(desk.take(call("c1", "slow"), call("c2")))
    await until(lambda: desk.codes() == {"c2": "done"})
    assert not taking.done()
    turn.set()
    await taking
    assert desk.codes() == {"c1": "done", "c2": "done"}


async def test_an_unknown_service_is_one_once_all_that_is_deployed_is_known(desk: Desk) -> None:
    await desk.take(call("c1", "nobody"))
    assert desk.codes() == {"c1": "unknown_service"}
    assert desk.caught_up == 1


async def test_a_new_release_is_followed(desk: Desk, service: Service) -> None:
    await desk.take(call("c1"))
    desk.names("score", "/elsewhere")
    await desk.take(call("c2"))
    assert service.keys == {("/score", "c1"): 1, ("/elsewhere", "c2"): 1}


async def test_a_project_that_cannot_be_read_leaves_the_services_that_were_known(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.take(call("c1"))
    desk.services["newer"] = {"url": "http://x", "unheard_of": 1}
    await desk.take(call("c2"))
    assert desk.codes() == {"c1": "done", "c2": "done"}
    assert "those known before stay in use" in caplog.text


async def test_a_header_has_its_secret_from_the_file_as_it_is_now(
    desks: Callable[..., Desk], service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"score-token": "first"}')
    desk = desks(secrets=str(file))
    desk.names("score", headers={"Authorization": "Bearer secret:score-token", "X-Shop": "secret-free"})
    await desk.take(call("c1"))
    file.write_text('{"score-token": "second"}')
    await desk.take(call("c2"))
    sent = [asked["headers"] for asked in service.asked["/score"]]
    assert [headers["Authorization"] for headers in sent] == ["Bearer first", "Bearer second"]
    assert sent[0]["X-Shop"] == "secret-free"


async def test_a_secret_that_is_not_there_is_waited_for_and_never_told(
    desks: Callable[..., Desk], service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"other": "s3cr3t-of-another"}')
    desk = desks(secrets=str(file))
    desk.names("score", headers={"Authorization": "secret:score-token"}, retries=1)
    (answer,) = await desk.take(call("c1"))
    assert answer["properties"]["code"] == "no_secret"
    assert service.asked["/score"] == []
    assert "holds no score-token; add it" in caplog.text
    assert "s3cr3t" not in caplog.text + json.dumps(answer)


async def test_what_is_no_call_is_put_aside_and_a_repeat_in_a_batch_is_made_once(desk: Desk, service: Service) -> None:
    deep = b'{"kind":"call","data":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}"
    await desk.caller.take(0, [Row(b"{}", 0), Row(None, 1), row(call("c1"), 2), row(call("c1"), 3), Row(deep, 4)])
    assert [code for code, _ in desk.dead] == ["not_a_call"] * 3
    assert erasure_of(deep) is None
    assert service.keys == {("/score", "c1"): 1}
    assert len(desk.answers) == 1


async def test_a_call_that_was_answered_is_not_asked_again(desk: Desk, service: Service) -> None:
    await desk.take(call("c1"))
    await desk.take(call("c1"), call("c2"))
    assert service.keys == {("/score", "c1"): 1, ("/score", "c2"): 1}
    assert len(desk.answers) == 2


async def test_an_answer_that_cannot_be_written_ends_the_batch_so_that_it_is_made_again(desk: Desk) -> None:
    desk.shelf.refuse = lambda _topic, _records: True
    with pytest.raises(PublishError):
        await desk.take(call("c1"))
    desk.shelf.refuse = lambda _topic, _records: False
    await desk.take(call("c1"))
    assert desk.codes() == {"c1": "done"}


async def test_a_batch_given_up_gives_its_places_back(desk: Desk, service: Service) -> None:
    service.script["/score"] = [hangs]
    desk.names("score", timeout="5m")
    taking = asyncio.create_task(desk.take(*(call(f"c{n}") for n in range(PARALLEL))))
    await until(lambda: service.most["/score"] == PARALLEL)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    service.script["/score"] = [says({})]
    await desk.take(*(call(f"d{n}") for n in range(PARALLEL)))
    assert set(desk.codes().values()) == {"done"}
    assert len(desk.answers) == PARALLEL


async def test_in_a_replay_the_time_of_a_call_counts_from_when_it_is_read(
    desks: Callable[..., Desk], service: Service
) -> None:
    desk = desks(Settings(prefix="t", channels="web", clock="event"))
    desk.names("score")
    await desk.take(call("c1", decided_at=1_000_000, within_at=1_060_000))
    assert desk.codes() == {"c1": "done"}
