"""Tests of finding rules that no message can meet."""

import pytest

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route.rules import build
from mailpipe.route.unreachable import unreachable
from mailpipe.wire import plainyaml


def found(*whens: str) -> list[str]:
    text = "rules:\n" + "".join(
        f"  - {{name: r{n}, outcome: failed{when}}}\n" for n, when in enumerate(whens)
    )
    rules = build(plainyaml.parse(text.encode(), "r"), "r", Vocabulary({}, {}))
    return [sentence.split("'")[1] for sentence in unreachable(rules)]


@pytest.mark.parametrize(
    "whens",
    [
        ("", ", when: {auto.class: bounce}"),
        (", when: {auto.class: bounce}", ", when: {auto.class: bounce}"),
        (", when: {auto.class: [bounce, list]}", ", when: {auto.class: list}"),
        (", when: {auto.class: bounce}", ", when: {auto.class: bounce, data.status: done}"),
        (", when: {any: [{a: x}, {b: y}]}", ", when: {b: y, c: z}"),
        (", when: {any: [{a: x}, {b: y}, {c: z}]}", ", when: {any: [{a: x}, {b: y}]}"),
        (", when: {not: {a: [x, y]}}", ", when: {not: {a: [x, y, z]}}"),
        (", when: {a: q}", ", when: {a: x, not: {a: [x, y]}}"),
        (", when: {a: q}", ", when: {n: {minimum: 5, maximum: 4}}"),
    ],
    ids=str,
)
def test_the_second_rule_is_never_met(whens: tuple[str, str]) -> None:
    assert found(*whens) == ["r1"]


@pytest.mark.parametrize(
    "whens",
    [
        (", when: {auto.class: bounce}", ""),
        (", when: {auto.class: bounce}", ", when: {auto.class: [bounce, list]}"),
        (", when: {a: x, b: y}", ", when: {a: x}"),
        (", when: {any: [{a: x}, {b: y}]}", ", when: {any: [{a: x}, {c: z}]}"),
        (", when: {not: {a: [x, y]}}", ", when: {not: {a: x}}"),
        (", when: {a: {contains: x}}", ", when: {a: x}"),
        (", when: {n: {minimum: 5}}", ", when: {n: {minimum: 5, maximum: 2026-11-20}}"),
        (", append: x.jsonl, continue: true", ", when: {a: x}"),
    ],
    ids=str,
)
def test_the_second_rule_may_be_met(whens: tuple[str, str]) -> None:
    assert found(*whens) == []
