"""The keys of a rule file, with what each means; checking and reading them is rules.py's job."""

from typing import Any, Literal

import msgspec

from mailpipe.config import Secret

Outcome = Literal["processed", "failed", "deferred"]


class Post(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A webhook: the record goes there as the body of a signed POST."""

    url: str
    """https://host/path; nothing of a message can be in it, and no password."""
    secret: Secret | None = None
    """The key that signs; without it the secret of the file."""
    private: bool = False
    """Whether the host may be on this computer or in a private network."""
    ca: str | None = None
    """A PEM file with the certificates to trust instead of the system's; relative to the rule file."""
    retries: int = 2
    """How often it is tried again at once when it does not answer, or is busy."""
    timeout: float = 10.0
    """Seconds that one try may take."""


class Limits(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What a handler may use; each holds for one process. Core files are never written."""

    memory: str | None = None
    """Octets of address space, as in 512M."""
    cpu: int | None = None
    """Seconds of processor time."""
    files: int = 1024
    """Files that are open at the same time."""
    file_size: str = "1G"
    """Octets of the largest file that it may write."""


class ReplyLimits(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How many automatic replies there may be, in all runs on this host together; read at the start."""

    hours: float = 24.0
    """Hours between two replies to the same sender about the same ref."""
    burst: int = 5
    """Replies to one sender within ten minutes, whatever they are about."""
    hourly: int = 100
    """Replies to everybody within one hour; then route withholds them and ends with status 75."""


class Rule(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One rule: the conditions under which it is met, and what is done then."""

    name: str = ""
    """What the record and --explain call it; "rule 3" when absent."""
    when: dict[str, Any] = {}
    """Conditions, all of which must hold; a rule without any is met by every record."""
    run: list[str] | None = None
    """Program and arguments to run; it reads the record as JSON on stdin."""
    post: str | Post | None = None
    """A webhook to which the record is posted."""
    append: str | None = None
    """A JSON Lines file to which the record is appended."""
    reply: list[str] | None = None
    """Program and arguments to run after the handler has succeeded, or without one: it answers the
    message. It is run only if the message may be answered by a machine."""
    outcome: Outcome | None = None
    """processed, failed or deferred: the verdict if there is no handler, or if it succeeds."""
    stop: bool = False
    """Nothing else is done with the message; on its own, the message is processed."""
    continue_: bool = msgspec.field(default=False, name="continue")
    """When its handler has succeeded, the rules below are tried as well."""
    timeout: float = 60.0
    """Seconds that run or reply may take; a handler that takes longer is killed and the message
    deferred."""
    cwd: str | None = None
    """The folder in which run and reply work, relative to the rule file."""
    limits: Limits = msgspec.field(default_factory=Limits)
    """What the programs of run and reply may use."""


class RuleFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file."""

    rules: list[Rule]
    """The rules in order; the first whose conditions hold is the only one that counts, unless it says
    continue."""
    vocabulary: str | None = None
    """A file with the names of fields and values in other languages; relative to the rule file."""
    secret: Secret | None = None
    """The key that signs what is posted."""
    replies: ReplyLimits = msgspec.field(default_factory=ReplyLimits)
    """How many automatic replies there may be."""
