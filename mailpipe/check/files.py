"""Looks at rule files and vocabularies: that they are well formed, and that what they need is there."""

from collections.abc import Iterator
from pathlib import Path

from mailpipe.check.core import Finding, fail, ok
from mailpipe.config import Settings
from mailpipe.mail.vocabulary import build
from mailpipe.route import rulefile, webhook
from mailpipe.route.own import OwnAddresses
from mailpipe.route.unreachable import unreachable
from mailpipe.wire import plainyaml


def rules(settings: Settings, path: Path) -> Iterator[Finding]:
    """One rule file: its rules, handlers, vocabulary, and the secrets that it signs with."""
    loaded = rulefile.load(path, lambda: settings.config.vocabulary, OwnAddresses(settings))
    yield ok("rules", f"{path}: {len(loaded.rules)} rules are well formed, and their handlers are there")
    for sentence in unreachable(loaded):
        yield fail("rules", f"{path}: {sentence}", "move it up, or take it out")
    folder = path.parent.absolute()
    for rule in loaded.rules:
        if rule.post is not None:
            webhook.read(rule.post.secret, folder)
            yield ok("rules", f"{path}: the secret for {rule.post.origin} can be read")


def vocabulary(path: Path) -> Iterator[Finding]:
    """One vocabulary."""
    words = build(plainyaml.read(path), str(path))
    count = len(words.fields) + sum(len(names) for names in words.values.values())
    yield ok("vocabulary", f"{path}: {count} words")
