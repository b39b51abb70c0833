"""The marks of a resource: what is made is found again, and nobody can make them without the key."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.errors import RecordError
from mailpipe.mail.identity import Found, Identity, find_short, keyring, short

UUID = "a74e22bb-3313-4dc4-af28-6c2bd1351c0f"
OURS = Identity("mail-api", "example.com", (b"key",))
KEYLESS = Identity("mail-api", "example.com")

refs = st.text(min_size=1, max_size=12).filter(lambda ref: ref.isprintable() and ref.strip())


def test_a_uuid_and_its_tag_fill_62_of_the_64_octets_of_a_local_part() -> None:
    local, _, domain = OURS.address(UUID).partition("@")

    assert (len(local), domain) == (62, "example.com")
    assert re.fullmatch(rf"mail-api\+{UUID}\.[a-z2-7]{{16}}", local)


@given(refs)
def test_what_is_made_is_found_again_and_verified(ref: str) -> None:
    roomy = Identity("m", "example.com", (b"key",))
    try:
        address = roomy.address(ref)
    except RecordError:
        return

    assert roomy.find_address(address) == Found(ref, True)


@given(refs)
def test_an_anchor_is_found_again_and_verified(ref: str) -> None:
    assert OURS.find_anchor(f"<{OURS.anchor(ref)}>") == Found(ref, True)


def test_a_mail_system_may_fold_the_case_of_the_address() -> None:
    assert OURS.find_address(OURS.address("ORD-2026").lower()) == Found("ord-2026", True)
    assert OURS.find_address(OURS.address("ord-2026").upper()) == Found("ORD-2026", True)


def test_a_guessed_or_missing_tag_is_found_but_not_verified() -> None:
    assert OURS.find_address("mail-api+1235@example.com") == Found("1235", False)
    assert OURS.find_address("mail-api+1235.aaaaaaaaaaaaaaaa@example.com") == Found("1235", False)


def test_the_tag_of_one_ref_does_not_open_another() -> None:
    tag = OURS.address("1234").split(".")[1]

    assert OURS.find_address(f"mail-api+1235.{tag}") is None
    assert OURS.find_address(f"mail-api+1235.{tag.split('@')[0]}@example.com") == Found("1235", False)


def test_without_a_key_there_is_no_tag_and_nothing_is_verified() -> None:
    assert KEYLESS.address("1234") == "mail-api+1234@example.com"
    assert KEYLESS.find_address("mail-api+1234@example.com") == Found("1234", None)
    assert KEYLESS.find_address(OURS.address("1234")) == Found("1234", None)


def test_an_old_key_of_the_ring_still_verifies_and_the_first_one_signs() -> None:
    rotated = Identity("mail-api", "example.com", keyring("new\n\n key \n"))

    assert rotated.find_address(OURS.address(UUID)) == Found(UUID, True)
    assert OURS.find_address(rotated.address(UUID)) == Found(UUID, False)


def test_a_rewritten_sender_is_followed_only_if_its_tag_is_right() -> None:
    rewritten = OURS.address("1234").replace("mail-api", "SRS0=x7=MM=example.com=mail-api", 1)
    forwarded = rewritten.replace("@example.com", "@forwarder.example.net")

    assert OURS.find_address(forwarded) == Found("1234", True)
    assert OURS.find_address("SRS0=x7=MM=example.com=mail-api+1234@forwarder.example.net") is None


@pytest.mark.parametrize(
    "address", ["mail-api@example.com", "desk+1234@example.com", "", "mail-api+@example.com"]
)
def test_another_address_holds_no_ref(address: str) -> None:
    assert OURS.find_address(address) is None


@pytest.mark.parametrize("ref", ["", "  ", "a\nb", "a\x00", "\ud83d", "a\u202eb"])
def test_a_ref_without_a_visible_character_or_with_a_control_character_is_refused(ref: str) -> None:
    with pytest.raises(RecordError, match="ref"):
        OURS.address(ref)


def test_a_ref_that_does_not_fit_says_how_long_it_may_be() -> None:
    with pytest.raises(RecordError, match="64 are allowed"):
        OURS.address("x" * 60)


def test_the_subject_shows_the_first_group_of_a_uuid_and_a_short_ref_whole() -> None:
    assert [short(UUID), short("ORD-2026.7")] == ["a74e22bb", "ORD-2026.7"]
    assert re.fullmatch("[0-9a-f]{8}", short("an order with spaces"))
    assert find_short("Re: AW: [a74e22bb] Check [x y] [ORD-2026.7]") == ["a74e22bb", "ORD-2026.7"]
