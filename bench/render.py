"""Render: rows of data to messages, beside a script of the same libraries without the skeleton cache."""

import json
import tempfile
from pathlib import Path

from bench.pairs import MAILPIPE, PYTHON, compare

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


def write_rows(path: Path, count: int) -> None:
    """Write ``count`` vehicles as JSON Lines."""
    with path.open("w") as out:
        for number in range(count):
            row = {
                "id": f"{number:08x}-3313-4dc4-af28-6c2bd1351c0f",
                "partner": {"name": f"Garage Élan & Söhne {number}", "mail": f"garage{number}@example.net"},
                "plate": f"AB-{number:04}-CD",
                "address": f"{number} rue de l'Église, 75001 Paris",
                "mileage": number * 17,
                "colour": "blue <metallic>",
            }
            out.write(json.dumps(row) + "\n")


def main(count: int = 3000) -> None:
    """Print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        template, rows = Path(folder, "check.md"), Path(folder, "rows.jsonl")
        template.write_text(TEMPLATE)
        write_rows(rows, count)
        script = [PYTHON, "-c", SCRIPT, TEMPLATE]
        ours = [MAILPIPE, "render", str(template)]
        compare(f"render, {count} rows", ours, script, what="a script", stdin=rows, rounds=3)


if __name__ == "__main__":
    main()
