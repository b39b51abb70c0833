"""Messages that are forwarded inside the text of another one."""

import pytest

from mailpipe.parse.forward import addresses, is_forward, take_apart
from mailpipe.parse.reply import split

JANE = [{"name": "Jane Doe", "email": "jane@example.org"}]
DESK = [{"name": None, "email": "desk@example.com"}]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "Fwd: Check",
            "---------- Forwarded message ---------\nFrom: Jane Doe <jane@example.org>\n"
            "Date: Tue, 14 May 2024 at 10:11\nSubject: Check\nTo: <desk@example.com>\n\nIt is done.\n\nJane",
        ),
        (
            "Fwd: Check",
            "Begin forwarded message:\n\n> From: Jane Doe <jane@example.org>\n> Subject: Check\n"
            "> Date: 14 May 2024 at 10:11:12 CEST\n> To: desk@example.com\n>\n> It is done.\n>\n> Jane",
        ),
        (
            "WG: Check",
            "Von: Jane Doe <jane@example.org>\nGesendet: Dienstag, 14. Mai 2024 10:11\n"
            "An: desk@example.com\nBetreff: Check\n\nIt is done.\n\nJane",
        ),
        (
            "TR: Check",
            "-------- Message transféré --------\nSujet : Check\nDate : Tue, 14 May 2024 10:11:12 +0200\n"
            "De : Jane Doe <jane@example.org>\nPour : desk@example.com\n\n\nIt is done.\n\nJane",
        ),
        (
            "Fwd: Check",
            "  ----- Forwarded Message ----- From: Jane Doe <jane@example.org>To: desk@example.com"
            "Sent: Tuesday, 14 May 2024, 10:11:12 CESTSubject: Check\nIt is done.\n\nJane",
        ),
        (
            "PD: Check",
            "Od: Jane Doe <jane@example.org<mailto:jane@example.org>>\n"
            "Wysłano: wtorek, 14 maja 2024 10:11\nDo: desk@example.com\nTemat: Check\n\nIt is done.\n\nJane",
        ),
    ],
)
@pytest.mark.parametrize("above", ["", "Please see below.\n\n"])
def test_a_forward_of_any_program_is_taken_apart(subject: str, text: str, above: str) -> None:
    pieces = split(above + text)
    found = take_apart(pieces, subject)

    assert found is not None
    assert (found["from"], found["to"], found["cc"]) == (JANE, DESK, [])
    assert (found["subject"], found["text"]) == ("Check", "It is done.\n\nJane")
    assert pieces.reply == above.strip()


def test_a_forward_below_an_introduction_has_its_sender_and_the_subject_of_the_mail() -> None:
    pieces = split("Le 14/05/2024 10:11, « Jane Doe » <jane@example.org> a écrit :\n\n    It is done.")

    found = take_apart(pieces, "TR: Check")
    assert found is not None
    assert (found["from"], found["subject"], found["text"]) == (JANE, "Check", "It is done.")


@pytest.mark.parametrize("subject", ["Re: Check", "Check", None, "Re: Fwd: Check"])
@pytest.mark.parametrize(
    "below",
    [
        "On 14.05.2024 at 10:11, Jane Doe <jane@example.org> wrote:\n> It is done.",
        "From: Jane <jane@example.org>\nSent: 14 May 2024\nTo: x\nSubject: y\n\nIt is done.",
    ],
)
def test_a_reply_is_no_forward(subject: str | None, below: str) -> None:
    assert take_apart(split(f"Yes.\n\n{below}"), subject) is None


def test_the_date_of_a_forward_is_read_when_it_is_a_date_of_mail() -> None:
    text = "----- Forwarded Message -----\nDate: Tue, 14 May 2024 10:11:12 +0200\nFrom: jane@example.org\n\nx"

    found = take_apart(split(text), "Fwd: x")
    assert found is not None
    assert found["sentAt"] == "2024-05-14T10:11:12+02:00"


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [
        ("Fwd: x", True),
        ("[EXTERNAL] FW: x", True),
        ("ΠΡΘ: x", True),
        ("转发：x", True),
        ("Re: Fwd: x", False),
        ("Forward planning: x", False),
        ("", False),
        (None, False),
    ],
)
def test_the_outermost_prefix_of_a_subject_counts(subject: str | None, wanted: bool) -> None:
    assert is_forward(subject) is wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("Jane Doe <jane@example.org>; desk@example.com", [*JANE, *DESK]),
        (
            "'Doe, Jane' <jane@example.org>, desk@example.com",
            [{"name": "Doe, Jane", "email": "jane@example.org"}, *DESK],
        ),
        ("jane@example.org [mailto:jane@example.org]", [{"name": None, "email": "jane@example.org"}]),
        ("Jane Doe", [{"name": "Jane Doe", "email": None}]),
        (
            "Doe, Jane; Muster, Max",
            [{"name": "Doe, Jane", "email": None}, {"name": "Muster, Max", "email": None}],
        ),
        ("", []),
    ],
)
def test_people_in_a_header_line_are_told_apart(value: str, wanted: list[dict[str, str | None]]) -> None:
    assert addresses(value) == wanted
