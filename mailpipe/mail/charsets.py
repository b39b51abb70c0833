"""Charset labels to text: an allow-list of real charsets and a chain of fall-backs that never fails.

Labels are those of the WHATWG Encoding Standard with the ones that only mail uses.  Python's own
alias machinery is not asked: it also knows codecs that are no charsets (``unicode_escape``, ``idna``,
``zlib``, ``utf-7``), and a sender must not be able to choose those (CVE-2022-45061).
"""

from functools import lru_cache
from typing import NamedTuple

# Python codec: the labels that mean it.  Where browsers read a superset (latin-1 as windows-1252,
# Shift_JIS as cp932, EUC-KR as cp949, GB2312 as GB18030), so do we: mail is labelled with the subset.
_LABELS = {
    "utf-8": "utf8 utf-8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf_8 utf-8-sig",
    "utf-16": "utf-16 utf16 ucs-2 iso-10646-ucs-2 unicode csunicode",
    "utf-16-le": "utf-16le unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
    "utf-32": "utf-32 utf32 ucs-4 iso-10646-ucs-4",
    "utf-32-le": "utf-32le",
    "utf-32-be": "utf-32be",
    "cp1252": (
        "windows-1252 cp1252 cp-1252 x-cp1252 win-1252 ansi iso-8859-1 iso8859-1 iso88591 iso_8859-1"
        " iso_8859-1:1987 iso-ir-100 latin1 latin-1 l1 cp819 ibm819 csisolatin1 iso8859_1 8859_1"
    ),
    "ascii": "us-ascii ascii usascii ansi_x3.4-1968 iso-ir-6 us iso646-us ansi_x3.4-1986 cp367 7bit 646",
    "iso8859-2": "iso-8859-2 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 latin2 l2 csisolatin2 iso-ir-101",
    "iso8859-3": "iso-8859-3 iso8859-3 iso88593 iso_8859-3 latin3 l3 csisolatin3 iso-ir-109",
    "iso8859-4": "iso-8859-4 iso8859-4 iso88594 iso_8859-4 latin4 l4 csisolatin4 iso-ir-110",
    "iso8859-5": "iso-8859-5 iso8859-5 iso88595 iso_8859-5 cyrillic csisolatincyrillic iso-ir-144",
    "iso8859-6": (
        "iso-8859-6 iso8859-6 iso88596 iso_8859-6 arabic asmo-708 ecma-114 csisolatinarabic iso-8859-6-e"
        " iso-8859-6-i iso-ir-127"
    ),
    "iso8859-7": (
        "iso-8859-7 iso8859-7 iso88597 iso_8859-7 greek greek8 ecma-118 elot_928 csisolatingreek"
        " sun_eu_greek iso-ir-126"
    ),
    "iso8859-8": (
        "iso-8859-8 iso8859-8 iso88598 iso_8859-8 hebrew csisolatinhebrew iso-8859-8-i iso-8859-8-e logical"
        " visual iso-ir-138"
    ),
    "cp1254": (
        "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 latin5 l5 csisolatin5"
        " iso-ir-148"
    ),
    "iso8859-10": "iso-8859-10 iso8859-10 iso885910 latin6 l6 csisolatin6 iso-ir-157",
    "cp874": "windows-874 cp874 cp-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 tis620",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "iso-8859-15 iso8859-15 iso885915 iso_8859-15 latin9 latin-9 l9 csisolatin9",
    "iso8859-16": "iso-8859-16 iso8859-16 iso885916",
    "cp1250": "windows-1250 cp1250 cp-1250 x-cp1250 win-1250",
    "cp1251": "windows-1251 cp1251 cp-1251 x-cp1251 win-1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp437": "cp437 ibm437 437 cspc8codepage437",
    "cp850": "cp850 ibm850 850 cp-850 ibm-850",
    "cp852": "cp852 ibm852 852",
    "cp866": "cp866 ibm866 866 csibm866",
    "koi8-r": "koi8-r koi8 koi koi8_r cskoi8r",
    "koi8-u": "koi8-u koi8-ru",
    "mac-roman": "macintosh mac x-mac-roman csmacintosh",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "mac-latin2": "x-mac-ce x-mac-centraleurroman",
    "gb18030": (
        "gb18030 gbk x-gbk gb2312 gb_2312 gb_2312-80 gb2312-80 csgb2312 csiso58gb231280 chinese cp936 ms936"
        " windows-936 iso-ir-58 gb2312_charset euc-cn x-euc-cn"
    ),
    "hz": "hz-gb-2312 hz",
    "big5hkscs": "big5 big-5 big5-hkscs big5hkscs cn-big5 csbig5 x-x-big5 cp950 windows-950",
    "cp932": (
        "shift_jis shift-jis sjis x-sjis ms_kanji ms932 windows-31j csshiftjis cp932 windows-932 shiftjis"
        " x-ms-cp932"
    ),
    "euc_jp": "euc-jp eucjp x-euc-jp cseucpkdfmtjapanese x-euc euc",
    "iso2022_jp_ext": (
        "iso-2022-jp iso2022jp csiso2022jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-ms cp50220"
    ),
    "cp949": (
        "euc-kr euckr ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 korean cseuckr csksc56011987"
        " windows-949 cp949 uhc iso-ir-149 ks-c-5601-1987"
    ),
    "iso2022_kr": "iso-2022-kr csiso2022kr",
    "johab": "johab",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}


