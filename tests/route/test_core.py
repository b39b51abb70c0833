"""Tests of deciding what happens to a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from mailpipe.errors import TemporaryError
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route.core import Hands, route
from mailpipe.route.decide import decide
from mailpipe.route.judge import judge
from mailpipe.route.rules import Rules, Terms, build
from mailpipe.route.verdict import Posted, Ran, Verdict
from mailpipe.route.webaddress import Posting
from mailpipe.wire import plainyaml
from mailpipe.wire.replies import Grant

RULES = """
rules:
  - name: bounced
    when: {auto.class: bounce}
    run: [./bounced]
  - name: checked
    when: {ref.id: {exists: true}}
    run: [./vehicle, checked, "{ref.id}"]
    timeout: 30
  - name: kept
    when: {subject: "*"}
    append: inbox.jsonl
    outcome: failed
  - name: machine
    when: {auto.class: list}
    outcome: processed
"""


def rules(text: str = RULES) -> Rules:
    return build(plainyaml.parse(text.encode(), "rules.yaml"), "rules.yaml", Vocabulary({}, {}))


@dataclass
class Fake:
    """Hands that remember what they were asked."""

    ran: Ran = field(default_factory=lambda: Ran(status=0))
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    said: list[list[str]] = field(default_factory=list)
    posted: Posted = field(default_factory=lambda: Posted(status=200))
    grant_: Grant = field(default_factory=lambda: Grant(7))
    trouble: TemporaryError | None = None

    def run(self, argv: Sequence[str], stdin: bytes, told: Mapping[str, str], terms: Terms, /) -> Ran:
        self.asked.append((tuple(argv), stdin, dict(told), terms.timeout))
        return self.ran

    def post(self, to: Posting, body: bytes, name: str, attempt: int, /) -> Posted:
        self.asked.append((to.origin, body, name, attempt))
        return self.posted

    def grant(self, sender: str, resource: str, /) -> Grant:
        self.asked.append(("grant", sender, resource))
        return self.grant_

    def take_back(self, ticket: int, /) -> None:
        self.asked.append(("take back", ticket))

    def append(self, name: str, line: bytes, /) -> None:
        self.asked.append((name, line))

    def hands(self, *, dry: bool = False, explain: bool = False) -> Hands:
        return Hands(
            run=self.run,
            post=self.post,
            append=self.append,
            replies=self,
            trouble=lambda: self.trouble,
            dry=dry,
            explain=self.said.append if explain else None,
        )


def routed(record: dict[str, Any], fake: Fake, **how: bool) -> dict[str, Any]:
    [result] = route([record], rules=rules, hands=fake.hands(**how))
    assert {name: value for name, value in result.items() if name != "route"} == record
    return dict(result["route"])


def test_the_first_rule_that_matches_is_the_only_one_that_counts() -> None:
    record = {"auto": {"class": "bounce"}, "ref": {"id": "a7"}, "subject": "x"}

    assert decide(record, rules()).verdicts[0].argv == ("./bounced",)


def test_a_handler_gets_the_record_on_stdin_and_values_as_whole_arguments() -> None:
    fake = Fake()
    record = {"id": "sha256:1f", "ref": {"id": "$(rm -rf ~); `id`"}, "source": {"attempt": 3}}

    done = routed(record, fake)

    stdin = b'{"id":"sha256:1f","ref":{"id":"$(rm -rf ~); `id`"},"source":{"attempt":3}}\n'
    told = {"MAILPIPE_ID": "sha256:1f", "MAILPIPE_ATTEMPT": "3"}
    assert fake.asked == [(("./vehicle", "checked", "$(rm -rf ~); `id`"), stdin, told, 30.0)]
    assert (done["rule"], done["outcome"], done["handler"]["status"]) == ("checked", "processed", 0)


@pytest.mark.parametrize(
    "value",
    ["-rf", "--config=/etc/shadow", "a\nb", "a\x00b", "", "\x1b[0m", "x" * 5000, {"a": 1}, ["a", "b"], None],
)
def test_a_value_that_is_unsafe_as_an_argument_fails_and_runs_nothing(value: Any) -> None:
    fake = Fake()
    text = "rules: [{run: [./x, '{data.v}']}]"

    [result] = route([{"data": {"v": value}}], rules=lambda: rules(text), hands=fake.hands())

    assert (result["route"]["outcome"], result["route"]["reason"]) == ("failed", "argument-refused")
    assert fake.asked == []


def test_numbers_become_arguments_exactly() -> None:
    text = "rules: [{run: [./x, '{data.a}', '{data.b}', '{data.c}']}]"
    [verdict] = decide(
        {"data": {"a": Decimal("1.10"), "b": 12345678901234567890, "c": True}}, rules(text)
    ).verdicts

    assert verdict.argv == ("./x", "1.10", "12345678901234567890", "true")


@pytest.mark.parametrize("name", [None, 5, "() { :;}; touch x", "a b", "-x", "é"])
def test_only_a_digest_gets_into_the_environment(name: Any) -> None:
    fake = Fake()

    routed({"id": name, "auto": {"class": "bounce"}}, fake)

    assert fake.asked[0][2] == {"MAILPIPE_ATTEMPT": "1"}


def test_no_rule_matched_is_failed_so_that_a_person_sees_it() -> None:
    assert routed({"data": {}}, Fake()) == {"rule": None, "outcome": "failed", "reason": "no-rule-matched"}


def test_append_writes_the_record_and_gives_the_outcome_of_the_rule() -> None:
    fake = Fake()

    done = routed({"subject": "x"}, fake)

    assert done == {"rule": "kept", "outcome": "failed", "handler": {"append": "inbox.jsonl"}}
    assert fake.asked == [("inbox.jsonl", b'{"subject":"x"}\n')]


def test_a_fixed_outcome_needs_no_handler() -> None:
    assert routed({"auto": {"class": "list"}}, Fake()) == {"rule": "machine", "outcome": "processed"}


@pytest.mark.parametrize(
    ("ran", "outcome", "reason"),
    [
        (Ran(status=0), "processed", ""),
        (Ran(status=75), "deferred", "handler-deferred"),
        (Ran(status=1), "failed", "handler-failed"),
        (Ran(status=74), "failed", "handler-failed"),
        (Ran(status=None, signal=9), "deferred", "handler-killed"),
        (Ran(status=None, signal=15, timed_out=True), "deferred", "handler-timeout"),
        (Ran(status=0, timed_out=True), "deferred", "handler-timeout"),
    ],
    ids=str,
)
def test_the_end_of_a_handler_is_the_outcome(ran: Ran, outcome: str, reason: str) -> None:
    verdict = Verdict(rule="r", outcome="processed", argv=("./x",), terms=Terms(timeout=1))

    assert judge(ran, "./x", verdict)[:2] == (outcome, reason)


def test_the_reason_quotes_the_last_thing_the_handler_said() -> None:
    fake = Fake(Ran(status=2, stderr="Traceback\nKeyError: 'plate'\n"))

    assert routed({"ref": {"id": "a"}}, fake)["detail"] == "./vehicle ended with status 2: KeyError: 'plate'"


def test_a_dry_run_acts_on_nothing_and_gives_no_outcome() -> None:
    fake = Fake()

    done = [
        routed(record, fake, dry=True)
        for record in ({"ref": {"id": "a7"}}, {"subject": "x"}, {"auto": {"class": "list"}}, {})
    ]

    assert fake.asked == []
    assert [one["would"] for one in done] == [
        {"run": ["./vehicle", "checked", "a7"]},
        {"outcome": "failed", "append": "inbox.jsonl"},
        {"outcome": "processed"},
        {"outcome": "failed", "reason": "no-rule-matched"},
    ]
    assert all("outcome" not in one and one["dryRun"] for one in done)


def test_an_explanation_tells_what_was_tried_to_people_and_programs() -> None:
    fake = Fake()

    done = routed({"id": "sha256:1f", "auto": {"class": "none"}, "subject": "Hi"}, fake, explain=True)

    assert done["tried"] == [
        {"rule": "bounced", "met": False, "why": 'auto.class is "none", not "bounce"'},
        {"rule": "checked", "met": False, "why": "ref.id is not there"},
        {"rule": "kept", "met": True, "why": 'subject is "Hi"'},
    ]
    assert fake.said == [
        [
            'sha256:1f "Hi"',
            '  not met: bounced: auto.class is "none", not "bounce"',
            "  not met: checked: ref.id is not there",
            '  met: kept: subject is "Hi"',
        ]
    ]


def test_failed_records_pass_untouched_and_unrouted() -> None:
    failed = {"ref": {"id": "a"}, "error": {"stage": "parse", "type": "bad-record", "detail": "x"}}

    assert list(route([failed], rules=rules, hands=Fake().hands())) == [failed]
