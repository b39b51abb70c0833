"""Bcc in attached messages."""

import pytest

from mailpipe.send.nested import without_bcc

HIDDEN = b"BCC: secret@example.net,\r\n other@example.net\r\n"
CLEAN = b"Return-Path: <x@example.com>\r\nFrom: x@example.com\r\nSubject: inner\r\n\r\nBcc: text stays\r\n"
INNER = CLEAN.replace(b"Subject", HIDDEN + b"Subject")


def around(inner: bytes, kind: str = "mixed", fields: bytes = b"Content-Type: message/rfc822\r\n") -> bytes:
    return (
        b"From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/%b; boundary=b\r\n\r\n"
        b"--b\r\n\r\nBcc: said in text\r\n--b\r\n%b\r\n%b\r\n--b--\r\n" % (kind.encode(), fields, inner)
    )


def test_an_attached_message_loses_it() -> None:
    assert without_bcc(around(INNER)) == around(CLEAN)


def test_every_attached_message_loses_it() -> None:
    two = around(INNER).replace(b"--b--", b"--b\r\nContent-Type: message/rfc822\r\n\r\n%b\r\n--b--" % INNER)

    assert b"secret" not in without_bcc(two)
    assert without_bcc(two).count(b"Subject: inner") == 2


def test_a_message_in_an_attached_message_loses_it() -> None:
    deep = around(around(INNER).replace(b"=b\r\n", b"=c\r\n").replace(b"--b", b"--c"))

    assert b"secret" not in without_bcc(deep)
    assert b"text stays" in without_bcc(deep)


@pytest.mark.parametrize(
    "whole",
    [
        around(INNER, kind="signed"),
        around(INNER, fields=b"Content-Type: text/plain\r\n"),
        around(CLEAN),
    ],
    ids=["signed", "text", "clean"],
)
def test_all_else_stays_as_it_is(whole: bytes) -> None:
    assert without_bcc(whole) == whole
