"""Octets to records and back: exact, bounded, and nothing lost to a bad neighbour."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailpipe import jsonl
from mailpipe.errors import DataError
from mailpipe.lines import MAX_LINE, Lines
from mailpipe.record import batches

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)
objects = st.dictionaries(texts, values)


def records(text: bytes) -> list[dict[str, Any]]:
    return list(jsonl.read(io.BufferedReader(io.BytesIO(text)), "test"))


def slugs(text: bytes) -> list[str | None]:
    return [record.get("error", {}).get("type") for record in records(text)]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(objects, max_size=3))
def test_what_is_written_is_read_again(written: list[dict[str, Any]]) -> None:
    assert records(b"".join(map(jsonl.encode, written))) == written


@pytest.mark.parametrize("number", ["1.10", "0.1", "1e400", "12345678901234567890.12", "1" * 400, "-0.0"])
def test_numbers_stay_exact(number: str) -> None:
    [record] = records(b'{"n": %b}' % number.encode())

    [again] = records(jsonl.encode(record))
    assert (record["n"], again["n"]) == (Decimal(number), Decimal(number))


def test_a_decimal_keeps_its_trailing_zero() -> None:
    assert jsonl.encode(records(b'{"price": 1.10}')[0]) == b'{"price":1.10}\n'


@pytest.mark.parametrize(
    ("line", "slug"),
    [
        (b"[]", "not-an-object"),
        (b"5", "not-an-object"),
        (b'"x"', "not-an-object"),
        (b"null", "not-an-object"),
        (b'{"a": NaN}', "not-json"),
        (b'{"a": Infinity}', "not-json"),
        (b'{"a": "\xff"}', "not-json"),
        (b'{"a": 1', "not-json"),
        (b'{"a": 1}}', "not-json"),
        (b"\0", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b'{"n": ' + b"9" * 5000 + b"}", "not-json"),
    ],
)
def test_a_bad_line_is_refused_and_its_neighbours_are_read(line: bytes, slug: str) -> None:
    assert slugs(b'{"a":1}\n' + line + b'\n{"b":2}\n') == [None, slug, None]


@pytest.mark.parametrize("line", [b"[]", b"5", b"nonsense", b'{"a": 1', b'{"a":', b"["])
def test_a_bad_first_line_spoils_nothing_either(line: bytes) -> None:
    assert records(line + b'\n{"b":2}\n{"c":3}\n')[1:] == [{"b": 2}, {"c": 3}]


def test_a_bad_line_is_kept_and_named() -> None:
    [_, bad] = records(b'{"a":1}\n{"b": oops}\n')

    assert bad["input"] == '{"b": oops}'
    assert "line 2 (octet 8)" in bad["error"]["detail"]


def test_lone_surrogates_become_replacement_characters() -> None:
    [record] = records(b'{"a": "x\\ud83d"}')

    assert record == {"a": "x\ufffd"}


def test_no_value_can_crash_the_writer() -> None:
    assert jsonl.encode({"a\udc80": ["\ud83d", float("nan")]}) == '{"a\ufffd":["\ufffd",null]}\n'.encode()


def test_a_surrogate_pair_is_one_character() -> None:
    assert records(b'{"a": "\\ud83d\\ude00"}') == [{"a": "\U0001f600"}]


@pytest.mark.parametrize("stream", [b"", b"\n\n", b" \r\n\t\n"])
def test_blank_input_has_no_records(stream: bytes) -> None:
    assert records(stream) == []


def test_blank_lines_carriage_returns_and_a_byte_order_mark_do_not_matter() -> None:
    assert records(b'\xef\xbb\xbf{"a":1}\r\n\r\n  {"b":2}') == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_an_array_is_its_elements(indent: int | None) -> None:
    wanted = [{"a": [1, {"b": 2}]}, {"c": {}}]

    assert records(json.dumps(wanted, indent=indent).encode()) == wanted


def test_an_array_names_its_bad_elements() -> None:
    assert slugs(b'[{"a":1}, 5, {"b":2}]') == [None, "not-an-object", None]


@pytest.mark.parametrize("between", ["\n", "", "\n\n"])
def test_printed_objects_may_span_lines(between: str) -> None:
    wanted = [{"a": [1, {"b": 2}]}, {"c": {"d": "}"}}, {"e": 1}]
    text = between.join(json.dumps(value, indent=2) for value in wanted)

    assert records(text.encode()) == wanted


def test_a_printed_object_without_its_end_is_one_error() -> None:
    assert slugs(b'{\n  "a": 1,\n  "b": [\n    2\n') == ["not-json"]


def test_a_stream_cut_anywhere_never_invents_a_record() -> None:
    whole = [{"n": number, "text": 'a "quoted"\n{}', "deep": {"x": [1, 2]}} for number in range(4)]
    stream = b"".join(map(jsonl.encode, whole))

    for end in range(len(stream)):
        good = [record for record in records(stream[:end]) if "error" not in record]
        assert good == whole[: len(good)]
        # A last line that lacks only its line end is complete.
        assert len(good) == (stream[:end] + (b"\n" if stream[end : end + 1] == b"\n" else b"")).count(b"\n")


def test_a_line_over_the_limit_is_refused_and_the_stream_goes_on() -> None:
    long = b'{"a":"' + b"x" * MAX_LINE + b'"}'

    [before, bad, after] = records(b'{"b":1}\n' + long + b'\n{"c":2}\n')
    assert (before, bad["error"]["type"], after) == ({"b": 1}, "limit:line", {"c": 2})
    assert len(bad["input"]) < 100_000


def test_a_document_over_the_limit_says_what_to_do() -> None:
    text = b'[\n{"a":"' + b"x" * MAX_LINE + b'"},\n{}]'

    with pytest.raises(DataError, match="jq -c"):
        records(text[: MAX_LINE // 2] + b"\n" + text)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_lines_are_those_of_the_text(text: bytes, limit: int) -> None:
    lines = Lines(io.BufferedReader(io.BytesIO(text)), limit)
    found = []
    while (line := lines.next()) is not None:
        found.append(line)

    wanted = text.split(b"\n")[: -1 if text.endswith(b"\n") or not text else None]
    assert [line.text for line in found] == [line[:limit] for line in wanted]
    assert [line.octets for line in found] == [len(line) for line in wanted]


def test_a_batch_never_waits_for_one_more() -> None:
    lines = jsonl.read(io.BufferedReader(io.BytesIO(b'{"a":1}\n' * 5)), "test")

    assert [len(batch) for batch in batches(lines, 2)] == [2, 2, 1]
    assert [len(batch) for batch in batches(iter([{}, {}]), 2)] == [1, 1]
