"""Answers of servers: every legal form is read, and nothing makes the reader fail otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.errors import ProtocolError
from mailpipe.wire import imap_syntax as syntax


def test_a_status_answer_has_code_arguments_and_text() -> None:
    answer = syntax.head(b"m3 OK [COPYUID 7 1:3 5:7] Copy completed {3}\r\n")

    assert (answer.tag, answer.kind, answer.code, answer.arguments) == ("m3", "OK", "COPYUID", "7 1:3 5:7")
    assert answer.text == "Copy completed {3}"


def test_values_are_atoms_strings_literals_and_lists() -> None:
    line = rb'(UID 5 FLAGS (\Seen $Label) X NIL Y "a \"b\" \\" BODY[HEADER.FIELDS (TO CC)]<0> '

    [values] = syntax.values([line, (b"lite)ral",), b" Z ())\r\n"])

    assert values == [
        *("UID", "5", "FLAGS", ["\\Seen", "$Label"], "X", None, "Y", b'a "b" \\'),
        *("BODY[HEADER.FIELDS (TO CC)]<0>", b"lite)ral", "Z", []),
    ]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (rb"(\HasNoChildren) NIL INBOX", [["\\HasNoChildren"], None, "INBOX"]),
        (rb'() "/" [Gmail]/Sent', [[], b"/", "[Gmail]/Sent"]),
        (rb'() "\\" "a[b"', [[], b"\\", b"a[b"]),
        (rb"(odd]atom odd[atom)", [["odd]atom", "odd[atom"]]),
    ],
)
def test_lists_of_folders_in_every_notation(line: bytes, values: list[object]) -> None:
    assert syntax.values([line + b"\r\n"]) == values


@pytest.mark.parametrize("line", [b"(a", b"a)", b'"never closed', b"((())"])
def test_what_is_not_closed_is_a_protocol_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        syntax.values([line])


def test_a_hundred_thousand_open_lists_are_no_recursion() -> None:
    with pytest.raises(ProtocolError, match="without end"):
        syntax.values([b"(" * 100_000])


@given(st.binary(max_size=300))
def test_any_line_is_read_or_refused(line: bytes) -> None:
    try:
        syntax.head(line)
        syntax.values([syntax.body(line)])
    except ProtocolError:
        pass


def test_a_fetch_answer_needs_a_value_for_each_name() -> None:
    with pytest.raises(ProtocolError):
        syntax.pairs(["UID"])
