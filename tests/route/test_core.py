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
from mailpipe.route.judge import judge, judge_post
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


PERSON: dict[str, Any] = {
    "id": "sha256:1f",
    "from": [{"name": "", "email": "a@example.net"}],
    "auto": {"class": "none", "suppressReply": False},
    "ref": {"id": "a7", "verified": True},
}


def done(text: str, record: dict[str, Any], fake: Fake, **how: bool) -> dict[str, Any]:
    [result] = route([record], rules=lambda: rules(text), hands=fake.hands(**how))
    return dict(result["route"])


def test_a_rule_that_continues_lets_the_next_one_have_its_turn() -> None:
    text = (
        "rules: [{name: log, append: all.jsonl, continue: true}, {name: skip, when: {x: y}, outcome: failed},"
        " {name: work, run: [./x]}, {name: late, append: late.jsonl}]"
    )
    fake = Fake()

    result = done(text, {"id": "a"}, fake)

    assert [asked[0] for asked in fake.asked] == ["all.jsonl", ("./x",)]
    assert (result["rule"], result["outcome"]) == ("work", "processed")
    assert result["before"] == [{"rule": "log", "outcome": "processed", "handler": {"append": "all.jsonl"}}]


def test_a_handler_that_does_not_succeed_ends_the_matter() -> None:
    text = "rules: [{name: first, run: [./x], continue: true}, {name: then, append: b.jsonl}]"
    fake = Fake(Ran(status=75))

    result = done(text, {}, fake)

    assert len(fake.asked) == 1
    assert (result["rule"], result["outcome"], result["reason"]) == ("first", "deferred", "handler-deferred")


def test_the_last_rule_that_continues_gives_the_outcome() -> None:
    text = (
        "rules: [{name: log, append: a.jsonl, continue: true}, {name: other, when: {x: y}, outcome: failed}]"
    )

    assert done(text, {}, Fake()) == {
        "rule": "log",
        "outcome": "processed",
        "handler": {"append": "a.jsonl"},
    }


def test_stop_alone_is_the_end_of_a_message() -> None:
    fake = Fake()

    assert done("rules: [{name: enough, stop: true}]", {}, fake) == {"rule": "enough", "outcome": "processed"}
    assert fake.asked == []


CAPTURING = r"""
rules: [{name: c, when: {subject: {matches: 'order (?P<order>\S+)'}}, run: [./x, '{captures.order}']}]
"""


def test_what_a_pattern_captures_is_an_argument_and_in_the_record() -> None:
    fake = Fake()

    result = done(CAPTURING, {"subject": "order $(reboot);`id` x"}, fake)

    assert fake.asked[0][0] == ("./x", "$(reboot);`id`")
    assert b'"route":{"rule":"c","captures":{"order":"$(reboot);`id`"}}' in fake.asked[0][1]
    assert result["captures"] == {"order": "$(reboot);`id`"}


@pytest.mark.parametrize("subject", ["order -rf", "order \x1b[0m", "order --config=/etc/shadow"])
def test_a_capture_that_is_unsafe_as_an_argument_runs_nothing(subject: str) -> None:
    fake = Fake()

    assert done(CAPTURING, {"subject": subject}, fake)["reason"] == "argument-refused"
    assert fake.asked == []


def test_a_capture_that_no_pattern_makes_is_refused_at_once() -> None:
    with pytest.raises(Exception, match=r"\{captures.ordr\}: no pattern captures .*did you mean 'order'"):
        rules(CAPTURING.replace("captures.order", "captures.ordr"))


POSTING = "secret: {env: K}\nrules: [{name: hook, post: 'https://hooks.example.com/x?k=1'}]"


def test_a_webhook_gets_the_record_and_is_told_of_without_its_path() -> None:
    fake = Fake()

    result = done(POSTING, {"id": "sha256:1", "source": {"attempt": 2}}, fake)

    body = b'{"id":"sha256:1","source":{"attempt":2}}'
    assert fake.asked == [("https://hooks.example.com", body, "sha256:1", 2)]
    assert (result["outcome"], result["handler"]["post"]) == ("processed", "https://hooks.example.com")
    assert "k=1" not in str(result)


@pytest.mark.parametrize(
    ("posted", "outcome", "reason", "blameless"),
    [
        (Posted(status=200), "processed", "", False),
        (Posted(status=204), "processed", "", False),
        (Posted(status=302), "failed", "webhook-redirects", False),
        (Posted(status=408), "deferred", "webhook-deferred", False),
        (Posted(status=425), "deferred", "webhook-deferred", False),
        (Posted(status=429), "deferred", "webhook-deferred", True),
        (Posted(status=503), "deferred", "webhook-deferred", True),
        (Posted(status=422, response="no such plate\nx"), "failed", "webhook-failed", False),
        (Posted(status=500), "failed", "webhook-failed", False),
        (Posted(status=None, problem="gone", reached=False), "deferred", "webhook-down", True),
        (Posted(status=None, problem="silent", reached=True), "deferred", "webhook-down", False),
    ],
    ids=str,
)
def test_the_answer_of_a_webhook_is_the_outcome(
    posted: Posted, outcome: str, reason: str, blameless: bool
) -> None:
    fake = Fake(posted=posted)

    judged = judge_post(posted, "https://h", Verdict(rule="r", outcome="processed"))
    result = done(POSTING, {}, fake)

    assert judged[:2] == (outcome, reason)
    assert (result["outcome"], result.get("reason", ""), result.get("blameless", False)) == (
        outcome,
        reason,
        blameless,
    )


