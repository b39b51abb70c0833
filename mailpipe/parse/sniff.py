"""Tells by their first octets what files are, whatever their labels say; nothing is opened or unpacked."""

import re

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\1\0", "image/vnd.microsoft.icon"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\0asm", "application/wasm"),
    (b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"-----BEGIN PGP ", "application/pgp"),
    (b"-----BEGIN CERTIFICATE-----", "application/x-pem-file"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_FTYP = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
_FTYP |= {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4"}
_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
# A name in the directory at the end of an archive.
_LISTED = re.compile(rb"PK\x01\x02.{42}(word/|xl/|ppt/)", re.DOTALL)
_STORED_TYPE = re.compile(
    rb"PK\x03\x04.{4}\0\0.{16}\x08\0..mimetype(application/[a-z0-9.+-]{1,100})", re.DOTALL
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!--|[!?a-z])", re.IGNORECASE)
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]|script[\s>]|iframe[\s>])", re.IGNORECASE
)
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)

LOOKED_AT = 4096  # octets
DIRECTORY = 16 * 1024  # octets at the end of an archive

_UNTYPED = frozenset(
    {
        "application/octet-stream",
        "application/x-download",
        "application/force-download",
        "application/unknown",
    }
    | {"application/x-unknown", "unknown/unknown", "binary/octet-stream", "application/binary"}
)
_PROGRAMS = frozenset(
    {"application/vnd.microsoft.portable-executable", "application/x-executable", "application/x-mach-binary"}
    | {"application/java-vm", "application/x-ms-shortcut"}
)
_PROGRAM_NAMES = frozenset(
    "exe scr com pif bat cmd js jse vbs vbe wsf wsh hta ps1 msi msp lnk jar cpl dll reg scf".split()  # noqa: SIM905
)
_PLAIN_KINDS = ("image/", "audio/", "video/", "text/")


def sniff(data: bytes) -> str | None:
    """The media type that the first octets show, or None where they do not tell."""
    head = data[:LOOKED_AT]
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _zipped(head, data[-DIRECTORY:])
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _FTYP.get(head[8:12], "video/mp4")
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return "application/vnd.microsoft.portable-executable"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if head.startswith(b"#!"):
        return "text/x-script"
    return _markup(head)


def _zipped(head: bytes, tail: bytes) -> str:
    stored = _STORED_TYPE.match(head)
    if stored is not None:  # OpenDocument and EPUB say so themselves
        return stored[1].decode("ascii")
    listed = _LISTED.search(tail)
    return _OFFICE[listed[1]] if listed else "application/zip"


def _markup(head: bytes) -> str | None:
    if not _MARKUP.match(head):
        return None
    if _HTML.search(head[:1024]):
        return "text/html"
    if _SVG.search(head[:1024]):
        return "image/svg+xml"
    return "application/xml" if b"<?xml" in head[:256] else None


def differs(declared: str, sniffed: str | None, name: str | None) -> bool:
    """Whether a label says that a file is harmless media, and the file or its name says otherwise."""
    if declared in _UNTYPED:
        return False
    extension = (name or "").rpartition(".")[2].lower()
    media = declared.startswith(_PLAIN_KINDS) or declared == "application/pdf"
    if extension in _PROGRAM_NAMES and media and declared != "text/javascript":
        return True
    if sniffed is None:
        return False
    if sniffed in _PROGRAMS:
        return "exec" not in declared and "java" not in declared and "msdos" not in declared
    if not media:
        return False
    if declared == "application/pdf":
        return sniffed != "application/pdf"
    if declared.startswith("text/"):
        return not (
            sniffed.startswith("text/") or sniffed.endswith("xml") or "pgp" in sniffed or "pem" in sniffed
        )
    return sniffed == "image/svg+xml" != declared or sniffed.partition("/")[0] not in (
        declared.partition("/")[0],
        *(("audio", "video") if not declared.startswith("image/") else ()),
    )
