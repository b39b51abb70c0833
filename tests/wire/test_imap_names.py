"""Names, strings and sets: what goes to the server is what was meant, and never a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.errors import ProtocolError, UsageError
from mailpipe.wire.imap_names import decode, encode, mailbox, quoted, ranges, uid_list, uid_set, uid_sets

UIDS = st.sets(st.integers(1, 5000), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("name", "coded"),
    [
        ("INBOX", "INBOX"),
        ("Traités & échecs", "Trait&AOk-s &- &AOk-checs"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 section 5.1.3
    ],
)
def test_a_folder_name_is_written_in_modified_utf_7(name: str, coded: str) -> None:
    assert (encode(name), decode(coded.encode())) == (coded, name)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_every_name_comes_back(name: str) -> None:
    assert encode(name).isascii()
    assert decode(encode(name).encode()) == name


@given(st.binary())
def test_any_octets_of_a_server_become_some_name(octets: bytes) -> None:
    decode(octets)


@pytest.mark.parametrize("name", ["", 'x"\r\nX1 UID STORE 1:* +FLAGS (\\Deleted)', "a\x00b", "a\nb", "\x7f"])
def test_a_name_that_could_be_a_command_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        mailbox(name)


@given(st.text())
def test_a_quoted_string_cannot_end_early(text: str) -> None:
    try:
        inner = quoted(text)[1:-1]
    except UsageError:
        assert not (text.isascii() and text.isprintable())
        return
    assert inner.replace("\\\\", "").replace('\\"', "").count('"') == 0
    assert "\r" not in inner
    assert "\n" not in inner


@given(UIDS)
def test_a_set_names_exactly_its_uids(uids: set[int]) -> None:
    assert uid_list(uid_set(uids)) == sorted(uids)
    assert sum(high - low + 1 for low, high in ranges(uids)) == len(uids)


def test_a_range_may_be_written_backwards() -> None:
    assert uid_list("4:2,9") == [2, 3, 4, 9]  # RFC 4315 section 3


@pytest.mark.parametrize("text", ["", "1:", "1:*", "a", "1 2", "1:99999999", "-1"])
def test_what_is_no_set_of_uids_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        uid_list(text)


def test_a_set_of_many_scattered_numbers_is_several_short_sets() -> None:
    numbers = list(range(4_000_000_001, 4_000_009_001, 3))

    sets = list(uid_sets(numbers))

    assert max(map(len, sets)) <= 7500
    assert [uid for one in sets for uid in uid_list(one)] == numbers
    assert list(uid_sets([])) == []
