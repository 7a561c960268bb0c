"""A dead letter holds the record as it was, where it came from, and why."""

from records import NOW, Given

from streams.touchpoints.deadletters import MAX_BESIDE_BYTES, MAX_RAW_BYTES, dead_letter


def test_all_that_is_needed_to_put_it_back() -> None:
    given = Given(b"\xff", key=b"\xfe", headers=[("a", b"1"), ("a", b"2"), ("reason", b"mine")])
    out = dead_letter(given, "malformed", "it is no JSON", attempts=3)
    assert out.key == b"acme.touchpoints.web/3/42"
    assert out.value == b"\xff"
    assert list(out.headers) == [
        ("code", b"malformed"),
        ("reason", b"it is no JSON"),
        ("attempts", b"3"),
        ("timestamp", b"%d" % NOW),
        ("timestamp_type", b"1"),
        ("key", b"\xfe"),
        ("original.a", b"1"),
        ("original.a", b"2"),
        ("original.reason", b"mine"),
    ]


def test_no_key_and_an_empty_key_are_told_apart() -> None:
    assert "key" not in dict(dead_letter(Given(None), "empty", "").headers)
    assert dict(dead_letter(Given(None, key=b""), "empty", "").headers)["key"] == b""
    assert dead_letter(Given(None), "empty", "").value is None


def test_a_value_that_only_fitted_compressed_does_not_stop_the_partition() -> None:
    out = dead_letter(Given(b"x" * (MAX_RAW_BYTES + 1)), "too_large", "")
    assert len(out.value or b"") == MAX_RAW_BYTES
    assert dict(out.headers)["value_bytes"] == b"%d" % (MAX_RAW_BYTES + 1)


def test_a_key_and_headers_that_only_fitted_compressed_are_left_out() -> None:
    half = b"x" * (MAX_BESIDE_BYTES // 2)
    given = Given(b"{", key=half, headers=[("a", half)])
    headers = dict(dead_letter(given, "malformed", "").headers)
    assert headers.keys().isdisjoint({"key", "original.a"})
    assert headers["beside_bytes"] == b"%d" % (MAX_BESIDE_BYTES + len("keyoriginal.a"))
    assert "key" in dict(dead_letter(Given(b"{", key=half), "malformed", "").headers)


def test_a_reason_with_half_a_surrogate_or_without_end_is_still_written() -> None:
    headers = dict(dead_letter(Given(b""), "x", "\ud800" + "y" * 5000).headers)
    assert headers["reason"].startswith(b"?yy")
    assert len(headers["reason"]) == 2000
