"""Tests of reading rule files."""

from pathlib import Path

import pytest

from mailpipe.errors import ConfigError, NoInputError
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route import rulefile, rules
from mailpipe.route.rules import Placeholder, Ready
from mailpipe.wire import plainyaml


def build(text: str) -> tuple[Ready, ...]:
    return rules.build(plainyaml.parse(text.encode(), "rules.yaml"), "rules.yaml", Vocabulary({}, {})).rules


def test_a_rule_has_defaults() -> None:
    [rule] = build("rules: [{run: [./handler]}]")

    assert (rule.name, rule.outcome, rule.terms.timeout) == ("rule 1", "processed", 60.0)


def test_arguments_are_text_or_placeholders() -> None:
    [rule] = build("rules: [{run: [./handler, checked, '{ref.id}', 007, '{{print}}', '{}']}]")

    assert rule.run == ("./handler", "checked", Placeholder(("ref", "id")), "007", "{print}", "{}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rules.yaml: there are no rules"),
        ("rules: []", "rules.yaml: there are no rules"),
        ("- run: [x]", "rules.yaml: is not a mapping; the keys are: replies, rules, secret, vocabulary"),
        ("rule: []", "rules.yaml: unknown key 'rule'; did you mean 'rules'?"),
        ("rules: [x]", "rules.yaml: rule 1: is not a mapping"),
        (
            "rules: [{outcome: failed}, {runn: [x]}]",
            "rules.yaml: rule 2: unknown key 'runn'; did you mean 'run'?",
        ),
        ("rules: [{name: a, when: {}}]", "rules.yaml: rule 1 'a': nothing to do"),
        ("rules: [{name: a, outcome: done}]", "rule 1 'a': Invalid enum value 'done' in `outcome`"),
        ("rules: [{name: a, run: ./x | sh}]", "rule 1 'a': run is a list of arguments, never a shell line"),
        ("rules: [{name: a, run: []}]", "run is a list of a program and its arguments"),
        ("rules: [{name: a, run: ['{ref.id}']}]", "the program to run cannot come from a message"),
        ("rules: [{name: a, run: [x, '--id={ref.id}']}]", "{ref.id} must be an argument of its own"),
        ("rules: [{name: a, run: [sh, -c, '{subject}']}]", "what follows -c would be run as a program"),
        ("rules: [{name: a, run: [x], append: y}]", "run and append in one rule"),
        ("rules: [{name: a, append: ''}]", "append is the name of a file"),
        ("rules: [{name: a, append: '{ref.id}.jsonl'}]", "append: nothing of a message can name a file"),
        ("rules: [{name: a, append: 'x/{data.v}/y'}]", "append: nothing of a message can name a file"),
        ("rules: [{name: a, stop: true, continue: true}]", "stop and continue in one rule"),
        (
            "rules: [{name: a, outcome: failed, continue: true}]",
            "continue without run, post, append or reply",
        ),
        ("rules: [{name: a, post: 'https://x.example.com'}]", "no secret to sign with"),
        (
            "rules: [{name: a, post: {url: 'https://x.example.com', retires: 1}}]",
            "rule 1 'a': post: unknown key 'retires'; did you mean 'retries'?",
        ),
        (
            "secret: {env: K}\nrules: [{name: a, post: {url: 'https://x.example.com', retries: 9}}]",
            "post: retries is a number up to 5",
        ),
        (
            "secret: {env: K}\nrules: [{name: a, post: {url: 'https://x.example.com', timeout: 0}}]",
            "post: timeout is a number of seconds up to 60",
        ),
        ("secret: {env: K, file: f}\nrules: [{stop: true}]", "a secret is exactly one of command, file, env"),
        ("replies: {hour: 1}\nrules: [{stop: true}]", "replies: unknown key 'hour'; did you mean"),
        ("rules: [{name: a, run: [x], limits: {memory: lots}}]", "limits: memory is a size like 512M"),
        (
            "rules: [{name: a, run: [x], limits: {mem: 1}}]",
            "limits: unknown key 'mem'; did you mean 'memory'?",
        ),
        ("rules: [{name: a, run: [x], limits: {cpu: 0}}]", "cpu is at least 1 second"),
        ("rules: [{name: a, reply: ./x}]", "reply is a list of arguments, never a shell line"),
        ("rules: [{name: a, when: {x: {matches: '('}}, stop: true}]", "x: '(' is not a regular expression"),
        ("rules: [{name: a, when: {x: {schema: a.json}}, stop: true}]", "schema: a.json cannot be read here"),
        (
            "rules: [{name: a, run: [x], timeout: soon}]",
            "rule 1 'a': Expected `float`, got `str` in `timeout`",
        ),
        ("rules: [{name: a, run: [x], timeout: 0}]", "timeout is a number of seconds up to 86400"),
        ("rules: [{name: a, run: [x], timeout: nan}]", "timeout is a number of seconds up to 86400"),
        (
            "rules: [{name: a, when: {auto: {clas: x}}, outcome: failed}]",
            "rule 1 'a': when: auto: unknown operator",
        ),
        ("rules: [{name: a, outcome: failed}, {name: a, outcome: failed}]", "two rules are named 'a'"),
    ],
)
def test_a_rule_file_that_is_wrong_is_refused_with_rule_and_key(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(text)

    assert said in str(caught.value)


@pytest.mark.parametrize("key", ["shell", "when_", "Run", "continue_", "forward"])
def test_a_key_that_does_nothing_is_never_accepted(key: str) -> None:
    with pytest.raises(ConfigError, match=f"rule 1: unknown key '{key}'"):
        build(f"rules: [{{outcome: failed, {key}: x}}]")


def program(folder: Path, mode: int = 0o755) -> Path:
    path = folder / "handler"
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def write(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(text)
    return path


def test_a_vocabulary_is_found_beside_the_rules(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("values: {answer: {yes: [oui], no: [non, NO]}}")

    loaded = rulefile.load(write(tmp_path, "vocabulary: words.yaml\nrules: [{outcome: failed}]"))

    assert loaded.vocabulary.value("answer", "Oui") == "yes"


def test_the_configured_vocabulary_serves_rules_that_name_none(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("fields: {plate: [Kennzeichen]}")

    loaded = rulefile.load(
        write(tmp_path, "rules: [{outcome: failed}]"), lambda: str(tmp_path / "words.yaml")
    )

    assert loaded.vocabulary.field("kennzeichen") == "plate"


def test_a_missing_vocabulary_is_a_fault_of_the_rules(tmp_path: Path) -> None:
    path = write(tmp_path, "vocabulary: words.yaml\nrules: [{outcome: failed}]")

    with pytest.raises(ConfigError, match=r"rules\.yaml: vocabulary: .*words\.yaml: no such file"):
        rulefile.load(path)


def test_a_vocabulary_is_named_by_its_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="vocabulary is the name of a file"):
        rulefile.load(write(tmp_path, "vocabulary: [a]\nrules: [{outcome: failed}]"))


def test_a_missing_rule_file_has_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoInputError):
        rulefile.load(tmp_path / "rules.yaml")


def test_handlers_are_found_beside_the_rules_and_on_path(tmp_path: Path) -> None:
    program(tmp_path)

    loaded = rulefile.load(write(tmp_path, "rules: [{run: [./handler]}, {run: [cat]}]"))

    assert len(loaded.rules) == 2


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_handler_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    program(tmp_path, mode)

    with pytest.raises(
        ConfigError, match=r"rule 'mine': run: .*handler can be written by others; chmod go-w"
    ):
        rulefile.load(write(tmp_path, "rules: [{name: mine, run: [./handler]}]"))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("./absent", "No such file"),
        ("absent-program", "no program 'absent-program' on PATH"),
        ("./", "not an exec"),
    ],
)
def test_a_handler_that_is_not_there_is_found_before_the_first_record(
    tmp_path: Path, said: str, why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        rulefile.load(write(tmp_path, f"rules: [{{run: [{said}]}}]"))


def test_a_handler_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    program(tmp_path, 0o644)

    with pytest.raises(ConfigError, match=r"is not an executable file; chmod \+x"):
        rulefile.load(write(tmp_path, "rules: [{run: [./handler]}]"))


@pytest.mark.parametrize("name", ["../out.jsonl", "a/../../out.jsonl", "link/out.jsonl"])
def test_a_file_outside_the_folder_of_the_rules_must_be_named_absolutely(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)

    with pytest.raises(ConfigError, match="leads out of"):
        rulefile.load(write(folder, f"rules: [{{append: {name}}}]"))


SCHEMA = '{"type": "object", "required": ["km"], "properties": {"km": {"type": "integer", "maximum": 1000}}}'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"km": 12}, "data is an object"),
        ({"km": "12"}, "data is an object (/km '12' is not of type 'integer'), not as in car.json"),
        ({}, "data is an object (it 'km' is a required property), not as in car.json"),
    ],
)
def test_data_are_held_against_a_schema(tmp_path: Path, data: dict[str, object], why: str) -> None:
    (tmp_path / "car.json").write_text(SCHEMA)
    loaded = rulefile.load(write(tmp_path, "rules: [{when: {data: {schema: car.json}}, outcome: processed}]"))

    finding = loaded.rules[0].condition.look({"data": data}, loaded.vocabulary)

    assert (finding.holds, finding.why) == (data == {"km": 12}, why)


@pytest.mark.parametrize(
    ("text", "why"), [(None, "there is no file"), ("{", "is not JSON"), ('{"type": 5}', "/type")]
)
def test_a_schema_that_cannot_be_used_is_a_fault_of_its_rule(
    tmp_path: Path, text: str | None, why: str
) -> None:
    if text is not None:
        (tmp_path / "car.json").write_text(text)

    with pytest.raises(ConfigError, match="rule 1 'mine': when: data: schema: .*" + why):
        rulefile.load(
            write(tmp_path, "rules: [{name: mine, when: {data: {schema: car.json}}, outcome: failed}]")
        )
