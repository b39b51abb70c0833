"""Run a transform as a command: stdin, stdout, status, signals; the only place that does."""

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import click

from mailpipe import jsonl
from mailpipe.config import Settings
from mailpipe.errors import Exit, InputOutputError, MailpipeError, UsageError
from mailpipe.progress import Progress
from mailpipe.record import Record, Transform, has_failed
from mailpipe.stdio import ClosedPipe, Input, Output, say

Reader = Callable[[Input, str], Iterator[Record]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command asks to be run, where a transform alone does not say it.

    ``encode`` makes the octets of one output record, of a large one in pieces; ``total`` says how many
    records are to come.
    """

    transform: Transform
    encode: Callable[[Record], bytes | Iterator[bytes]] = jsonl.encode
    total: Callable[[], int | None] | None = None


class Interrupted(BaseException):
    """Raised in the main thread when a signal asks the stage to end."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.status = 128 + signum


def stage(
    name: str, *, examples: str, read: Reader = jsonl.read, acts: bool = False
) -> Callable[[Callable[..., Transform | Plan]], click.Command]:
    """Make a command of a function that builds a transform from options.

    ``examples`` are shell lines with ``#`` comments, shown by ``--help``; the tests run them.
    ``acts`` says that the stage does what cannot be undone: a signal then waits until the receipt
    of the record in hand is written.
    """

    def decorate(build: Callable[..., Transform | Plan]) -> click.Command:
        @functools.wraps(build)
        def invoke(config: str | None, /, **options: Any) -> None:
            sys.exit(run(name, lambda: build(settings=Settings(config), **options), read, acts=acts))

        return StageCommand(
            name=name,
            callback=lambda config, **options: invoke(config, **options),
            params=[*reversed(getattr(build, "__click_params__", [])), CONFIG],
            help=build.__doc__,
            epilog=examples.strip("\n"),
        )

    return decorate


CONFIG = click.Option(
    ["--config"],
    type=click.Path(dir_okay=False),
    envvar="MAILPIPE_CONFIG",
    help="Configuration file instead of the user's own; see mailpipe-config(5).",
)


class StageCommand(click.Command):
    """A command whose help ends with its examples, as they are typed."""

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            formatter.write_paragraph()
            formatter.write("Examples:\n")
            formatter.write("".join(f"  {line}".rstrip() + "\n" for line in self.epilog.splitlines()))


class Signals:
    """SIGINT and SIGTERM: at once where nothing is at stake, else when the next record is asked for.

    A stage that acts on many records together owes all their receipts before it asks for more.
    """

    def __init__(self, *, acts: bool) -> None:
        self._deferred = self._acts = acts
        self._waiting = False
        self._requested = 0

    def __enter__(self) -> "Signals":
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._arrived)
        return self

    def __exit__(self, *_exc: object) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.close(self._woken)
        os.close(self._wake)

    def _arrived(self, signum: int, _frame: FrameType | None) -> None:
        if self._requested or self._waiting or not self._deferred:
            self._requested = signum
            raise Interrupted(signum)
        self._requested = signum

    @contextmanager
    def waiting(self) -> Iterator[int]:
        """While the stage waits for input nothing is in hand; gives a descriptor that tells of signals."""
        self._waiting = True
        try:
            self.check()
            yield self._woken
        finally:
            self._waiting = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """While a line is written it is written whole."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = self._acts
        if not self._acts:
            self.check()

    @property
    def requested(self) -> bool:
        """Whether a signal has asked for the end."""
        return bool(self._requested)

    def check(self) -> None:
        """End the stage if a signal has asked for it."""
        if self._requested:
            raise Interrupted(self._requested)


def run(name: str, build: Callable[[], Transform | Plan], read: Reader, *, acts: bool) -> int:
    """Run one stage to its end and return its exit status."""
    try:
        with Signals(acts=acts) as signals:
            return _guarded(name, build, read, signals)
    except Interrupted as exc:
        return exc.status


def _guarded(name: str, build: Callable[[], Transform | Plan], read: Reader, signals: Signals) -> int:
    out = Output()
    try:
        return _pump(name, build, read, out, signals)
    except ClosedPipe:
        return Exit.CLOSED_PIPE
    except MailpipeError as exc:
        return report(name, exc, out)
    except OSError as exc:
        where = f"{exc.filename}: " if exc.filename else ""
        return report(name, InputOutputError(f"{where}{exc.strerror or exc}"), out)
    except Exception as exc:  # the boundary: a traceback is not for users
        if os.environ.get("MAILPIPE_DEBUG"):
            raise
        bug = MailpipeError(
            f"this is a bug in mailpipe: {type(exc).__name__}: {exc}",
            hint="set MAILPIPE_DEBUG=1 to see where, and report it",
        )
        return report(name, bug, out)


def _pump(
    name: str, build: Callable[[], Transform | Plan], read: Reader, out: Output, signals: Signals
) -> int:
    plan = build()
    if not isinstance(plan, Plan):
        plan = Plan(plan)
    source = Input(signals.waiting)
    records = plan.transform(_Asked(lambda: read(source, name), signals))
    count = bad = 0
    with Progress(name, source, plan.total) as progress:
        try:
            for record in records:
                count += 1
                if has_failed(record):
                    bad += 1
                    _name_the_bad(name, record, count)
                with signals.held():
                    line = plan.encode(record)
                    for piece in (line,) if isinstance(line, bytes) else line:
                        out.write(piece)
                progress.count = count
        finally:
            close = getattr(records, "close", None)
            if close is not None:
                close()
    return Exit.FAILED if bad else Exit.OK


class _Asked:
    """Input that is opened when its first record is asked for, and ends when a signal asks for it."""

    def __init__(self, opened: Callable[[], Iterator[Record]], signals: Signals) -> None:
        self._open = opened
        self._signals = signals
        self._records: Iterator[Record] | None = None

    def __iter__(self) -> "_Asked":
        return self

    def _source(self) -> Iterator[Record]:
        if self._records is None:
            self._records = iter(self._open())
        return self._records

    def __next__(self) -> Record:
        self._signals.check()
        return next(self._source())

    def stopping(self) -> bool:
        """Whether a signal asks the stage to end; for stages that wait of their own accord."""
        return self._signals.requested

    def pending(self) -> bool:
        """See record.Pending: an input that cannot tell is never at hand."""
        pending = getattr(self._source(), "pending", None)
        return pending is not None and bool(pending())


def _name_the_bad(name: str, record: Record, number: int) -> None:
    error = record["error"]
    if error["stage"] == name:
        say(name, f"record {number}: {error.get('detail', 'failed')}")


def report(name: str, exc: MailpipeError, out: Output | None) -> int:
    """Say why the stage ends: a sentence for people, a last record for the next stage, a status."""
    say(name, str(exc))
    if out is not None and not (isinstance(exc, UsageError) and out.is_terminal()):
        try:
            out.write(jsonl.encode({"error": exc.as_record(name)}))
        except (ClosedPipe, InputOutputError):
            pass  # nobody is there to read it; stderr and the status have said it
    return exc.status
