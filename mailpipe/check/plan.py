"""Says what is looked at, in the order in which a person would put it right."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mailpipe.check import configured, files, machine
from mailpipe.check.core import Finding, Probe
from mailpipe.config import Account, Settings
from mailpipe.errors import WorldError


def probes(
    settings: Settings, name: str | None, rule_files: tuple[str, ...], *, prepare: bool
) -> Iterator[Probe]:
    """Everything about this computer, the account and its servers, and the files."""
    yield Probe("python", machine.python)
    yield Probe("libraries", machine.libraries)
    yield Probe("state", machine.state)
    yield Probe("config", lambda: configured.file(settings, name))
    try:
        account = settings.account(name)
    except WorldError:
        account = None  # the probe before has said it
    if account is not None:
        yield from _of_account(settings, account, prepare=prepare)
    for rules in rule_files:
        yield Probe("rules", _rules(settings, Path(rules)))


def _of_account(settings: Settings, account: Account, *, prepare: bool) -> Iterator[Probe]:
    from mailpipe.check import incoming, outgoing

    if settings.config.vocabulary is not None:
        words = Path(settings.config.vocabulary)
        yield Probe("vocabulary", lambda: files.vocabulary(words))
    yield Probe("secrets", lambda: configured.secrets(account))
    if account.imap is not None:
        yield from _or_its_failure("imap", lambda: incoming.probes(account, prepare=prepare))
    yield from _or_its_failure("smtp", lambda: outgoing.probes(settings, account))


def _or_its_failure(topic: str, made: Callable[[], list[Probe]]) -> list[Probe]:
    try:
        return made()
    except WorldError as exc:
        return [Probe(topic, _raising(exc))]


def _raising(exc: WorldError) -> Callable[[], Iterator[Finding]]:
    def look() -> Iterator[Finding]:
        raise exc

    return look


def _rules(settings: Settings, path: Path) -> Callable[[], Iterator[Finding]]:
    return lambda: files.rules(settings, path)
