"""Every error has a slug, a status and one way to become a record."""

import pytest

from mailpipe import errors
from mailpipe.errors import Exit, MailpipeError, RecordError, WorldError


def tree(root: type[MailpipeError]) -> list[type[MailpipeError]]:
    below = [kind for child in root.__subclasses__() for kind in tree(child)]
    return [root, *(kind for kind in below if kind.__module__ == errors.__name__)]


@pytest.mark.parametrize("kind", tree(MailpipeError), ids=lambda kind: kind.__name__)
def test_an_error_becomes_a_record_that_says_everything(kind: type[MailpipeError]) -> None:
    record = kind("the host is gone", hint="try later").as_record("send")

    assert record == {
        "stage": "send",
        "type": kind.slug,
        "detail": "the host is gone; try later",
        "retryable": kind.retryable,
    }


@pytest.mark.parametrize("kind", tree(MailpipeError), ids=lambda kind: kind.__name__)
def test_an_error_is_drawn_in_the_tree(kind: type[MailpipeError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("kind", tree(WorldError)[1:], ids=lambda kind: kind.__name__)
def test_the_end_of_a_stage_has_a_status_of_its_own(kind: type[MailpipeError]) -> None:
    others = [other.status for other in tree(WorldError)[1:] if other is not kind]

    assert kind.status in Exit
    assert kind.status not in others
    assert kind.__name__ in (errors.__doc__ or "")
    assert str(int(kind.status)) in (errors.__doc__ or "")


def test_a_case_of_a_bad_record_has_its_own_type() -> None:
    assert RecordError("too long", slug="limit:line").as_record("parse")["type"] == "limit:line"
