"""Runs every example of the README and of the commands, as it is printed, in a real shell on real servers."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailpipe._docs import meanings, model
from mailpipe._docs.files import ROOT
from tests.conftest import Result, Shell
from tests.servers import need
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import PASSWORD, USER, Authority, Server

SCENARIO = ROOT / "examples" / "vehicle-check"
README = ROOT / "README.md"

# What a partner has answered, as it lies in the mailbox and beside the template.
ANSWER = """\
From: Garage Dupont <atelier@example.net>
To: mail-api+{ref}@example.com
Subject: Re: [{ref}] Check AB-123-CD
Date: Fri, 20 Nov 2026 09:12:44 +0100
Message-ID: <answer-{ref}@example.net>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Statut : terminé
Immatriculation : AB-123-CD

> please check
--b
Content-Type: image/png; name=photo.png
Content-Disposition: attachment; filename=photo.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b--
"""
# What a stage says when all is well.
FINE = re.compile(
    r"mailpipe route: (rules\.yaml: \d+ rules are well formed|sha256:.*|  (not met|met|no rule matched): .*)"
)


@dataclass(frozen=True)
class Example:
    """Shell lines, and where they are printed."""

    where: str
    script: str

    def __str__(self) -> str:
        return f"{self.where}: {self.script.splitlines()[-1]}"


def examples_of(where: str, text: str) -> list[Example]:
    """The lines below each comment are one example."""
    found: list[Example] = []
    for block in re.split(r"(?m)^#.*$", text):
        if block.strip():
            found.append(Example(where, block.strip()))
    return found


def commands() -> list[Example]:
    group = model.group()
    texts = [(command.page, command.examples) for command in group.everything]
    return [example for text in [("mailpipe", meanings.EXAMPLES), *texts] for example in examples_of(*text)]


def readme() -> list[str]:
    """The blocks of the README that are to be run, in their order."""
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Scene:
    """A copy of the scenario, an account on real servers, and mail that waits."""

    folder: Path
    sh: Shell
    env: dict[str, str]

    def run(self, script: str) -> Result:
        return self.sh(f"set -e\n{script}", cwd=self.folder, env=self.env, timeout=100)


@pytest.fixture
def scene(
    tmp_path: Path,
    sh: Shell,
    dovecot: Dovecot,
    user: str,
    authority: Authority,
    smtpd: Callable[..., Server],
) -> Scene:
    need("jq")
    folder = tmp_path / "vehicle-check"
    shutil.copytree(SCENARIO, folder)
    answers = [ANSWER.format(ref=f"a74e22b{number}").encode() for number in range(2)]
    dovecot.add(user, *answers)
    (folder / "answer.eml").write_bytes(answers[0])
    for store, answer in zip(("in", "earlier"), answers, strict=True):
        for part in ("cur", "new", "tmp"):
            (folder / store / part).mkdir(parents=True)
        (folder / store / "new" / "1700000000.M1.host").write_bytes(answer)
    password = tmp_path / "smtp.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    server = smtpd(starttls=True, auth=True)
    account = (
        "    from: Vehicle desk <mail-api@example.com>\n"
        f"    smtp: {{url: '{server.url(user=USER, host='localhost')}', "
        f"password: {{file: {password}}}, ca: {authority.ca}}}\n"
    )
    config = dovecot.config(tmp_path / "config.yaml", user, tls=True, account=account)
    scene = Scene(folder, sh, {"MAILPIPE_CONFIG": str(config)})
    made = scene.run(
        "mailpipe fetch maildir:earlier | mailpipe parse | mailpipe route rules.yaml > routed.jsonl\n"
        "rm checked.jsonl"
    )
    assert made.status == 0
    return scene


def assert_well(result: Result) -> None:
    """Status 0 in the end is not enough: without pipefail the first stages could have failed."""
    complaints = [line for line in result.stderr.splitlines() if not FINE.fullmatch(line)]
    assert (result.status, complaints) == (0, [])


@pytest.mark.parametrize("example", commands(), ids=str)
def test_an_example_of_the_manual_runs(example: Example, scene: Scene) -> None:
    result = scene.run(example.script)

    assert_well(result)
    assert (
        result.stdout or "--check" in example.script or " > " in example.script or "select" in example.script
    )


def test_the_readme_runs_from_top_to_bottom(scene: Scene) -> None:
    blocks = readme()
    assert len(blocks) >= 3

    for block in blocks:
        assert_well(scene.run(block))


def test_every_command_has_an_example() -> None:
    shown = {example.where for example in commands()}

    assert shown == {"mailpipe", *(command.page for command in model.group().everything)}
