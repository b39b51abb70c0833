"""Tests of the conditions of rules."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail.vocabulary import Vocabulary, build
from mailpipe.route.conditions import Finding, condition_of

NONE = Vocabulary({}, {})
WORDS = build(
    {
        "fields": {"status": ["statut", "état"], "plate_number": ["immatriculation"]},
        "values": {"status": {"done": ["terminé"]}},
    },
    "vocabulary.yaml",
)
MAIL: dict[str, Any] = {
    "from": [{"name": "Garage Dupont", "email": "atelier@example.net"}],
    "to": [{"name": "", "email": "desk@example.com"}, {"name": "", "email": "archive@example.org"}],
    "subject": "Re: Contrôle AB-123-CD",
    "reply": "C'est terminé, merci !",
    "ref": {"id": "a74e22bb", "verified": True, "by": "address"},
    "auto": {"class": "none"},
    "data": {"État": "Terminé", "Immatriculation": "AB-123-CD", "km": 120_500, "a.b": "x", "none": None},
    "attachments": [{"name": "photo.JPG", "size": 10}, {"name": "Rapport d'état.pdf", "size": 20}],
    "deliveryStatus": {"bob.smith@example.org": {"delivered": "no", "reason": "bad_mailbox", "hard": True}},
    "headers": [{"name": "List-Id", "value": "<cars.example.org>"}, {"name": "X-Mailer", "value": "Desk 1"}],
    "hasAttachment": True,
    "sentAt": "2026-11-20T09:12:44+01:00",
    "keywords": {"$flagged": True},
    "calendar": None,
}


def look(when: Any, record: dict[str, Any] = MAIL, vocabulary: Vocabulary = WORDS) -> Finding:
    return condition_of(when).look(record, vocabulary)


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"ref.verified": "true"},
        {"ref.verified": "true", "data.status": "done"},
        {"data.plate number": "ab 123 cd"},
        {"data.a.b": "x"},
        {"auto.class": ["bounce", "none"]},
        {"from": "*@example.net"},
        {"from.name": "garage dupont"},
        {"to": "archive@example.org"},
        {"subject": "*controle*"},
        {"reply": {"contains": ["fini", "termine"]}},
        {"attachments.name": "*.jpg"},
        {"attachments.size": {"minimum": "15"}},
        {"data.km": {"minimum": "100000", "maximum": "120500"}},
        {"deliveryStatus.*.reason": "bad_mailbox"},
        {"deliveryStatus.bob.smith@example.org.hard": "true"},
        {"headers.list-id": "*cars.example.org*"},
        {"keywords.$flagged": "true"},
        {"hasAttachment": "yes"},
        {"calendar": "null"},
        {"absent.member": "null"},
        {"calendar": {"exists": "false"}},
        {"absent": {"exists": "false"}},
        {"ref": {"exists": "true"}},
        {"data.none": {"exists": "false"}},
        {"auto.class": {"not": ["bounce", "reply"]}},
        {"absent": {"not": "bounce"}},
        {"attachments": {"count": "2"}},
        {"attachments.name": {"matches": r"(?i)\.jpe?g$", "count": {"minimum": "1", "maximum": "3"}}},
        {"absent": {"count": "0"}},
        {"reply": {"means": "done"}},
        {"reply": {"means": ["open", "done"]}},
        {"subject": {"matches": r"[A-Z]{2}-\d{3}-[A-Z]{2}"}},
        {"from": {"matches": "@example[.]net$"}},
        {"data.km": {"matches": "^1205"}},
        {"sentAt": {"minimum": "2026-11-20", "maximum": "2026-11-20"}},
        {"sentAt": {"maximum": "2026-11-20T08:12:44Z", "minimum": "2026-11-20T08:12:44+00:00"}},
        {"not": {"auto.class": "bounce"}},
        {"any": [{"auto.class": "bounce"}, {"ref.id": "A74E22BB"}]},
        {"all": [{"auto.class": "none"}, {"any": [{"absent": "1"}, {"data.km": "120500"}]}]},
    ],
    ids=str,
)
def test_a_condition_holds(when: Any) -> None:
    finding = look(when)

    assert finding.holds, finding.why
    assert not look({"not": when}).holds


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ({"auto.class": "bounce"}, 'auto.class is "none", not "bounce"'),
        ({"auto.class": ["bounce", "list"]}, 'auto.class is "none", not "bounce" or "list"'),
        ({"data.colour": "red"}, 'data.colour is not there, not "red"'),
        ({"ref.verified": "true", "data.status": "open"}, 'data.status is "Terminé", not "open"'),
        ({"to": "x@example.com"}, 'to is "desk@example.com", "archive@example.org", not "x@example.com"'),
        ({"data": "done"}, 'data is an object, not "done"'),
        ({"calendar": {"exists": "true"}}, "calendar is null"),
        ({"ref": {"exists": "false"}}, "ref is an object"),
        ({"attachments": {"count": "1"}}, 'attachments is there 2 times, not "1" of them'),
        (
            {"sentAt": {"minimum": "2026-11-21"}},
            'sentAt is "2026-11-20T09:12:44+01:00", not at least 2026-11-21',
        ),
        (
            {"subject": {"maximum": "2026-11-21"}},
            'subject is "Re: Contrôle AB-123-CD", not at most 2026-11-21',
        ),
        ({"subject": {"matches": "^x"}}, 'subject is "Re: Contrôle AB-123-CD", not matching "^x"'),
        ({"subject": {"means": "done"}}, 'subject is "Re: Contrôle AB-123-CD", not with a word for "done"'),
        ({"data.km": {"minimum": "130000"}}, "data.km is 120500, not at least 130000"),
        ({"reply": {"contains": "urgent"}}, 'reply is "C\'est terminé, merci !", not containing "urgent"'),
        ({"not": {"auto.class": "none"}}, 'auto.class is "none"'),
        (
            {"any": [{"auto.class": "bounce"}, {"ref.id": "b"}]},
            'auto.class is "none", not "bounce"; ref.id is "a74e22bb", not "b"',
        ),
    ],
    ids=str,
)
def test_a_condition_that_does_not_hold_says_why(when: Any, why: str) -> None:
    assert look(when)[:2] == (False, why)


def test_an_explanation_cannot_move_the_cursor_of_a_terminal() -> None:
    finding = look({"subject": "x"}, {"subject": "\x1b]0;owned\x07\u202e\x9b1m" + "y" * 500})

    assert finding.why.isprintable()
    assert len(finding.why) < 200


@pytest.mark.parametrize("when", [{"from": "*@example.net"}, {"from.email": "*@example.net"}])
def test_a_second_author_cannot_borrow_the_rule_of_the_first(when: Any) -> None:
    authors = [{"name": "", "email": "a@example.net"}, {"name": "", "email": "eve@example.org"}]

    assert not look(when, {"from": authors}).holds
    assert look(when, {"from": authors[:1]}).holds


def test_captures_come_from_the_value_that_passed() -> None:
    when = {
        "attachments.name": {"matches": r"(?P<stem>\w+)[.]JPG"},
        "any": [{"subject": {"matches": "(?P<no>x)"}}, {"subject": {"matches": r"(?P<plate>\w\w-\d+)"}}],
        "not": {"reply": {"matches": "(?P<never>zzz)"}},
    }
    condition = condition_of(when)

    assert condition.look(MAIL, WORDS).captures == {"stem": "photo", "plate": "AB-123"}
    assert condition.names() == {"stem", "no", "plate"}


def test_an_unverified_ref_is_not_a_verified_one() -> None:
    others: list[Any] = [None, False, "true ish", 1, {}, []]
    for verified in others:
        assert not look({"ref.verified": "true"}, {"ref": {"verified": verified}}).holds
    assert not look({"ref.verified": "true"}, {}).holds


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"auto..class": "x"}, "'auto..class' is not a path"),
        ({"data.km": {"minimun": "1"}}, "data.km: unknown operator 'minimun'; did you mean 'minimum'?"),
        ({"data": {"status": "done"}}, "data: unknown operator 'status'"),
        ({"data.km": {"minimum": "many"}}, "minimum is a number or a date like 2026-11-20, not 'many'"),
        ({"data.km": {"exists": "maybe"}}, "exists is true or false, not 'maybe'"),
        ({"data.km": {"count": "few"}}, "count is a whole number"),
        ({"data.km": {"matches": "(x)\\1"}}, "data.km: backreferences"),
        ({"data.km": {}}, "an empty mapping says nothing"),
        ({"data.km": []}, "a list of values is a list of words"),
        ({"data.km": [{"exists": "true"}]}, "a list of values is a list of words"),
        ({"any": {"auto.class": "x"}}, "any: wants a list of conditions"),
        ({"any": []}, "any: wants a list of conditions"),
        ({"all": ["x"]}, "all: a condition is a mapping"),
        ({"not": [{"a": "b"}]}, "not: a condition is a mapping"),
        (
            {"not": {"any": [{"from": "example.net"}]}},
            "not: any: from: 'example.net' can never be an address",
        ),
        ("auto.class", "a condition is a mapping"),
    ],
    ids=str,
)
def test_a_condition_that_cannot_be_meant_is_refused_with_its_place(when: Any, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        condition_of(when)

    assert said in str(caught.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "email", "x"]), inner),
    max_leaves=8,
)
CHECKS: list[Any] = [
    "done",
    "*@example.net",
    {"exists": "true"},
    {"contains": "a b"},
    {"minimum": "3"},
    {"minimum": "2026-11-20", "maximum": "2026-11-21"},
    {"matches": "(?P<a>.+)"},
    {"means": "done"},
    {"count": "1"},
    {"not": "null"},
]


@given(JSON, st.sampled_from(["from", "data", "ref", "headers", "subject", "x"]), st.sampled_from(CHECKS))
def test_no_record_makes_a_condition_fail_and_not_is_its_opposite(value: Any, root: str, check: Any) -> None:
    for path in (root, f"{root}.id", f"{root}.*.email"):
        word = "a@example.net" if check == "done" else check
        when = {path: word}

        assert look(when, {root: value}).holds is not look({"not": when}, {root: value}).holds