def test_trouble_is_told_after_the_last_record() -> None:
    fake = Fake(trouble=TemporaryError("it is down"))
    results = route([{"a": 1}, {"a": 2}], rules=rules, hands=fake.hands())

    assert [next(results)["a"], next(results)["a"]] == [1, 2]
    with pytest.raises(TemporaryError, match="it is down"):
        next(results)


def test_a_message_that_ends_whatever_handles_it_fails_without_being_handled() -> None:
    fake = Fake()
    often = {"id": "a", "source": {"attempt": 11}}

    [result] = route(
        [often], rules=lambda: rules("rules: [{run: [./x]}]"), hands=fake.hands(), max_attempts=10
    )

    assert (result["route"]["outcome"], result["route"]["reason"]) == ("failed", "too-many-attempts")
    assert "handed out 11 times and never settled" in result["route"]["detail"]
    assert fake.asked == []


REPLYING = "rules: [{name: thanks, run: [./x], reply: [./thank, '{ref.id}']}]"


def test_an_answer_follows_the_handler() -> None:
    fake = Fake()

    result = done(REPLYING, PERSON, fake)

    assert [asked[0] for asked in fake.asked] == [("./x",), "grant", ("./thank", "a7")]
    assert fake.asked[1] == ("grant", "a@example.net", "a7")
    assert (result["outcome"], result["reply"]["status"]) == ("processed", 0)


def test_a_handler_that_fails_is_not_followed_by_an_answer() -> None:
    fake = Fake(Ran(status=1))

    assert "reply" not in done(REPLYING, PERSON, fake)
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"auto": {"class": "reply", "suppressReply": True}},
        {"auto": {"class": "bounce", "suppressReply": True}},
        {"auto": {"class": "list", "suppressReply": True}},
        {"from": []},
        {"auth": {"verified": False}},
    ],
    ids=str,
)
def test_a_machine_gets_no_answer(change: dict[str, Any]) -> None:
    fake = Fake()

    result = done(REPLYING, {**PERSON, **change}, fake)

    assert [asked[0] for asked in fake.asked] == [("./x",)]
    assert (result["outcome"], list(result["reply"])) == ("processed", ["withheld"])


def test_a_sender_who_got_enough_gets_no_answer() -> None:
    fake = Fake(grant_=Grant(None, "a@example.net got a reply within 24 hours"))

    result = done(REPLYING, PERSON, fake)

    assert result["reply"] == {"withheld": "a@example.net got a reply within 24 hours"}
    assert result["outcome"] == "processed"


def test_a_failed_answer_is_not_counted_and_spoils_nothing() -> None:
    fake = Fake(Ran(status=1, stderr="no template"))

    only = done("rules: [{reply: [./thank]}]", PERSON, fake)
    after = done("rules: [{append: a.jsonl, reply: [./thank]}]", PERSON, fake)

    assert fake.asked.count(("take back", 7)) == 2
    assert (only["outcome"], only["reason"]) == ("failed", "handler-failed")
    assert (after["outcome"], after["reply"]["reason"]) == ("processed", "handler-failed")


def test_when_everybody_got_enough_a_rule_that_only_answers_is_deferred() -> None:
    fake = Fake(grant_=Grant(None, "100 replies have gone out within an hour", exhausted=True))

    only = done("rules: [{reply: [./thank]}]", PERSON, fake)

    assert (only["outcome"], only["reason"], only["blameless"]) == ("deferred", "replies-exhausted", True)
    assert done(REPLYING, PERSON, fake)["outcome"] == "processed"


def test_a_failure_is_told_only_to_who_is_verified() -> None:
    text = "rules: [{outcome: failed, reply: [./sorry]}]"
    fake = Fake()

    verified = done(text, PERSON, fake)
    unknown = done(text, {**PERSON, "ref": {"id": "a7", "verified": None}}, fake)

    assert ("status" in verified["reply"], "withheld" in unknown["reply"]) == (True, True)
    assert {verified["outcome"], unknown["outcome"]} == {"failed"}


def test_whether_a_message_may_be_answered_is_a_condition() -> None:
    text = "rules: [{name: a, when: {answerable: true}, outcome: processed}, {name: b, outcome: processed}]"

    assert done(text, PERSON, Fake())["rule"] == "a"
    assert done(text, {**PERSON, "answerable": True, "auto": {"class": "loop"}}, Fake())["rule"] == "b"


def test_a_dry_run_says_what_every_rule_would_do() -> None:
    text = (
        "secret: {env: K}\nrules: [{name: a, append: a.jsonl, continue: true},"
        " {name: b, post: 'https://hooks.example.com/', reply: [./thank]}]"
    )
    fake = Fake()

    assert done(text, PERSON, fake, dry=True) == {
        "rule": "b",
        "dryRun": True,
        "would": {"post": "https://hooks.example.com", "reply": ["./thank"]},
        "before": [{"rule": "a", "would": {"outcome": "processed", "append": "a.jsonl"}}],
    }
    assert fake.asked == []
