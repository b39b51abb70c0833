"""``python -m tests.preview.picture FILE`` paints the first message of the example as a phone shows it."""

import sys
import tempfile
from pathlib import Path

from mailpipe.exact import loads
from mailpipe.preview.core import described
from mailpipe.render import core, outside
from mailpipe.render.files import load
from mailpipe.render.message import Sender
from mailpipe.render.template import Template
from tests.preview.chromium import chromium

EXAMPLE = Path(__file__).parents[2] / "examples" / "vehicle-check"


def main(picture: Path) -> None:
    """Render the first object of the example's data, open the HTML in Chromium, keep what it paints."""
    data = loads((EXAMPLE / "data.jsonl").read_bytes().splitlines()[0])
    template = Template(load(str(EXAMPLE / "check.md")), outside.secret())
    (record,) = core.render([data], template, Sender(), outside.outside())
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "mail.html")
        page.write_text(described(record).html, encoding="utf-8")
        size = ("--window-size=390,862", "--force-device-scale-factor=1.25")
        chromium(page, Path(folder, "profile"), *size, f"--screenshot={picture.resolve()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
