"""Answers to parsed messages: derived from them, and never to what must not be answered."""

from collections.abc import Callable
from typing import Any

import pytest

from mailpipe.mail.identity import Found, Identity
from mailpipe.record import Record
from mailpipe.render import core, outside
from mailpipe.render.files import load
from mailpipe.render.message import Outside
from mailpipe.render.template import Template
from tests.conftest import Run
from tests.render.conftest import DESK, NOW, message

Reply = Callable[..., Record]

PARSED: dict[str, Any] = {
    "id": "sha256:00",
    "messageId": ["m3@example.net"],
    "inReplyTo": ["m2@example.com"],
    "references": ["m1@example.com", "m2@example.com"],
    "from": [{"name": "Garage Dupont", "email": "atelier@example.net"}],
    "to": [{"name": None, "email": "mail-api+7.tag@example.com"}],
    "replyTo": [],
    "subject": "RE: AW: [7] Check",
    "ref": {"id": "7", "by": "address", "verified": True},
    "data": {"status": "done"},
    "auto": {"class": "none", "suppressReply": False, "evidence": []},
}


@pytest.fixture
def reply(tmp_path: Any) -> Reply:
    """Answer PARSED with some members changed."""

    def call(front: str = "lang: en", body: str = "Thanks for {{ data.status }}", **changed: Any) -> Record:
        (tmp_path / "thanks.md").write_text(f"---\n{front}\n---\n{body}")
        template = Template(load(str(tmp_path / "thanks.md")), "4711")
        given = Outside(lambda: NOW, outside.counted())
        (record,) = core.render([{**PARSED, **changed}], template, DESK, given, replies=True)
        return record

    return call


def test_an_answer_goes_to_the_sender_in_his_conversation(reply: Reply) -> None:
    record = reply()
    sent = message(record)

    assert record["to"] == [{"name": "Garage Dupont", "email": "atelier@example.net"}]
    assert record["subject"] == "[7] Re: [7] Check" or record["subject"] == "Re: [7] Check"
    assert sent["In-Reply-To"] == "<m3@example.net>"
    assert record["references"][1:] == ["m1@example.com", "m2@example.com", "m3@example.net"]
    assert sent["Auto-Submitted"] == "auto-replied"
    assert record["envelope"]["mailFrom"] == {"email": ""}
    assert (record["text"], record["data"]) == ("Thanks for done\n", {"status": "done"})


def test_an_answer_is_about_the_same_resource(reply: Reply) -> None:
    identity = Identity("mail-api", "example.com", (b"key",))

    assert identity.find_address(reply()["replyTo"][0]["email"]) == Found("7", True)


@pytest.mark.parametrize(
    "ref",
    [
        {"id": "8", "by": "address", "verified": False},
        {"id": "8", "by": "subject", "verified": None},
        {"id": ""},
        "8",
        None,
    ],
)
def test_whoever_guesses_an_id_gets_no_key_to_it(reply: Reply, ref: object) -> None:
    record = reply(ref=ref)

    assert "ref" not in record
    assert "replyTo" not in record


def test_a_reply_to_is_obeyed_and_the_template_is_obeyed_first(reply: Reply) -> None:
    asked = [{"name": None, "email": "office@example.net"}]
    front = "to: desk@example.org\nsubject: Noted\nref: other\nidempotencyKey: mine"

    assert reply(replyTo=asked)["to"] == asked
    record = reply(front, replyTo=asked)
    assert [each["email"] for each in record["to"]] == ["desk@example.org"]
    assert (record["subject"], record["ref"], record["idempotencyKey"]) == (
        "[other] Noted",
        {"id": "other"},
        "mine",
    )


def test_a_second_run_answers_under_the_same_key(reply: Reply) -> None:
    assert reply()["idempotencyKey"] == reply()["idempotencyKey"] == "thanks.md in reply to sha256:00"


def test_a_message_without_references_continues_what_it_answers(reply: Reply) -> None:
    assert reply(references=[])["references"][1:] == ["m2@example.com", "m3@example.net"]
    assert reply(references=[], inReplyTo=["a@b", "c@d"])["references"][1:] == ["m3@example.net"]
    assert "In-Reply-To" not in message(reply(messageId=[]))


def test_references_keep_their_beginning_and_their_end(reply: Reply) -> None:
    ids = [f"m{number}@example.com" for number in range(200)]
    found = reply(references=ids)["references"][1:]

    assert (found[0], found[-2:], len(found)) == (
        "m0@example.com",
        ["m199@example.com", "m3@example.net"],
        20,
    )


def test_ids_that_are_none_are_not_repeated(reply: Reply) -> None:
    record = reply(messageId=["a b\r\nBcc: x@example.org"], references=["é@x", "<a>", "ok@example.com", 5])

    assert "inReplyTo" not in record
    assert record["references"][1:] == ["ok@example.com"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"auto": {"class": "bounce", "suppressReply": True}}, "bounce"),
        ({"auto": {"class": "reply", "suppressReply": True}}, "machine"),
        ({"auto": {"class": "generated", "suppressReply": True}}, "machine"),
        ({"auto": {"class": "list", "suppressReply": True}}, "mailing list"),
        ({"auto": {"class": "loop", "suppressReply": True}}, "before"),
        ({"auto": {"class": "complaint", "suppressReply": True}}, "complaint"),
        ({"auto": {"class": "none", "suppressReply": True}}, "takes no automatic answers"),
        ({"from": []}, "nobody"),
        (
            {"from": [{"name": None, "email": "a@example.net"}, {"name": None, "email": "b@example.net"}]},
            "several",
        ),
        ({"from": [{"name": None, "email": "mail-api@example.com"}]}, "ourselves"),
        ({"replyTo": [{"name": None, "email": "mail-api+8@example.com"}]}, "ourselves"),
    ],
)
def test_what_must_not_be_answered_says_why(reply: Reply, changed: dict[str, Any], why: str) -> None:
    error = reply(**changed)["error"]

    assert error["type"] == "not-answered"
    assert why in error["detail"]


def test_a_record_that_is_not_parsed_says_what_to_run(reply: Reply) -> None:
    assert "mailpipe parse" in reply(auto=None)["error"]["detail"]


def test_a_name_that_would_deceive_is_not_repeated(reply: Reply) -> None:
    record = reply(**{"from": [{"name": "a\r\nBcc: x@example.org", "email": "a@example.net"}]})

    assert record["to"] == [{"name": None, "email": "a@example.net"}]


def test_a_vacation_note_gets_no_answer_from_the_pipe(run: Run, tmp_path: Any) -> None:
    (tmp_path / "thanks.md").write_text("---\nfrom: Desk <desk@example.com>\n---\nThanks")
    mail = b"From: a@example.net\nTo: desk@example.com\nMessage-ID: <1@example.net>\nSubject: Hi\n%b\nx\n"
    for extra, status in ((b"", 0), (b"Auto-Submitted: auto-replied\n", 1), (b"Precedence: bulk\n", 1)):
        parsed = run(["parse"], stdin=mail % extra)
        result = run(["render", "--reply", "thanks.md"], stdin=parsed.stdout)

        assert result.status == status, result.stderr
        assert ("raw" in result.records[0]) == (status == 0)
