"""Read under which names a server took a message: its queue id, and a Message-ID of its own."""

import re

_QUEUE_ID = re.compile(
    r"""queued\ as\ (?P<postfix>[\w.-]+)          # Postfix, aiosmtpd, SendGrid, Exchange
      | \bid=(?P<exim>[\w-]+)                     # Exim
      | \bqp\ (?P<qmail>\d+)                      # qmail
      | [ ](?P<gmail>[\w.-]+)\ -\ gsmtp           # Gmail
      | (?:^|[ ])(?P<sendmail>[\w.-]+)\ Message\ accepted\ for\ delivery   # sendmail, OpenSMTPD
      | ^(?:250\ )?Ok\ (?P<ses>[0-9a-f]{16}-[0-9a-f-]{20,})   # Amazon SES
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<([^<>@\s]+@[^<>@\s]+)>")  # Exchange and Office 365 name theirs


def queue_id(text: str) -> str | None:
    """What the server calls the message in its log, if its reply to the final dot tells."""
    found = _QUEUE_ID.search(text)
    return next((name for name in found.groups() if name), None) if found else None


def message_id(text: str) -> str | None:
    """The Message-ID that the message has from now on, if the reply tells; without angle brackets."""
    found = _MESSAGE_ID.search(text)
    return found[1] if found else None
