"""What is true of every command and is said in its page: statuses, environment, files, what flows."""

from mailpipe.errors import Exit

STATUSES = {
    Exit.OK: "All is well.",
    Exit.FAILED: "Some records failed: each has error, and the others were processed. Read standard output.",
    Exit.USAGE: "The command line is wrong.",
    Exit.DATA: "The input as a whole cannot be used.",
    Exit.NO_INPUT: "A file, folder or mailbox to read does not exist.",
    Exit.UNAVAILABLE: "A server, proxy or program is missing, or refuses for good.",
    Exit.SOFTWARE: "A bug in mailpipe. MAILPIPE_DEBUG=1 shows where.",
    Exit.CANNOT_CREATE: "A file, folder or mailbox cannot be created.",
    Exit.IO: "Reading or writing failed: disk full, I/O error.",
    Exit.TEMPORARY: "The same command may succeed later: time-out, connection lost.",
    Exit.PROTOCOL: "A server answered with something that its protocol does not allow.",
    Exit.NO_PERMISSION: "Credentials are refused, or a right is missing.",
    Exit.CONFIG: "The configuration, the rules or a template is wrong.",
    Exit.INTERRUPTED: "Ended by SIGINT; never between an act and its receipt.",
    Exit.CLOSED_PIPE: "The reader of standard output has gone.",
    Exit.TERMINATED: "Ended by SIGTERM; never between an act and its receipt.",
}

_TOOL_STATUSES = {
    "check": (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.TEMPORARY, Exit.NO_PERMISSION, Exit.CONFIG),
    "leases": (Exit.OK, Exit.USAGE, Exit.IO, Exit.TEMPORARY, Exit.CONFIG),
}


def tool_statuses(name: str) -> tuple[Exit, ...]:
    """The exit statuses of a command that is no stage."""
    return _TOOL_STATUSES.get(name, (Exit.OK, Exit.USAGE))


# What a stage reads, and what it talks to.
INPUT = {
    "render": "Reads JSON objects: the data of the template, one message each.",
    "send": "Reads records with raw and envelope, or one raw message (RFC 5322).",
    "sent": "Reads records of sent messages that still have raw (`mailpipe send --keep-raw`).",
    "fetch": "Reads nothing on standard input.",
    "parse": "Reads records with raw, one raw message (RFC 5322) or an mbox; or the files that are named.",
    "route": "Reads parsed records.",
    "settle": "Reads routed records.",
}
DROPS = {"send": "raw, unless --keep-raw is given", "parse": "raw, unless --keep-raw is given"}

READING = (
    "Standard input is JSON Lines: one JSON object per line, UTF-8. "
    "If its first line is not a complete value it is read as one JSON document; an array is its elements. "
    "Standard output is JSON Lines: one record per line, in the order of the input, as soon as it is ready. "
    "Members that a stage does not know are kept, and numbers are exact. "
    "A record that has error passes untouched. See mailpipe-record(5)."
)

ENVIRONMENT = {
    "MAILPIPE_CONFIG": "Configuration file, instead of the user's own.",
    "XDG_CONFIG_HOME": "Where mailpipe/config.yaml is looked for; $HOME/.config when not set.",
    "XDG_STATE_HOME": "Where the folder mailpipe of the state database is; $HOME/.local/state when not set.",
    "MAILPIPE_DEBUG": "If set, a bug ends with a traceback instead of a sentence.",
}

FILES = {
    "$XDG_CONFIG_HOME/mailpipe/config.yaml": "The configuration; see mailpipe-config(5).",
    "$XDG_STATE_HOME/mailpipe/mailpipe.db": "Leases, attempts and what was sent: an SQLite database.",
}

# URLs that an option or argument named URL takes, by command.
SCHEMES = {
    "send": ("smtp://", "smtps://", "lmtp://", "sendmail:", "maildir:"),
    "sent": ("imap://", "imaps://", "maildir:"),
    "fetch": ("imap://", "imaps://", "maildir:", "mbox:"),
}

EXAMPLES = """\
# See the whole loop: nothing is needed, and nothing is left behind
mailpipe demo
# Out: one message per line of data, sent at most once, with a copy in the Sent folder
mailpipe render check.md < data.jsonl | mailpipe send --keep-raw | mailpipe sent
# In: everything that has arrived, parsed, given to its handler, and put away
mailpipe fetch partners | mailpipe parse | mailpipe route rules.yaml | mailpipe settle
"""
