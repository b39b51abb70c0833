"""Calls webhooks: signed, tried again for a moment, and spared while they are down."""

import hmac
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from mailpipe import __version__
from mailpipe.config import Secret
from mailpipe.errors import ConfigError, TemporaryError, WorldError
from mailpipe.route.breaker import Breaker
from mailpipe.route.judge import LATER
from mailpipe.route.verdict import Posted
from mailpipe.route.webaddress import Posting
from mailpipe.wire import https
from mailpipe.wire.https import Answer, NoAnswer, Target

KEPT = 4_096  # octets of an answer that are kept in the record
FIRST_PAUSE = 0.5  # seconds before the second try; doubled for each after it
LONGEST_PAUSE = 5.0  # seconds; a server that asks for more is asked by the next run
SECRET_SECONDS = 300.0  # how long a secret is remembered: a new one counts without a restart
SIGNATURE = "Mailpipe-Signature"


def signature(secret: str, body: bytes, at: int) -> str:
    """``t=TIME,v1=HEX``: the HMAC-SHA-256 of time, a dot and the body, so that none can be used again."""
    digest = hmac.new(secret.encode("utf-8", "surrogateescape"), b"%d." % at + body, sha256).hexdigest()
    return f"t={at},v1={digest}"


class Webhooks:
    """The webhooks of one rule file; may be used by several threads."""

    def __init__(
        self,
        rule_file: Path,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        lookup: https.Resolve = https.resolve,
    ) -> None:
        self._folder = rule_file.parent.absolute()
        self._clock, self._ticks, self._sleep, self._lookup = clock, ticks, sleep, lookup
        self._breaker = Breaker(ticks)
        self._secrets: dict[tuple[object, ...], tuple[float, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, to: Posting, body: bytes, name: str, attempt: int, /) -> Posted:
        """Post the body; raises ConfigError if the secret or the authorities cannot be read."""
        started = self._ticks()
        secret = self._secret(to.secret)
        why = self._breaker.closed(to.origin)
        if why:
            return Posted(status=None, problem=f"not tried: {why}", reached=False, tries=0)
        tries, reached = 0, False
        while True:
            tries += 1
            answer, problem, sent = self._tried(to, body, name, attempt, secret)
            reached = reached or sent
            pause = self._pause(answer, tries)
            if (answer is not None and answer.status not in LATER) or tries > to.retries:
                break
            if pause > LONGEST_PAUSE:
                break
            self._sleep(pause)
        return self._noted(to, answer, problem, reached, tries, round(self._ticks() - started, 3))

    def trouble(self) -> WorldError | None:
        """The servers that are down now, as one error."""
        down = self._breaker.down()
        if not down:
            return None
        said = [
            f"{origin} is down ({why}), and {spared} messages were not tried there"
            for origin, (spared, why) in sorted(down.items())
        ]
        return TemporaryError("; ".join(said), hint="they are deferred: run it again when it is up")

    def _tried(
        self, to: Posting, body: bytes, name: str, attempt: int, secret: str
    ) -> tuple[Answer | None, str, bool]:
        """The answer, or why there is none, and whether the server may have got it."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"mailpipe/{__version__}",
            SIGNATURE: signature(secret, body, int(self._clock())),
            "Mailpipe-Attempt": str(attempt),
        }
        # An id is ours: a digest.  What came from outside does not go into a header.
        if name.isascii() and name.replace(":", "").isalnum() and len(name) <= KEPT:
            headers["Idempotency-Key"] = name
        ca = None if to.ca is None else str(self._folder / Path(to.ca).expanduser())
        target = Target(host=to.host, port=to.port, path=to.path, private=to.private, ca=ca)
        try:
            return https.post(target, body, headers, to.timeout, lookup=self._lookup), "", True
        except NoAnswer as exc:
            return None, str(exc), exc.sent

    @staticmethod
    def _pause(answer: Answer | None, tries: int) -> float:
        own: float = FIRST_PAUSE * 2.0 ** (tries - 1)
        wanted = "" if answer is None else answer.retry_after
        return max(own, float(wanted)) if wanted.isascii() and wanted.isdigit() else own

    def _noted(
        self, to: Posting, answer: Answer | None, problem: str, reached: bool, tries: int, seconds: float
    ) -> Posted:
        if answer is None:
            self._breaker.silent(to.origin, problem)
            return Posted(status=None, problem=problem, reached=reached, tries=tries, seconds=seconds)
        if answer.status == 503:  # it says itself that it is down
            self._breaker.silent(to.origin, "it answers 503")
        else:
            self._breaker.answered(to.origin)
        text = answer.body.decode("utf-8", "replace")
        shown = text if len(text) <= KEPT else f"{text[:KEPT]}\n[{len(text) - KEPT} more characters]"
        return Posted(status=answer.status, tries=tries, seconds=seconds, response=shown)

    def _secret(self, secret: Secret) -> str:
        name = (*(secret.command or ()), secret.file, secret.env)
        with self._lock:
            read_at, text = self._secrets.get(name, (0.0, ""))
            if not text or self._ticks() - read_at > SECRET_SECONDS:
                text = read(secret, self._folder)
                self._secrets[name] = self._ticks(), text
            return text


def read(secret: Secret, folder: Path) -> str:
    """A secret of the rules: a file is relative to them; raises ConfigError or NotPermittedError."""
    if secret.file is not None:
        secret = Secret(file=str(folder / Path(secret.file).expanduser()))
    text = secret.read()
    if not text:
        raise ConfigError("post: the secret is empty")
    return text
