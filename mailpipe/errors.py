"""The error tree and the exit statuses; imports nothing of ours.

    MailpipeError
    ├── RecordError            one record is bad: it flows on with ``error``, its neighbours are processed
    │   └── RetryableRecordError   the same, and trying again later may help
    └── WorldError             the world is bad: the stage ends
        ├── UsageError         64  the command line is wrong
        ├── DataError          65  the input as a whole cannot be used
        ├── NoInputError       66  a file to read is not there
        ├── UnavailableError   69  a server or program is not there, or refused for good
        ├── CannotCreateError  73  a file or folder cannot be made
        ├── InputOutputError   74  the disk or a pipe failed
        ├── TemporaryError     75  try later
        ├── ProtocolError      76  a server said what the protocol does not allow
        ├── NotPermittedError  77  credentials or rights are missing
        └── ConfigError        78  the configuration is wrong

Statuses are those of sysexits(3), because mail software speaks them.
"""

from enum import IntEnum
from typing import Any, ClassVar


class Exit(IntEnum):
    """What a stage tells the shell."""

    OK = 0
    FAILED = 1  # some records failed: read stdout
    USAGE = 64
    DATA = 65
    NO_INPUT = 66
    UNAVAILABLE = 69
    SOFTWARE = 70
    CANNOT_CREATE = 73
    IO = 74
    TEMPORARY = 75
    PROTOCOL = 76
    NO_PERMISSION = 77
    CONFIG = 78
    INTERRUPTED = 130  # 128 + SIGINT
    CLOSED_PIPE = 141  # 128 + SIGPIPE
    TERMINATED = 143  # 128 + SIGTERM


class MailpipeError(Exception):
    """The root: a sentence for people, a stable slug for programs, a status for the shell.

    ``hint`` is what to type or do next; it is appended to the sentence.
    """

    slug: ClassVar[str] = "error"
    status: ClassVar[Exit] = Exit.SOFTWARE
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, /, *, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.detail}; {self.hint}" if self.hint else self.detail

    def as_record(self, stage: str) -> dict[str, Any]:
        """The value of a record's ``error`` member: ``{stage, type, detail, retryable}``."""
        return {"stage": stage, "type": self.slug, "detail": str(self), "retryable": self.retryable}


class RecordError(MailpipeError):
    """Raised when one record cannot be processed; ``slug`` may be given for each case."""

    slug = "bad-record"
    status = Exit.FAILED

    def __init__(self, detail: str, /, *, slug: str = "", hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.case = slug or self.slug

    def as_record(self, stage: str) -> dict[str, Any]:
        """As for every error, with the slug of this case as ``type``."""
        return {**super().as_record(stage), "type": self.case}


class RetryableRecordError(RecordError):
    """Raised when one record failed for now: the same record may succeed later."""

    slug = "try-later"
    retryable = True


class WorldError(MailpipeError):
    """Raised when the stage cannot go on at all."""

    slug = "world"


class UsageError(WorldError):
    """Raised when options or arguments are wrong or do not fit together."""

    slug, status = "usage", Exit.USAGE


class DataError(WorldError):
    """Raised when the input as a whole is not what the stage reads."""

    slug, status = "bad-input", Exit.DATA


class NoInputError(WorldError):
    """Raised when a file, folder or mailbox to read does not exist."""

    slug, status = "no-input", Exit.NO_INPUT


class UnavailableError(WorldError):
    """Raised when a server, proxy or program is missing or refuses for good."""

    slug, status = "unavailable", Exit.UNAVAILABLE


class CannotCreateError(WorldError):
    """Raised when a file, folder or mailbox cannot be created."""

    slug, status = "cannot-create", Exit.CANNOT_CREATE


class InputOutputError(WorldError):
    """Raised when reading or writing failed: disk full, I/O error."""

    slug, status = "io", Exit.IO


class TemporaryError(WorldError):
    """Raised when the same command may succeed later: time-out, connection lost, 4xx."""

    slug, status, retryable = "try-later", Exit.TEMPORARY, True


class ProtocolError(WorldError):
    """Raised when a server answers with something that its protocol does not allow."""

    slug, status = "protocol", Exit.PROTOCOL


class NotPermittedError(WorldError):
    """Raised when credentials are refused or a right is missing."""

    slug, status = "not-permitted", Exit.NO_PERMISSION


class ConfigError(WorldError):
    """Raised when the configuration, the rules or a template file is wrong."""

    slug, status = "config", Exit.CONFIG
