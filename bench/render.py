"""Render: rows of data to messages, beside mailmerge, and beside a script of the same libraries."""

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

from bench.pairs import BIN, MAILPIPE, PYTHON, compare

TEMPLATE = """\
---
from: Vehicle desk <mail-api@example.com>
to: "{{ partner.mail }}"
subject: "Check {{ plate }}"
ref: "{{ id }}"
---
Dear {{ partner.name }},

please check vehicle **{{ plate }}**, located {{ address }}.

- Mileage: {{ mileage }}
- Colour: {{ colour }}
"""

# What a script would do for each row: Jinja, Markdown, bleach, EmailMessage with the same three parts.
SCRIPT = """
import bleach, base64, email.message, email.policy, email.utils, html, jinja2, json, markdown, sys
template = jinja2.Template(sys.argv[1].split("---\\n", 2)[2])
tags = {"p", "strong", "em", "ul", "li", "a", "h1", "h2"}
for line in sys.stdin.buffer:
    row = json.loads(line)
    text = template.render(row)
    body = bleach.clean(markdown.markdown(text), tags=tags)
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"] = "Vehicle desk <mail-api@example.com>"
    mail["To"] = row["partner"]["mail"]
    mail["Subject"] = "Check " + row["plate"]
    mail["Message-ID"] = email.utils.make_msgid(domain="example.com")
    mail["Date"] = email.utils.localtime()
    mail.set_content(text)
    mail.add_alternative(json.dumps(row).encode(), maintype="application", subtype="json")
    mail.add_alternative("<html><body>" + body + "</body></html>", subtype="html")
    print(json.dumps({"raw": base64.b64encode(mail.as_bytes()).decode()}))
"""


# The same for mailmerge, which makes text and HTML of it, but no data part.
MERGE = """\
TO: {{mail}}
FROM: Vehicle desk <mail-api@example.com>
SUBJECT: Check {{plate}}
CONTENT-TYPE: text/markdown

Dear {{name}},

please check vehicle **{{plate}}**, located {{address}}.

- Mileage: {{mileage}}
- Colour: {{colour}}
"""
SERVER = "[smtp_server]\nhost = localhost\nport = 25\nsecurity = Never\nusername = x\n"


def rows(count: int) -> list[dict[str, Any]]:
    """That many vehicles."""
    return [
        {
            "id": f"{number:08x}-3313-4dc4-af28-6c2bd1351c0f",
            "partner": {"name": f"Garage Élan & Söhne {number}", "mail": f"garage{number}@example.net"},
            "plate": f"AB-{number:04}-CD",
            "address": f"{number} rue de l'Église, 75001 Paris",
            "mileage": number * 17,
            "colour": "blue <metallic>",
        }
        for number in range(count)
    ]


def write_rows(path: Path, count: int) -> None:
    """Write ``count`` vehicles as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(count)))


def write_merge(folder: Path, count: int) -> list[str]:
    """Write the same as mailmerge reads it, and return its command."""
    (folder / "merge.txt").write_text(MERGE)
    (folder / "server.conf").write_text(SERVER)
    with (folder / "rows.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["mail", "name", "plate", "address", "mileage", "colour"])
        for row in rows(count):
            partner = row["partner"]
            out.writerow(
                [
                    partner["mail"],
                    partner["name"],
                    row["plate"],
                    row["address"],
                    row["mileage"],
                    row["colour"],
                ]
            )
    files = {"--template": "merge.txt", "--database": "rows.csv", "--config": "server.conf"}
    named = [each for flag, name in files.items() for each in (flag, str(folder / name))]
    return [str(BIN / "mailmerge"), "--dry-run", "--no-limit", *named]


def main(count: int = 3000, merged: int = 1000) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template, data, few = folder / "check.md", folder / "rows.jsonl", folder / "few.jsonl"
        template.write_text(TEMPLATE)
        write_rows(data, count)
        write_rows(few, merged)
        ours = [MAILPIPE, "render", str(template)]
        if (BIN / "mailmerge").exists():
            peer = write_merge(folder, merged)
            compare(f"render, {merged} rows", ours, peer, what="mailmerge --dry-run", stdin=few, rounds=5)
        else:
            print("render beside mailmerge: pip install 'mailpipe[bench]'")
        script = [PYTHON, "-c", SCRIPT, TEMPLATE]
        compare(f"render, {count} rows", ours, script, what="a script", stdin=data, rounds=3)


if __name__ == "__main__":
    main()
