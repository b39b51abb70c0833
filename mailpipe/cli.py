"""The entry point: the stages in flow order, each loaded only when it runs."""

import sys

from mailpipe import __version__

STAGES = {
    "render": "Fill a template with data: one message per object.",
    "send": "Hand messages to a mail server, each at most once.",
    "sent": "Put a copy of sent messages into the Sent folder.",
    "fetch": "Read messages from a mailbox without changing it.",
    "parse": "Turn messages into dependable JSON.",
    "route": "Give each parsed message to the handler its rules name.",
    "settle": "Move routed messages to the processed or failed folder.",
}

TOOLS = {
    "check": "Try whether an account is going to work, before it has to.",
    "leases": "Show which messages are leased, and release them.",
    "preview": "Look at rendered mail in a browser before it is sent.",
    "track": "Record who opens mail, and show it.",
    "schema": "Print the JSON Schema of records, the configuration or the rules.",
    "demo": "Show the whole loop in a temporary folder, in seconds.",
}


def main() -> None:
    """Run ``mailpipe``; ``--version`` alone does not even load click."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"mailpipe {__version__}\n")
        return
    from mailpipe.group import run

    sys.exit(run(sys.argv[1:]))
