"""Makes file names that senders chose safe to show and to use: metadata, never a path."""

import re
import unicodedata

LIMIT = 200  # octets of UTF-8; common file systems take 255
# Controls, line separators, and the marks that turn the direction of text (``gpj.exe`` shown as ``exe.jpg``).
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def safe(name: str) -> str | None:
    """The last component of a name, in NFC, of at most 200 octets, usable on every file system; or None.

    None is a name of which nothing is left (``..``, ``/``, blanks).
    """
    last = re.split(r"[/\\]", _HIDDEN.sub("", name))[-1]
    last = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", last))
    last = " ".join(last.split()).strip(". ")
    if _DEVICES.match(last) or last.startswith("-"):
        last = "_" + last
    return _shortened(last) or None


def _shortened(name: str) -> str:
    """Cut the stem, so that the extension stays."""
    if len(name.encode()) <= LIMIT:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 20:
        stem, dot, extension = name, "", ""
    room = LIMIT - len((dot + extension).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + dot + extension