class Decoded(NamedTuple):
    """Text, the charset that gave it (a lower-case label), and the liberties taken (slugs)."""

    text: str
    charset: str
    defects: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def lookup(label: str) -> str | None:
    """The Python codec for a charset label, or None when it names no charset that we read."""
    # RFC 2231 section 5 puts a language behind a star; some mailers put quotes or the next thing behind.
    name = label.partition("*")[0].strip(" \t\r\n'\"").lower()
    codec = _CODECS.get(name)
    if codec is None and name:
        words = name.replace(";", " ").replace(",", " ").split()
        codec = _CODECS.get(words[0]) if words else None
    return codec


def decode(data: bytes, label: str | None) -> Decoded:
    """Decode bytes that came with a charset label, or with none; never fails.

    A label that cannot be right (``charset-wrong``), that means nothing (``charset-unknown``) or that is
    missing although it matters (``charset-missing``) is a defect, and UTF-8, then windows-1252 are tried.
    """
    codec = lookup(label) if label else None
    defects: tuple[str, ...] = ()
    if label and codec is None:
        defects = ("charset-unknown",)
    if data.isascii() and (codec not in _NOT_ASCII or (codec in _WIDE and _is_typed(data))):
        return Decoded(data.decode("ascii"), "us-ascii" if codec is None else _shown(label), defects)
    if codec is not None and codec != "ascii":
        if codec == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            # Without a mark it is big-endian (RFC 2781 section 4.3), were there not those who do not know.
            codec = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        try:
            return Decoded(_plain(data.decode(codec)), _shown(label))
        except UnicodeDecodeError:
            pass
    if not defects:
        defects = ("charset-wrong",) if label else ("charset-missing",)
    return _guess(data, codec, _shown(label), defects)


_TYPED = bytes([9, 10, 13, *range(32, 127)])
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_ESCAPED = frozenset({"iso2022_jp_ext", "iso2022_kr", "hz"})  # seven bits that are not ASCII
_NOT_ASCII = _WIDE | _ESCAPED


def _is_typed(data: bytes) -> bool:
    """Whether octets are so surely ASCII text that two of them are not one character.

    A few letters may be: ``N-`` is the character for middle.  Sixteen printable ones are not.
    """
    return len(data) >= 16 and not data.translate(None, _TYPED)


def is_wide(label: str) -> bool:
    """Whether a label means a charset of more than one octet for an ASCII character."""
    return lookup(label) in _WIDE


def _shown(label: str | None) -> str:
    return (label or "us-ascii").partition("*")[0].strip(" \t\r\n'\"").lower()


def _plain(text: str) -> str:
    return text[1:] if text.startswith("\ufeff") else text


def _guess(data: bytes, codec: str | None, label: str, defects: tuple[str, ...]) -> Decoded:
    if codec in _ESCAPED and data.isascii():
        return Decoded(data.decode(codec or "", "replace"), label, defects)
    try:
        return Decoded(_plain(data.decode("utf-8")), "utf-8", defects)
    except UnicodeDecodeError:
        pass
    if codec not in (None, "ascii", "utf-8", "cp1252"):
        # Mostly right, with a few bytes damaged on the way: keep what can be read.
        text = data.decode(codec or "utf-8", "replace")
        if text.count("\ufffd") * 10 <= len(text):
            return Decoded(_plain(text), label, defects)
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if len(text.encode("ascii", "ignore")) + 2 * damaged < len(text):
        return Decoded(_plain(text), "utf-8", defects)
    # The five bytes that windows-1252 leaves open become U+FFFD, never C1 controls, which YAML refuses.
    return Decoded(data.decode("cp1252", "replace"), "windows-1252", defects)
