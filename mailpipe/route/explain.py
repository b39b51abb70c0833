"""Says to people which rules were tried for a record, and what decided; pure."""

from collections.abc import Mapping
from typing import Any

from mailpipe.route.checks import quoted
from mailpipe.route.verdict import Decision


def explanation(record: Mapping[str, Any], decision: Decision) -> list[str]:
    """The message in one line, then a line for each rule that was tried."""
    lines = [_title(record)]
    for one in decision.tried:
        lines.append(f"  {'met' if one.met else 'not met'}: {one.rule}: {one.why}")
    for verdict in decision.verdicts:
        if verdict.reason == "no-rule-matched":
            lines.append("  no rule matched: failed")
        elif verdict.detail:
            lines.append(f"  {verdict.outcome}: {verdict.detail}")
    return lines


def _title(record: Mapping[str, Any]) -> str:
    name = record.get("id")
    senders = record.get("from")
    listed = senders if isinstance(senders, list) else []
    emails = [sender.get("email") for sender in listed if isinstance(sender, dict)]
    said = [str(name)[:23]] if isinstance(name, str) else ["a message"]
    said += [f"from {quoted(email)}" for email in emails[:1] if email]
    said += [quoted(record["subject"])] if record.get("subject") else []
    return " ".join(said)
