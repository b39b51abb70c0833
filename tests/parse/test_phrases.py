"""The words of many languages around quotes and signatures."""

from pathlib import Path

import yaml

import mailpipe.parse
from mailpipe.parse.phrases import PHRASES, folded

FILE = Path(mailpipe.parse.__file__).parent / "languages.yaml"
LANGUAGES: dict[str, dict[str, str]] = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CBaseLoader)


def test_the_file_is_yaml_and_each_language_has_every_kind_of_name() -> None:
    kinds = set(LANGUAGES["en"])

    assert {code: kinds - set(names) for code, names in LANGUAGES.items() if code != "any"} == {
        code: set() for code in LANGUAGES if code != "any"
    }
    assert len(LANGUAGES) > 40


def test_every_label_of_the_file_is_known() -> None:
    labels = {
        folded(name): role
        for code, names in LANGUAGES.items()
        for role in ("from", "date", "to", "cc", "subject")
        if code != "any"
        for name in names[role].split("; ")
    }

    assert labels.keys() <= PHRASES.labels.keys()


def test_names_are_folded_as_texts_are() -> None:
    devices = {
        folded(name)
        for code, names in LANGUAGES.items()
        if code != "any"
        for name in names["device"].split("; ")
    }

    assert devices == set(PHRASES.devices)
