"""The resource that a message is about."""

from typing import Any

import pytest

from mailpipe.mail.headers import Header
from mailpipe.mail.identity import Identity
from mailpipe.parse.ref import find, find_returned

UUID = "a74e22bb-3313-4dc4-af28-6c2bd1351c0f"
OTHER = "11111111-3313-4dc4-af28-6c2bd1351c0f"
KEYED = Identity("mail-api", "example.com", (b"key",))
PLAIN = Identity("mail-api", "example.com")


def described(to: str = "x@example.org", **members: Any) -> dict[str, Any]:
    return {"to": [{"name": None, "email": to}], "subject": None, **members}


@pytest.mark.parametrize(("identity", "verified"), [(KEYED, True), (PLAIN, None)])
def test_a_ref_is_found_in_the_address(identity: Identity, verified: bool | None) -> None:
    found = find([], described(identity.address(UUID)), identity)

    assert found == {"id": UUID, "by": "address", "verified": verified}


def test_what_the_server_delivered_to_goes_before_the_to_field() -> None:
    fields = [Header("Delivered-To", f"<{PLAIN.address(UUID)}>")]

    found = find(fields, described(PLAIN.address(OTHER)), PLAIN)
    assert found == {"id": UUID, "by": "address", "verified": None, "others": [OTHER]}


def test_original_recipient_has_the_type_of_the_address_before_it() -> None:
    fields = [Header("Original-Recipient", f"rfc822;{KEYED.address(UUID)}")]

    assert find(fields, described(), KEYED) == {"id": UUID, "by": "address", "verified": True}


def test_a_ref_is_found_in_references_then_in_the_subject() -> None:
    anchor = KEYED.anchor(UUID)
    subject = f"Re: AW: [{UUID[:8]}] Check"

    by_anchor = find([], described(references=["a@b.example", anchor], subject=subject), KEYED)
    by_subject = find([], described(references=["a@b.example"], subject=subject), KEYED)

    assert by_anchor == {"id": UUID, "by": "references", "verified": True}
    assert by_subject == {"id": UUID[:8], "by": "subject", "verified": False}


def test_a_right_tag_goes_before_a_guessed_address() -> None:
    guessed = f"mail-api+{OTHER}@example.com"

    found = find([], described(guessed, references=[KEYED.anchor(UUID)]), KEYED)
    assert found == {"id": UUID, "by": "references", "verified": True, "others": [OTHER]}


def test_a_guessed_address_alone_is_found_but_not_verified() -> None:
    found = find([], described(f"mail-api+{OTHER}@example.com"), KEYED)

    assert found == {"id": OTHER, "by": "address", "verified": False}


@pytest.mark.parametrize("subject", ["[EXTERNAL] Check", "Check", "", None])
def test_brackets_of_others_are_no_ref(subject: str | None) -> None:
    assert find([], described(subject=subject), KEYED) is None


def test_a_ref_whose_case_was_folded_on_the_way_is_one_ref() -> None:
    address = PLAIN.address("Order-7").lower()

    found = find([Header("Delivered-To", address)], described(PLAIN.address("Order-7")), PLAIN)
    assert found == {"id": "order-7", "by": "address", "verified": None}


def test_a_message_that_came_back_is_about_what_its_answers_would_be() -> None:
    returned = {"replyTo": [{"name": None, "email": KEYED.address(UUID)}], "references": [KEYED.anchor(UUID)]}

    assert find_returned(returned, KEYED) == {"id": UUID, "by": "address", "verified": True}
    assert find_returned({"subject": "no mark"}, KEYED) is None
