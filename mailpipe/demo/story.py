"""Tell the loop step by step: the shell line, and what it did, for people."""

import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mailpipe.demo.partners import Asked, answers
from mailpipe.demo.scene import Scene

RENDER = "mailpipe render check.md < data.jsonl | mailpipe send > sent.jsonl"
LOOK = "mailpipe fetch --peek maildir:partners | mailpipe parse"
PARSE = "mailpipe fetch partners | mailpipe parse > parsed.jsonl"
ROUTE = "mailpipe route rules.yaml < parsed.jsonl > routed.jsonl"
SETTLE = "mailpipe settle < routed.jsonl"

Tell = Callable[[str], None]


class Story:
    """Five steps, each run for real in the scene."""

    def __init__(self, scene: Scene, tell: Tell, bold: Callable[[str], str]) -> None:
        self._scene = scene
        self._tell = tell
        self._bold = bold
        self._number = 0

    def tell(self) -> None:
        """Run and tell everything.  Raises MailpipeError when a step fails."""
        self._ask()
        self._answer()
        self._understand()
        self._act()
        self._tidy()

    def _step(self, title: str, script: str = "") -> None:
        self._number += 1
        self._tell("")
        self._tell(self._bold(f"{self._number}. {title}"))
        if script:
            self._tell(f"   $ {script}")

    def _ask(self) -> None:
        self._step(
            "Three vehicles are to be checked: one mail each, sent to a folder instead of a server.", RENDER
        )
        self._scene.run(RENDER)
        for record in self._scene.records("sent.jsonl"):
            for address, status in record["deliveryStatus"].items():
                self._tell(f"     {record['subject']:42} -> {address} ({status['delivered']})")

    def _answer(self) -> None:
        self._step("The partners read the mail, with whatever they have, and answer.")
        now = datetime.now(UTC)
        asked = [Asked.of(record, now) for record in self._scene.run(LOOK)]
        for number, (who, message) in enumerate(answers(asked)):
            self._scene.deliver(f"{int(now.timestamp())}.M{number}.partner", message)
            self._tell(f"     {who}")

    def _understand(self) -> None:
        self._step("The answers are fetched and read: whatever their form, they are data again.", PARSE)
        self._scene.run(PARSE)
        for record in self._scene.records("parsed.jsonl"):
            sender = record["from"][0]
            reply = " / ".join(line for line in record["reply"].splitlines() if line.strip())
            self._tell(f"     {sender['name'] or sender['email']} wrote: {textwrap.shorten(reply, 70)}")
            self._tell(f"       data ({record['dataSource']}): {fields(record['data'])}")
            self._tell(f"       about {record['ref']['id']}, {told(record['ref'])}")

    def _act(self) -> None:
        self._step("The rules give each answer to its handler; its exit status is the outcome.", ROUTE)
        self._scene.run(ROUTE)
        for record in self._scene.records("routed.jsonl"):
            route = record["route"]
            self._tell(f"     {record['ref']['id'][:8]}: rule '{route['rule']}' -> {route['outcome']}")

    def _tidy(self) -> None:
        self._step("Only now does a message leave the inbox, for the folder of its outcome.", SETTLE)
        for record in self._scene.run(SETTLE):
            self._tell(f"     {record['ref']['id'][:8]} -> {record['settled']['mailbox']}")
        self._tell(f"     left in the inbox: {self._scene.count('desk')}")
        self._tell("")
        self._tell("The folder of this demo is gone again. Next: README.md, or 'mailpipe render --help'.")


def fields(data: dict[str, Any]) -> str:
    """``status=done plate_number=AB-123-CD``."""
    return "  ".join(f"{name}={value}" for name, value in data.items())


def told(ref: dict[str, Any]) -> str:
    """How a ref was found, in words."""
    proof = {True: "proved by its signature", False: "with a wrong signature", None: "not signed"}
    return f"known by {ref['by']}, {proof[ref.get('verified')]}"
