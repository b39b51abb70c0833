"""What goes out comes in again: parse(render(x)).data == x, for every JSON object x."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailpipe import exact
from mailpipe.mail.mailbox import Mailbox
from mailpipe.parse import core as parse_core
from mailpipe.render import core as render_core
from mailpipe.render import outside
from mailpipe.render.files import load
from mailpipe.render.message import Outside, Sender
from mailpipe.render.template import Template
from tests.conftest import Shell

TEMPLATE = """---
to: a@example.net
subject: Data
---
Data: {{ data }}

Regards
"""

texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = (
    st.integers()
    | st.integers(-(10**40), 10**40)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2)
    | st.decimals(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4),
    max_leaves=15,
)
objects = st.dictionaries(texts, values, max_size=5)


@pytest.fixture(scope="module", params=["json", "yaml"])
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Template:
    path = tmp_path_factory.mktemp("roundtrip") / "all.md"
    path.write_text(TEMPLATE.replace("subject:", f"data: {request.param}\nsubject:"))
    return Template(load(str(path), None), "4711")


def there_and_back(template: Template, data: dict[str, Any]) -> Any:
    sender = Sender(Mailbox(None, "desk@example.com"))
    clock = Outside(lambda: datetime(2026, 11, 20, tzinfo=UTC), outside.counted())
    (rendered,) = render_core.render([data], template, sender, clock)
    assert "error" not in rendered, rendered["error"]
    (parsed,) = parse_core.parse([{"raw": rendered["raw"]}])
    return parsed["data"]


def kinds(value: Any) -> Iterator[type]:
    """The types of all values, for 1 and 1.0 and true are equal in Python and not in JSON."""
    yield type(value)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from kinds(each)


@settings(max_examples=300, deadline=None)
@given(written=objects.map(exact.dumps))
def test_every_object_comes_back_exactly(template: Template, written: bytes) -> None:
    data = exact.loads(written)
    returned = there_and_back(template, data)

    assert returned == data
    assert list(kinds(returned)) == list(kinds(data))


@pytest.mark.parametrize(
    "line",
    [
        '{"price": 1.10, "big": 123456789012345678901234567890, "small": 1e-30, "no": "NO", "octal": "0123"}',
        '{"time": "12:30:00", "date": "2026-11-20", "null": null, "true": true, "empty": {}, "list": [[]]}',
        '{"text": "two\\nlines\\r\\n\\u0000\\u2028\\ue0000\\ue001 {{ x }} <b> *b* \\ud83d\\ude97"}',
        '{"": "", "a b": 1, "data": {"data": 1}, "error": {"detail": "x"}, "text": "mine", "raw": "mine"}',
        "{}",
    ],
)
def test_objects_that_others_get_wrong_come_back(template: Template, line: str) -> None:
    data = exact.loads(line.encode())

    assert exact.dumps(there_and_back(template, data)) == exact.dumps(data)


def test_the_pipe_prints_the_input_objects_again(sh: Shell, tmp_path: Path) -> None:
    lines = [
        '{"a":1.10,"b":[true,null,"é\\n🚗"],"big":123456789012345678901234567890}',
        '{"text":"mine","raw":"x","to":[],"error":"none"}',
        '{"markup":"<script>alert(1)</script> *b* [x](javascript:y)\\n-- \\nBcc: x"}',
    ]
    (tmp_path / "all.md").write_text(TEMPLATE.replace("to:", "from: desk@example.com\nto:"))
    result = sh("mailpipe render all.md | mailpipe parse", stdin="\n".join(lines).encode())

    assert (result.status, result.stderr) == (0, "")
    found = [exact.loads(line)["data"] for line in result.stdout.splitlines()]
    assert [exact.dumps(data).decode() for data in found] == lines
