"""Turns reStructuredText into HTML, with docutils kept from files, raw HTML and its own configuration."""

import re

from docutils.core import publish_parts
from docutils.utils import SystemMessage

from mailpipe.errors import ConfigError

_WARNING = 2  # docutils.utils.Reporter.WARNING_LEVEL: what it would write into the document as an error

_SETTINGS = {
    "file_insertion_enabled": False,  # include, csv-table:: :file:, raw:: :file:
    "raw_enabled": False,
    "_disable_config": True,  # no docutils.conf of the working folder
    "halt_level": _WARNING,
    "report_level": 5,
    "traceback": True,  # raise, do not exit
    "doctitle_xform": False,
    "initial_header_level": 1,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "math_output": "LaTeX",
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "embed_stylesheet": False,
    "stylesheet_path": None,
    "line_length_limit": 100_000,
}
# Lists and tables of short items: a paragraph in each would space them out.
_ONLY_CHILD = re.compile(
    r"(<(?:li|td|th|dd)\b[^>]*>)\s*<p>((?:(?!</?p\b).)*)</p>\s*(?=</(?:li|td|th|dd)>)()", re.S
)
_WHERE = re.compile(r"^<string>:?(?P<line>\d*):? \((?:WARNING|ERROR|SEVERE)/\d\) ", re.MULTILINE)


def to_html(text: str, name: str) -> str:
    """HTML of the body alone, not yet clean; raises :class:`ConfigError` naming the template."""
    try:
        parts = publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
    except SystemMessage as exc:
        detail = " ".join(_WHERE.sub("", str(exc)).split())
        raise ConfigError(f"{name}: {detail[:300]}") from exc
    except RecursionError as exc:
        raise ConfigError(f"{name}: nested too deeply for reStructuredText") from exc
    return _ONLY_CHILD.sub(r"\1\2\3", str(parts["body"]))
