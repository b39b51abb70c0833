"""Reads templates, bases and pictures; nothing outside the folders of the template and of the base."""

import errno
import os
import re
import stat
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, TemplateNotFound

from mailpipe.errors import ConfigError, NoInputError, RecordError
from mailpipe.render import attachments, frontmatter, pictures
from mailpipe.render.attachments import ReadFile
from mailpipe.render.frontmatter import FrontMatter
from mailpipe.render.options import constant
from mailpipe.render.template import LANGUAGE, Check, Files
from mailpipe.render.tokens import RESERVED

LIMIT = 1024 * 1024  # characters of a template
BUILT_IN = Path(__file__).with_name("base.html")


def load(template: str, base: str | None = None, attach_root: str | None = None) -> Files:
    """Everything that a template is made of; raises ConfigError or NoInputError naming the file.

    Attachments come from below ``attach_root``, or from below the template's folder.
    """
    path = Path(template)
    front = frontmatter.read(_text(path), path.name)
    attach = Attachments(Path(attach_root) if attach_root else path.absolute().parent).read
    return _files(path, front, base, attach)._replace(variants=_variants(path, front, base, attach))


def _variants(path: Path, front: FrontMatter, base: str | None, attach: ReadFile) -> dict[str, Files]:
    """``check.fr.md`` beside ``check.md``: its front matter has only what differs."""
    found = {}
    name = re.compile(rf"{re.escape(path.stem)}\.({LANGUAGE.pattern}){re.escape(path.suffix)}")
    for other in sorted(path.parent.iterdir()):
        match = name.fullmatch(other.name)
        if match and other.is_file():
            own = frontmatter.read(_text(other), other.name)
            merged = own._replace(values={**front.values, **own.values})
            found[match[1].lower()] = _files(other, merged, base, attach)
    return found


def _files(path: Path, front: FrontMatter, base: str | None, attach: ReadFile) -> Files:
    chosen = _base(path, front.values.get("base"), base)
    folders = [path.absolute().parent]
    if chosen != BUILT_IN:
        folders.append(chosen.absolute().parent)
    return Files(
        name=path.name,
        front=front,
        base_name=chosen.name,
        base=_text(chosen),
        loader=FolderLoader(folders[0]),
        picture=Pictures(folders).read,
        attach=attach,
        check=_schema(path, front.values.get("schema")),
    )


def _schema(template: Path, named: object) -> Check | None:
    """What checks data against the schema that the front matter names, relative to the template."""
    own = constant("schema", named, template.name)
    if not own:
        return None
    from mailpipe.wire import schemafile

    violations = schemafile.load(template.parent / own).violations

    def check(data: Any) -> None:
        if found := violations(data):
            listed = "; ".join(f"{path or 'the data'}: {what}" for path, what in found)
            raise RecordError(f"the data do not follow {own}: {listed}", slug="bad-data")

    return check


def _base(template: Path, named: object, given: str | None) -> Path:
    """The base by flag, which is relative to where we are, or by front matter, relative to the template."""
    if given:
        return Path(given)
    own = constant("base", named, template.name)
    return template.parent / own if own else BUILT_IN


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as exc:
        raise NoInputError(f"there is no file {path}") from exc
    except OSError as exc:
        raise NoInputError(f"{path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not UTF-8: octet {exc.start}", hint="save it as UTF-8") from exc
    if len(text) > LIMIT:
        raise ConfigError(f"{path} has over {LIMIT} characters")
    return text


def _inside(folder: Path, name: str) -> Path | None:
    """The file of that name if it lies in the folder, also when symbolic links are followed."""
    try:
        path = (folder / name).resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return path if path.is_file() and path.is_relative_to(folder.resolve()) else None


def _regular(path: Path, limit: int) -> bytes | None:
    """The octets of a regular file, None if there are over ``limit``.

    What was put in the place of the file since it was looked at raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        raw = file.read(limit + 1) if status.st_size <= limit else None
    return raw if raw is not None and len(raw) <= limit else None


class FolderLoader(BaseLoader):
    """Includes and parents of a template, from its own folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:  # noqa: ARG002
        path = _inside(self._folder, template)
        if path is None:
            raise TemplateNotFound(template, f"there is no file {template!r} in the template's folder")
        text = _text(path)
        if RESERVED.search(text):
            raise ConfigError(f"{template}: private-use characters from U+E000 on are reserved")
        return text, template, None


class Pictures:
    """Pictures from the folders of the template and of the base."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    def read(self, name: str) -> bytes:
        """The octets of one file; raises ConfigError."""
        for folder in self._folders:
            path = _inside(folder, name)
            if path is not None:
                with path.open("rb") as file:
                    return file.read(pictures.LIMIT + 1)
        where = " or ".join(str(folder) for folder in self._folders)
        raise ConfigError(f"there is no picture {name!r} in {where}")


class Attachments:
    """Files to attach, from below one folder: data may name them, so nothing else is ever read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes:
        """The octets of one regular file; raises RecordError."""
        path = _inside(self._root, name)
        if path is None:
            raise RecordError(
                f"there is no file {name[:120]!r} to attach in {self._root}",
                slug="bad-attachment",
                hint="files are attached from below the template's folder, or --attach-root",
            )
        try:
            raw = _regular(path, attachments.LIMIT)
        except OSError as exc:
            raise RecordError(f"{path}: {exc.strerror}", slug="bad-attachment") from exc
        if raw is None:
            raise RecordError(f"{path} has over {attachments.LIMIT} octets", slug="limit:attachments")
        return raw
